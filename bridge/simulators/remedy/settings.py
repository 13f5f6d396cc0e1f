"""The switches of a simulated Remedy: every point on which real servers differ or the documents are silent.

A default is the stricter or the likelier of the choices; a test that depends on one sets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

APPLICATION_SERVICE = "Remedy Application Service"
ESCALATOR = "AR_ESCALATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedySettings:
    """How this server behaves; lengths in characters, URL length in bytes."""

    seed: int = 0
    server_url: str = "https://remedy-internal.example.com:8443"
    """What the server calls itself in links: seldom the address it was called by."""
    company: str = "Calbro Services"
    first_incident_number: int = 1_000
    first_entry_id: int = 1_003
    """Close to the incident numbers, so that mistaking one for the other hits a real, wrong record."""

    # Sessions
    token_life: timedelta = timedelta(seconds=3600)
    lock_after: int | None = None
    """Bad passwords until the account is marked invalid (624); None for never."""
    expired_token_number: int = 623
    single_session: bool = False
    """A user with a live session from another address gets 9093."""
    requested_by_required: bool = False
    requested_by_status: int = 403

    # Answers
    maximum_rows: int = 5_000
    """The server's own maximum for a list; 0 for none."""
    url_limit: int = 8_192
    unknown_field_status: int = 500
    bad_qualification_status: int = 400
    syntax_error_number: int = 1_588
    """The number of a qualification that cannot be parsed has no source; clients must go by the text."""
    unqualified_allowed: bool = True
    single_entry_id: bool = True
    """Whether the joined incident form also takes one half of its id, as newer servers do."""
    double_links: bool = True
    """Whether the links of the joined form carry both halves of the id."""

    # Fields
    description_limit: int = 100
    vendor_ticket_limit: int = 30
    note_limit: int | None = None
    """Longest text of a long character field; None for no limit."""
    attachment_limit: int = 10_000_000
    case_sensitive: bool = True
    like_brackets: bool = True
    """LIKE knows ``[abc]`` (SQL Server); without it (Oracle) there is no way to ask for a literal ``%``."""
    bare_field_names: bool = False

    # Workflow
    action_required: bool = False
    """Whether a create without ``z1D_Action`` is refused."""
    closed_read_only: bool = True
    reopening_forbidden: bool = False
    """Whether a Resolved incident may not go back to an open status, as some sites' own rules have it."""
    status_reason_pairs: bool = True
    groups_must_exist: bool = True
    assignee_must_exist: bool = True
    assignee_must_belong: bool = False
    reassignment_clears_assignee: bool = True
    default_group: str | None = None
    auto_assignment: bool = False
    second_bump: bool = True
    second_bump_by: str | None = APPLICATION_SERVICE
    """Who signs the second modification; None leaves the person's name in place."""
    auto_close: timedelta | None = timedelta(days=15)
    smart_it_notes: bool = False
    worklog_touches_incident: bool = False
    worklog_on_closed: bool = True
