"""The hold: an incident is not resolved before its fix is verified, and nobody is fought for long.

seen                                    decided
open, first look of a round             the waiting status, once; people may change it
something to check, or to decide        back to its owner, with a question, once a round
resolved, something was to check        that is the answer: verified
resolved, development declined          that is the decision
resolved, a workaround that frees       that is a closure by workaround
verified and resolved without a cause   asked for, or put back
resolved too early                      looked at again by id, then put back with a note, at most N times
resolved too early once more            only flagged
closed or cancelled                     only flagged; the ticket is told
resolved before it was linked           left alone
"""

from __future__ import annotations

from typing import Literal

from bridge.decide import workaround
from bridge.decide.answers import end_verified
from bridge.decide.draft import Draft
from bridge.decide.stage import Stage, cause_is_set, stage
from bridge.model.actions import SetIncident
from bridge.model.dossier import Answer
from bridge.model.incident import ASSIGNED, FINAL, IN_PROGRESS, PENDING, RESOLVED
from bridge.rules.shape import Rule, Waiting


def watch(draft: Draft) -> None:
    """Remember where an open incident stood, so that an early resolve can go back there."""
    incident = draft.incident
    if incident.is_open:
        draft.remember(open_status=incident.status, open_reason=incident.status_reason, was_resolved=False)
        for settled in ("resolved_early", "put_back_refused", "cause_missing"):
            draft.clear_flag(settled)
    draft.remember(priority=incident.priority)


def enforce(draft: Draft) -> None:
    """Judge a resolved or closed incident."""
    rule = draft.rule
    if rule is None or draft.incident.is_open:
        return
    if draft.dossier.was_resolved:
        _over_before(draft)
        return
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    if draft.dossier.held:
        _judge(draft, rule, present)
    if draft.dossier.ending == "verified" and not cause_is_set(rule.hold.cause, draft.incident):
        _judge_cause(draft, rule)


def _over_before(draft: Draft) -> None:
    """End the link of an incident that was resolved before it was linked, once nobody can reopen it."""
    if draft.dossier.held and draft.incident.status in FINAL:
        draft.remember(ending="resolved_before", ended_at=draft.now, flags=())


def _judge(draft: Draft, rule: Rule, present: Stage) -> None:
    answers = not draft.dossier.given_up
    if present.ready and rule.hold.verify.resolving_means_verified and answers:
        _resolved_is_verified(draft)
    elif answers and (found := workaround.frees(draft)) is not None:
        _end(draft, "workaround", found.text)
    elif present.undecided:
        _end(draft, "declined")
    elif not draft.seen.fresh:
        draft.need("fresh")
    elif draft.incident.status in FINAL:
        _closed_early(draft)
    else:
        _put_back(draft, rule)


def _end(draft: Draft, ending: Literal["workaround", "declined"], words: str = "") -> None:
    """Let a resolve stand; the owner is named, since follow-up workflow hides who really resolved."""
    by = draft.incident.assignee or draft.incident.modified_by
    draft.remember(ending=ending, ended_at=draft.now, ended_by=by, ended_words=words, flags=())


def _resolved_is_verified(draft: Draft) -> None:
    incident = draft.incident
    end_verified(
        draft,
        Answer(
            verdict="verified",
            how="resolved",
            by=incident.assignee_login or incident.modified_by,
            by_name=incident.assignee or incident.modified_by,
            at=incident.modified_at,
        ),
    )


def _cause_puts_back(draft: Draft, rule: Rule) -> bool:
    """Put an incident back for want of a cause, where the rule says so; False where there is nothing to put back."""
    cause = rule.hold.cause
    if cause is None or cause.missing != "put_back" or cause_is_set(cause, draft.incident):
        return False
    if draft.dossier.put_backs >= rule.hold.resolved_early.put_back:
        return False
    if not draft.seen.fresh:
        draft.need("fresh")
        return True
    _put_back(draft, rule)
    return True


def _judge_cause(draft: Draft, rule: Rule) -> None:
    if draft.incident.status == RESOLVED and not _cause_puts_back(draft, rule):
        draft.flag("cause_missing", rule.hold.cause.field if rule.hold.cause else "")


def _closed_early(draft: Draft) -> None:
    draft.flag("closed_early", draft.incident.status)
    draft.remember(ending="closed_early", ended_at=draft.now, ended_by=draft.incident.modified_by)


def _put_back(draft: Draft, rule: Rule) -> None:
    """Put an early resolve back to the status it came from; after N times, or where Remedy refuses, flag it."""
    key = f"{draft.number}/put_back/{draft.dossier.put_backs + 1}@{draft.version}"
    if key in draft.seen.refused:
        draft.flag("put_back_refused", draft.seen.refused[key])
        return
    refused = _refusals(draft)
    if draft.dossier.put_backs + len(refused) >= rule.hold.resolved_early.put_back:
        times = f"resolved early, put back {draft.dossier.put_backs} times already"
        draft.flag("put_back_refused" if refused else "resolved_early", refused[-1] if refused else times)
        return
    status, reason = _came_from(draft, rule)
    draft.do(
        SetIncident(
            key=key,
            reason="it was resolved without a cause"
            if draft.dossier.ending
            else "it was resolved before the linked fix was finished",
            fields=(("status", status), ("status_reason", reason)),
            purpose="put_back",
        )
    )


def _refusals(draft: Draft) -> list[str]:
    """Return what the desk said to the attempts that it refused: it is not asked for ever."""
    ours = f"{draft.number}/put_back/"
    return [words for key, words in sorted(draft.seen.refused.items()) if key.startswith(ours)]


def _came_from(draft: Draft, rule: Rule) -> tuple[str, str]:
    status, reason = draft.dossier.open_status, draft.dossier.open_reason
    waiting = rule.hold.waiting
    if not status and isinstance(waiting, Waiting):
        return waiting.status, waiting.reason
    if status == PENDING and not reason and isinstance(waiting, Waiting):
        reason = waiting.reason
    return workable(draft, status or IN_PROGRESS), reason


def workable(draft: Draft, status: str) -> str:
    """Return the status, or Assigned where In Progress lacks an assignee (BMC: one must be set to move past Assigned)."""
    return ASSIGNED if status == IN_PROGRESS and not draft.incident.assignee else status


def wait(draft: Draft) -> None:
    """Put an incident into its waiting status, once a round, and the ticket's key into its field."""
    rule = draft.rule
    if rule is None or not draft.dossier.held or draft.incident.status in FINAL:
        return
    status = _waiting_fields(draft, rule)
    keys = _key_field(draft)
    together = f"{draft.number}/linked/{_round_number(draft)}"
    if not (status and keys):
        _set(draft, f"{draft.number}/waiting/{_round_number(draft)}", status, "waiting")
        _set(draft, f"{draft.number}/field/{_missing_keys(draft)}", keys, "linked")
    elif together not in draft.seen.refused:
        _set(draft, together, (*keys, *status), "waiting")
    else:
        _set(draft, f"{together}/status", status, "waiting")
        _set(draft, f"{together}/field", keys, "linked")


def _set(draft: Draft, key: str, fields: tuple[tuple[str, str], ...], purpose: str) -> None:
    if not fields:
        return
    if key in draft.seen.refused:
        draft.flag("refused", draft.seen.refused[key])
        return
    draft.do(
        SetIncident(
            key=key,
            reason="it waits for the linked fix"
            if purpose == "waiting"
            else "the ticket's key is written back",
            fields=fields,
            purpose=purpose,  # type: ignore[arg-type]
        )
    )


def _round_number(draft: Draft) -> int:
    return draft.dossier.round.number if draft.dossier.round else 0


def _waiting_fields(draft: Draft, rule: Rule) -> tuple[tuple[str, str], ...]:
    waiting = rule.hold.waiting
    if not isinstance(waiting, Waiting) or draft.dossier.waited >= _round_number(draft):
        return ()
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    if not draft.incident.is_open or present.ready or present.undecided:
        return ()
    if draft.incident.status == waiting.status:
        draft.remember(waited=_round_number(draft))
        return ()
    return (("status", waiting.status), ("status_reason", waiting.reason))


def _missing_keys(draft: Draft) -> str:
    field, written = draft.incident.ticket_field, draft.dossier.written_keys
    keys = [link.ticket_key for link in draft.dossier.links if not link.lost]
    return ",".join(key for key in keys if key not in written and key not in field)


def _key_field(draft: Draft) -> tuple[tuple[str, str], ...]:
    """Return the ticket field with the missing keys appended; what people or vendors wrote stays."""
    missing = _missing_keys(draft)
    if not missing:
        return ()
    present = draft.incident.ticket_field.strip()
    return (("ticket_field", f"{present}, {missing}" if present else missing),)


def hand_back(draft: Draft) -> None:
    """Give an incident back to its owner when there is something to check or to decide, once a round."""
    rule = draft.rule
    if rule is None or not draft.dossier.held or not draft.incident.is_open:
        return
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    target = workable(draft, rule.hold.verify.status)
    if not (present.ready or present.undecided) or draft.incident.status == target:
        return
    key = f"{draft.number}/verify/{_round_number(draft)}"
    if key in draft.seen.refused:
        draft.flag("refused", draft.seen.refused[key])
        return
    if draft.dossier.round is not None and draft.dossier.round.asked_at is None:
        draft.do(
            SetIncident(
                key=key,
                reason="the fix is there to be checked" if present.ready else "Frontline has to decide",
                fields=(("status", target), ("status_reason", "")),
                purpose="verify",
            )
        )
