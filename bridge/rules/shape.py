"""The shape of a rule: what an administrator may write, and nothing that does nothing.

Our own names are lower case; a field of Remedy or Jira is spelt as its owner spells it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from bridge.rules.conditions import Condition
from bridge.rules.face import Name, Shape, Text, Texts
from bridge.rules.shape_roads import CausePropose, ChangeIn, Remind, Workaround
from bridge.rules.values import FieldSource, ValueCase

#: What is cut out of every text before it leaves the desk.
Redaction = Literal["card_number", "phone", "email"]


class Team(Shape):
    """A team whose ticket people may ask for by name; what is left out here is as the rule's ticket has it."""

    project: Text | None = Field(default=None, description="The key of the team's project.")
    type: Text | None = Field(default=None, description="The issue type there.")
    fields: dict[str, FieldSource] = Field(
        default_factory=dict, description="Fields of its own; an empty value leaves one of the rule's out."
    )


class TicketShape(Shape):
    """The ticket that the rule opens."""

    project: Text = Field(description="The key of the project, for instance FRONT.")
    type: Text = Field(default="Bug", description="The issue type.")
    summary: Text = Field(
        default="[{{ incident.number }}] {{ incident.summary }}",
        description="A template: {{ incident.summary }}, {{ incident['Product Name'] }}.",
    )
    description: Text = Field(default="context_pack", description="context_pack, or a template of your own.")
    include: tuple[Text, ...] = Field(
        default=(),
        description="Further incident fields that the context pack lists, for instance the customer's.",
    )
    fields: dict[str, FieldSource] = Field(
        default_factory=dict, description="Further fields of the ticket, as Jira spells them."
    )
    teams: dict[Text, Team] = Field(
        default_factory=dict, description="Teams by the name that people write after the phrase."
    )
    incident_field: Text | None = Field(
        default=None,
        description="The ticket's field in which people write an incident's number to link it.",
    )
    incident_links: bool = Field(
        default=False,
        description="Whether a web link that people make to an incident links it; one request a changed ticket.",
    )


class Waiting(Shape):
    """The status that a linked incident waits in."""

    status: Text = Field(description="An open status of the desk.")
    reason: str = Field(default="", description="The status reason; Pending needs one.")


class Resolutions(Shape):
    """Resolutions of a done ticket."""

    resolution: Texts = Field(description="As Jira spells them.")


class FixVersionReleased(Shape):
    """A version that the fix is planned for is released."""

    fix_version: Literal["released"]


class StatusIn(Shape):
    """The ticket's status is one of these."""

    class Names(Shape):
        """Status names."""

        in_: Texts = Field(alias="in")

    status: Names


class Phrase(Shape):
    """A note that begins with one of these phrases, written by a member of one of these support groups."""

    says: Texts
    from_group: Texts


class PhraseSource(Shape):
    """Second line's phrase, in the incident or the ticket."""

    phrase: Phrase


def _evidence_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next(
            (f"<{key}>" for key in ("fix_version", "status", "phrase", "change") if key in value), None
        )
    names: dict[type[Shape], str] = {
        FixVersionReleased: "<fix_version>",
        StatusIn: "<status>",
        PhraseSource: "<phrase>",
        ChangeIn: "<change>",
    }
    return names.get(type(value))


# The tags stand in angle brackets, so that none is taken for a key when the place of an error is looked for.
EvidenceSource = Annotated[
    Annotated[FixVersionReleased, Tag("<fix_version>")]
    | Annotated[StatusIn, Tag("<status>")]
    | Annotated[PhraseSource, Tag("<phrase>")]
    | Annotated[ChangeIn, Tag("<change>")],
    Discriminator(
        _evidence_kind,
        custom_error_type="evidence",
        custom_error_message="evidence is one of: fix_version: released, status: {in: [...]}, "
        "phrase: {says: [...], from_group: [...]}, change: {status: [...]}",
    ),
]


class Deployed(Shape):
    """Which evidence says that the fix runs in production: any of these, or all of them."""

    any_: tuple[EvidenceSource, ...] = Field(default=(), alias="any", description="One is enough.")
    all_: tuple[EvidenceSource, ...] = Field(default=(), alias="all", description="All are needed.")

    @model_validator(mode="after")
    def _one_list(self) -> Deployed:
        if bool(self.any_) == bool(self.all_):
            raise ValueError("give a list under either any or all")
        return self


class TransitionTo(Shape):
    """Where the ticket is moved."""

    transition_to: Text = Field(description="The status to reach.")


class Verify(Shape):
    """How Frontline checks the fix."""

    status: Text = Field(default="In Progress", description="Assigned where nobody is assigned.")
    by: Literal["assigned_group", "owner"] = Field(default="assigned_group", description="Who may answer.")
    accept: Texts = Field(default=("#verified",), description="The first words of a note that accepts.")
    reject: Texts = Field(default=("#failed",), description="The first words of a note that rejects.")
    resolving_means_verified: bool = Field(
        default=True, description="Resolving a deployed incident accepts the fix."
    )
    on_accept: TransitionTo | None = Field(default=None, description="Where an accepted ticket is moved.")
    on_reject: TransitionTo | None = Field(default=None, description="Where a rejected ticket is moved.")
    remind: Remind | None = Field(default=None, description="How often an unanswered question is repeated.")


class ResolvedEarly(Shape):
    """How often an early resolve is put back before it is only flagged; 0 only flags."""

    put_back: Annotated[int, Field(ge=0, le=20, strict=True)] = 3


class Cause(Shape):
    """The second-level classification that a verified incident needs."""

    field: Text = Field(description="The incident's field, as the desk spells it.")
    one_of: Texts = Field(description="The values that count.")
    missing: Literal["ask", "put_back"] = Field(
        default="ask", description="What happens to an incident that is resolved without one."
    )
    propose: CausePropose | None = Field(
        default=None, description="Where the ticket tells a likely cause; it is shown, never written."
    )


def _waiting_kind(value: Any) -> str | None:
    if isinstance(value, dict | Waiting):
        return "<status>"
    return "<keep>" if value == "keep" else None


WaitingOrKeep = Annotated[
    Annotated[Waiting, Tag("<status>")] | Annotated[Literal["keep"], Tag("<keep>")],
    Discriminator(
        _waiting_kind,
        custom_error_type="waiting",
        custom_error_message="either keep, or {status: ..., reason: ...} is expected here",
    ),
]


class Hold(Shape):
    """When the incident may be resolved."""

    waiting: WaitingOrKeep = Field(
        default="keep", description="The status that is set once a round, or keep to set none."
    )
    fixed: Resolutions = Resolutions(resolution=("Done", "Fixed"))
    declined: Resolutions = Resolutions(resolution=("Won't Do", "Cannot Reproduce"))
    duplicate: Resolutions = Resolutions(resolution=("Duplicate",))
    deployed: Deployed
    verify: Verify = Verify()
    resolved_early: ResolvedEarly = ResolvedEarly()
    release: Phrase | None = Field(default=None, description="Who may end the hold, and with which words.")
    cause: Cause | None = None
    workaround: Workaround | None = Field(
        default=None, description="How a ticket tells a workaround, and whether it frees the incident."
    )
    fallback_queue: Text | None = Field(
        default=None,
        description="The support group that gets an incident whose queue became empty or inactive.",
    )


class MirroredNotes(Shape):
    """Which notes cross, and how they arrive."""

    to_ticket: Literal["all", "public", "none"] = "all"
    to_incident: Literal["internal", "public", "none"] = "internal"


#: Whose value of a mirrored field wins where both sides changed.
Owner = Literal["incident", "ticket", "last_writer", "ask"]


class MirroredField(Shape):
    """One field kept equal on both sides."""

    incident: Text
    ticket: Text
    owner: Owner = Field(
        description="Whose value wins: incident, ticket, last_writer, or ask (a person settles it)."
    )
    map: Text | None = Field(
        default=None, description="From the incident's words to the ticket's, and read backwards."
    )
    map_to_ticket: Text | None = Field(
        default=None, description="From the incident's words to the ticket's only."
    )
    map_to_incident: Text | None = Field(
        default=None, description="From the ticket's words to the incident's only."
    )
    when: tuple[ValueCase, ...] = Field(
        default=(),
        description="Cases that decide the ticket's value; where none holds, the incident's field.",
    )

    @model_validator(mode="after")
    def _goes_together(self) -> MirroredField:
        if self.map is not None and (self.map_to_ticket or self.map_to_incident):
            raise ValueError("give either map, or map_to_ticket and map_to_incident")
        if self.when and self.owner != "incident":
            raise ValueError("cases decide the ticket's value from the incident: when needs owner: incident")
        if self.owner == "incident" and self.map_to_incident is not None:
            raise ValueError("the incident owns this field, so that map_to_incident would do nothing")
        if self.owner == "ticket" and self.map_to_ticket is not None:
            raise ValueError("the ticket owns this field, so that map_to_ticket would do nothing")
        return self


class Mirror(Shape):
    """What is kept equal on both sides."""

    notes: MirroredNotes = MirroredNotes()
    redact: tuple[Redaction, ...] = Field(
        default=("card_number", "phone", "email"), description="What is cut out of texts that leave the desk."
    )
    attachments: Literal["answers", "none"] = Field(
        default="answers",
        description="Files of the note that answers the question go to the ticket; nothing is cut out of files.",
    )
    fields: tuple[MirroredField, ...] = ()


class Line(Shape):
    """How a ticket tells that it is with this line; several keys must all hold."""

    project: Texts | None = Field(default=None, description="The ticket is in one of these projects.")
    status: StatusIn.Names | None = Field(default=None, description="Its status is one of these.")
    field: Text | None = Field(
        default=None, description="A field of the ticket, as Jira spells it; needs in."
    )
    in_: Texts | None = Field(default=None, alias="in", description="The field's value is one of these.")

    @model_validator(mode="after")
    def _says_something(self) -> Line:
        if (self.field is None) != (self.in_ is None):
            raise ValueError('field and in belong together: {field: "Team", in: [...]}')
        if self.project is None and self.status is None and self.field is None:
            raise ValueError("a line needs at least one of: project, status, field with in")
        return self


class Lines(Shape):
    """Second line and third line behind Frontline, and how a ticket is handed on between them."""

    second_line: Line = Field(description="When second line has the ticket.")
    third_line: Line = Field(description="When third line (development) has it.")
    handed_on_by: Texts | None = Field(
        default=None,
        description="Issue links as they read on second line's ticket, for instance: is blocked by.",
    )
    counts: Literal["second_line", "third_line"] = Field(
        default="second_line", description="Whose ticket says that it is fixed and deployed."
    )

    @model_validator(mode="after")
    def _can_count(self) -> Lines:
        if self.counts == "third_line" and self.handed_on_by is None:
            raise ValueError("counts: third_line needs handed_on_by")
        return self


class Rule(Shape):
    """Who may ask, which ticket opens, when the incident may be resolved."""

    name: Name = Field(description="Stays the same for life: links know their rule by it.")
    when: tuple[Condition, ...] = Field(default=(), description="All of these; any: and not: may be nested.")
    open: Literal["on_request", "automatically"] = Field(
        default="on_request", description="Whether a person asks by a note, or every match opens a ticket."
    )
    ask: Texts = Field(
        default=("#ticket", "#тикет", "#тікет"),
        description="The first words of a note that asks for a ticket.",
    )
    link: Texts = Field(
        default=("#link", "#связать", "#зв'язати"),
        description="The first words of a note that names an existing ticket to link.",
    )
    ask_field: Condition | None = Field(
        default=None, description="The value of a field that asks for a ticket, once until it goes away."
    )
    ticket: TicketShape
    hold: Hold
    mirror: Mirror = Mirror()
    lines: Lines | None = Field(default=None, description="Second and third line, where there are two.")

    def for_team(self, name: str) -> Rule:
        """Return the rule as it opens tickets of this team; the rule itself for an unknown or empty name."""
        team = self.ticket.teams.get(name)
        if team is None:
            return self
        own = {"project": team.project or self.ticket.project, "type": team.type or self.ticket.type}
        fields = {**self.ticket.fields, **team.fields}
        return self.model_copy(update={"ticket": self.ticket.model_copy(update={**own, "fields": fields})})

    @property
    def projects(self) -> frozenset[str]:
        """The projects in which the rule opens tickets, its teams' included."""
        own = {team.project for team in self.ticket.teams.values() if team.project}
        return frozenset({self.ticket.project, *own})


#: Words of the incident to words of the ticket; ``default`` stands for every other word.
Map = dict[Text, Text]


class RuleFile(Shape):
    """One rules file: maps and rules."""

    maps: dict[str, Map] = Field(
        default_factory=dict, description="Translations by name; default stands for every other word."
    )
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)] = Field(
        description="The first rule whose conditions hold owns the incident."
    )


class RuleSet(Shape):
    """All rules of one pair, in the order in which they are tried, and their maps."""

    maps: dict[str, dict[str, str]] = Field(default_factory=dict)
    rules: tuple[Rule, ...]

    def named(self, name: str) -> Rule | None:
        """Return the rule of this name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    @property
    def projects(self) -> tuple[str, ...]:
        """The projects in which the rules open tickets, sorted."""
        return tuple(sorted({project for rule in self.rules for project in rule.projects}))
