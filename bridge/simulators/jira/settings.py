"""What a simulated Jira site is made of, and the switches for the oddities that real sites differ in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from bridge.simulators.jira.workflow import (
    DEFAULT_RESOLUTIONS,
    DEFAULT_STATUSES,
    Resolution,
    Status,
    Workflow,
    default_workflow,
)

Flavour = Literal["cloud", "datacenter"]
FieldKind = Literal[
    "string", "textarea", "number", "select", "multiselect", "labels", "date", "datetime", "user", "url"
]
Permission = Literal["browse", "create", "edit", "transition", "comment", "link", "delete", "admin"]

SERVICE_PERMISSIONS: frozenset[Permission] = frozenset(
    {"browse", "create", "edit", "transition", "comment", "link"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account: ``name`` is the login on Data Center and our handle on both flavours."""

    name: str
    display: str
    email: str
    account_id: str
    key: str
    zone: str = "Etc/UTC"
    active: bool = True

    @classmethod
    def of(cls, name: str, *, zone: str = "Etc/UTC", display: str | None = None) -> Person:
        """Make a person whose ids follow from ``name``, so that every run has the same."""
        digest = hashlib.sha256(name.encode("utf-8")).hexdigest()
        return cls(
            name=name,
            display=display or name.replace(".", " ").title(),
            email=f"{name}@example.com",
            account_id=digest[:24],
            key=f"JIRAUSER{10000 + int(digest[24:30], 16) % 90000}",
            zone=zone,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's way in over REST.

    Cloud takes e-mail and ``token`` as Basic; Data Center takes ``token`` as a Bearer PAT or name and
    ``password`` as Basic.
    """

    person: Person
    token: str
    password: str = "password"  # noqa: S105 - a made-up account of a made-up site
    groups: frozenset[str] = frozenset()
    permissions: frozenset[Permission] = SERVICE_PERMISSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A custom field, on every project's screens unless ``projects`` names some."""

    id: str
    name: str
    kind: FieldKind = "string"
    options: tuple[str, ...] = ()
    required: bool = False
    projects: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSpec:
    """One project; ``off_screen`` takes fields off its create and edit screens.

    ``hidden`` from every REST account.
    """

    key: str
    name: str
    types: tuple[str, ...] = ("Bug", "Task", "Story")
    components: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    workflow: Workflow = field(default_factory=default_workflow)
    kind: Literal["software", "service_desk", "business"] = "software"
    off_screen: frozenset[str] = frozenset()
    hidden: bool = False


@dataclass(slots=True, kw_only=True)
class Switches:
    """Oddities to turn on and off while the site runs; the counters count down by themselves.

    The ``*_bumps`` switches say what changes an issue's ``updated`` besides edits, transitions and new
    comments; the defaults are the harder reading where the vendor is silent.
    """

    comment_edit_bumps: bool = False
    comment_delete_bumps: bool = False
    remote_link_bumps: bool = True
    property_bumps: bool = False
    transition_conflicts: int = 0
    transition_silences: int = 0
    edit_conflicts: int = 0
    screens_under_report: bool = False
    short_pages: bool = False
    wide_page_cap: int = 100
    unknown_key_is_error: bool | None = None
    anonymous_unknown_project_is_error: bool = False
    rate_headers: bool = False
    per_issue_write_limit: bool = False
    localised: bool = False
    attachments_off: bool = False
    captcha_after: int | None = None


def _service_account() -> tuple[Account, ...]:
    return (Account(person=Person.of("bridge", display="Remedy Bridge"), token="bridge-token"),)  # noqa: S106


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraSettings:
    """A site: its flavour, zone, accounts, projects and how late its search index is.

    ``site_zone`` is the zone of every time in an answer; the zone of a JQL date is the caller's own
    (``Person.zone``). ``index_flicker`` makes each change vanish from search once more, for that long, that
    long after it was first visible.
    """

    flavour: Flavour = "cloud"
    base_url: str = "https://jira.example"
    site_zone: str = "Europe/Berlin"
    accounts: tuple[Account, ...] = field(default_factory=_service_account)
    people: tuple[Person, ...] = ()
    projects: tuple[ProjectSpec, ...] = (
        ProjectSpec(key="APP", name="Application", components=("Server", "Web")),
    )
    statuses: tuple[Status, ...] = DEFAULT_STATUSES
    resolutions: tuple[Resolution, ...] = DEFAULT_RESOLUTIONS
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low", "Lowest")
    custom_fields: tuple[CustomField, ...] = ()
    link_types: tuple[tuple[str, str, str], ...] = (
        ("Blocks", "is blocked by", "blocks"),
        ("Cloners", "is cloned by", "clones"),
        ("Duplicate", "is duplicated by", "duplicates"),
        ("Relates", "relates to", "relates to"),
    )
    text_limit: int = 32_767
    attachment_limit: int = 10 * 2**20
    search_cap: int = 1_000
    result_window: int = 10_000
    index_lag: timedelta = timedelta(0)
    index_flicker: timedelta = timedelta(0)
    switches: Switches = field(default_factory=Switches)
