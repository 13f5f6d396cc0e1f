"""Run an administrator's test of the rules through the real planner and say how it differs from what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.decide.trial import Trial
from bridge.decide.voice import Voice
from bridge.model.actions import (
    Action,
    AddIncidentNote,
    AddTicketNote,
    CreateTicket,
    EditIncidentNote,
    EditTicketNote,
    MoveTicket,
    SetIncident,
    SetTicketFields,
    ShowIncident,
)
from bridge.model.dossier import Answer, Dossier, Link, Round
from bridge.model.incident import Incident, with_values
from bridge.model.note import Note
from bridge.model.plan import Member
from bridge.model.shared import Sibling
from bridge.model.ticket import Ticket, Version
from bridge.rules.cases import Case, ExpectedAction, Given, GivenNote, GivenTicket
from bridge.rules.match import match
from bridge.rules.shape import PhraseSource, Rule, RuleSet

NUMBER = "INC000000000001"
#: How much longer than the incident of a test the others on its ticket wait.
OLDER = timedelta(days=1)
TICKET = "1000"
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case went: ``differences`` is empty where it passed; ``rule`` is the rule that owned the incident."""

    case: Case
    rule: str
    differences: tuple[str, ...]
    happened: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences


def run_case(case: Case, rules: RuleSet, voice: Voice) -> CaseResult:
    """Run one case; it changes nothing anywhere."""
    given = case.given
    incident = _incident(given)
    rule = _owner(case, incident, rules)
    trial = _trial(given, incident, rule, rules, voice)
    if given.linked and rule is not None:
        _link(trial, given, rule)
    before = trial.incident.status
    try:
        happened = trial.to_rest()
        differences = tuple(_differences(case, trial, happened, rule, before))
    except ValueError as error:
        happened, differences = [], (str(error),)
    return CaseResult(
        case=case,
        rule=rule.name if rule else "",
        differences=differences,
        happened=tuple(f"{action.kind}: {action.reason}" for action in happened),
    )


def _owner(case: Case, incident: Incident, rules: RuleSet) -> Rule | None:
    """Return the rule that owns the incident; a linked one keeps its rule, whatever its fields say now."""
    found = match(rules, incident).rule
    if found is None and case.given.linked:
        return rules.named(case.expect.rule or "") or rules.rules[0]
    return found


def _incident(given: Given) -> Incident:
    blank = Incident(
        number=NUMBER,
        entry_id=NUMBER,
        status="In Progress",
        summary="An error",
        assignee="Owner",
        assignee_login="owner",
        modified_at=NOON,
    )
    return with_values(blank, given.incident.items())


def _trial(given: Given, incident: Incident, rule: Rule | None, rules: RuleSet, voice: Voice) -> Trial:
    trial = Trial(
        rules=rules,
        voice=voice,
        now=NOON,
        incident=incident,
        dossier=Dossier(incident=NUMBER),
        members=_members(incident, rule),
        notes=_notes(given.notes, NUMBER),
    )
    if given.ticket is not None and not given.linked:
        trial.tickets[TICKET] = _ticket(given.ticket, rule)
    return trial


def _members(incident: Incident, rule: Rule | None) -> dict[str, tuple[Member, ...]]:
    known: dict[str, tuple[Member, ...]] = {
        incident.assigned_group: (Member(login="frontline"), Member(login=incident.assignee_login))
    }
    if rule is None:
        return known
    for source in (*rule.hold.deployed.any_, *rule.hold.deployed.all_):
        if isinstance(source, PhraseSource):
            known |= {group: (Member(login="second_line"),) for group in source.phrase.from_group}
    if rule.hold.release is not None:
        known |= {group: (Member(login="lead"),) for group in rule.hold.release.from_group}
    return known


def _notes(given: Sequence[GivenNote], parent: str, first: int = 1) -> tuple[Note, ...]:
    return tuple(
        Note(
            id=f"{parent}-{index}",
            parent=parent,
            author=note.by,
            author_name=note.by,
            at=NOON - (note.ago or timedelta(0)),
            text=note.text,
        )
        for index, note in enumerate(given, first)
    )


def _ticket(given: GivenTicket, rule: Rule | None) -> Ticket:
    project = rule.ticket.project if rule else "X"
    key = given.key or f"{project}-1"
    return Ticket(
        id=TICKET,
        key=key,
        project=key.rsplit("-", 1)[0],
        type=given.type,
        summary=given.summary,
        status=given.status or "To Do",
        category=given.category or ("done" if given.resolution else "indeterminate"),
        resolution=given.resolution,
        priority=given.priority,
        assignee=given.assignee,
        labels=given.labels,
        components=given.components,
        fix_versions=tuple(
            Version(id=f"v{index}", name=version.name, released=version.released)
            for index, version in enumerate(given.fix_versions)
        ),
        updated_at=NOON,
        fields=tuple(sorted(given.fields.items())),
    )


def _siblings(trial: Trial, count: int) -> Iterator[Sibling]:
    """Yield other incidents that wait for the ticket already, so that the oldest of them keeps its board."""
    for number in range(1, count + 1):
        yield Sibling(number=f"other {number}", linked_at=trial.now - OLDER)


def _link(trial: Trial, given: Given, rule: Rule) -> None:
    """Bring the incident to rest with an open ticket, then let the given state of things appear."""
    there = _ticket(given.ticket or GivenTicket(), rule)
    notes, seen = trial.notes, trial.incident
    trial.notes = ()
    trial.incident = replace(seen, status="In Progress", status_reason="")
    trial.dossier = _remembered(there, rule, given)
    trial.tickets[TICKET] = replace(
        there, status="In Progress", category="indeterminate", resolution="", fix_versions=()
    )
    trial.to_rest()
    trial.notes, trial.siblings = notes, {TICKET: tuple(_siblings(trial, given.waiting - 1))}
    there = replace(there, updated_at=trial.now)
    named = {name: value for name, value in given.incident.items() if name in ("status", "status_reason")}
    trial.incident = with_values(
        replace(
            seen,
            status=trial.incident.status,
            status_reason=trial.incident.status_reason,
            ticket_field=trial.incident.ticket_field,
        ),
        named.items(),
    )
    mirrored = {field.ticket for field in rule.mirror.fields}
    settled = trial.tickets[TICKET]
    trial.tickets[TICKET] = (
        replace(there, priority=settled.priority)
        if "priority" in mirrored and given.ticket is not None and not given.ticket.priority
        else there
    )
    trial.ticket_notes[TICKET] = _notes(given.ticket.notes if given.ticket else (), TICKET)


def _remembered(ticket: Ticket, rule: Rule, given: Given) -> Dossier:
    failed = Answer(
        verdict="failed", how="note", by="frontline", by_name="frontline", at=NOON, words="it failed"
    )
    earlier = tuple(
        Round(number=number, started_at=NOON, asked_at=NOON, answer=failed)
        for number in range(1, given.round)
    )
    present = Round(number=given.round, started_at=NOON, asked_at=NOON if given.asked else None)
    link = Link(ticket_id=TICKET, ticket_key=ticket.key, how="opened", linked_at=NOON)
    return Dossier(incident=NUMBER, rule=rule.name, links=(link,), rounds=(*earlier, present))


def _differences(
    case: Case, trial: Trial, happened: Sequence[Action], rule: Rule | None, before: str
) -> Iterator[str]:
    expect = case.expect
    if expect.nothing and happened:
        yield "expected nothing, but: " + "; ".join(f"{action.kind} ({action.reason})" for action in happened)
    if expect.rule is not None and expect.rule != (rule.name if rule else ""):
        yield f"expected the rule {expect.rule}, but {rule.name if rule else 'no rule'} owns the incident"
    if expect.stage is not None and expect.stage != trial.stage():
        yield f"expected the stage {expect.stage}, but it is {trial.stage()}"
    wanted = before if expect.incident_status == "unchanged" else expect.incident_status
    if wanted is not None and wanted != trial.incident.status:
        yield f"expected the incident's status {wanted}, but it is {trial.incident.status}"
    yield from _missing_actions(expect.actions or (), happened)


def _missing_actions(expected: Sequence[ExpectedAction], happened: Sequence[Action]) -> Iterator[str]:
    left = list(happened)
    for wanted in expected:
        index = next((index for index, action in enumerate(left) if _fits(wanted, action)), None)
        if index is None:
            planned = "; ".join(f"{action.kind} ({action.reason})" for action in left) or "nothing more"
            yield f"expected {wanted.kind} {wanted.values or ''}".rstrip() + f", but: {planned}"
        else:
            left = left[index + 1 :]


def _fits(wanted: ExpectedAction, action: Action) -> bool:
    match wanted.kind, action:
        case "create_ticket", CreateTicket():
            fields = wanted.values.get("fields", {})
            words = {name: value for name, value in wanted.values.items() if name != "fields"}
            same = all(value in getattr(action, name) for name, value in words.items())
            return same and _has(fields, dict(action.fields))
        case "add_note", AddIncidentNote() | AddTicketNote():
            return _note_fits(wanted, action, action.text)
        case "edit_note", EditIncidentNote() | EditTicketNote():
            return _note_fits(wanted, action, action.text)
        case "set_incident_status", SetIncident():
            values = dict(action.fields)
            reason = wanted.values.get("reason", values.get("status_reason"))
            return values.get("status") == wanted.values["status"] and values.get("status_reason") == reason
        case "set_incident_fields", SetIncident():
            return _has(wanted.values, dict(action.fields))
        case "set_ticket_fields", SetTicketFields():
            return _has(wanted.values, dict(action.fields))
        case "transition_ticket", MoveTicket():
            return wanted.values.get("to") in (None, action.to_status)
        case "show_incident", ShowIncident():
            return True
    return False


def _note_fits(wanted: ExpectedAction, action: Action, text: str) -> bool:
    side = "ticket" if isinstance(action, AddTicketNote | EditTicketNote) else "incident"
    mentions = wanted.values.get("mentions", ())
    return wanted.values.get("to") in (None, side) and all(word in text for word in mentions)


def _has(wanted: dict[str, Any], present: dict[str, Any]) -> bool:
    return all(_same(value, present.get(name)) for name, value in wanted.items())


def _same(wanted: Any, present: Any) -> bool:
    def listed(value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, list | tuple) else (value,)

    return listed(wanted) == listed(present)
