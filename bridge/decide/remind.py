"""Reminders: a question that nobody answers is repeated at the rule's rhythm, then put before a lead.

After a standstill only the reminder that is due now is written, never the ones that were missed.
"""

from __future__ import annotations

from datetime import datetime

from bridge.decide.asked import awaited
from bridge.decide.draft import Draft
from bridge.decide.stage import Stage, stage
from bridge.decide.words import Words
from bridge.model.actions import AddIncidentNote


def remind(draft: Draft) -> None:
    """Repeat the question where its time has come, and say when to look again."""
    rule = draft.rule
    if rule is None or rule.hold.verify.remind is None:
        return
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    since, rhythm = awaited(draft.incident, draft.dossier, present), rule.hold.verify.remind
    if since is None:
        draft.clear_flag("no_answer")
        return
    passed = max((draft.now - since) // rhythm.after, 0)
    if passed:
        _repeat(draft, present, since, min(passed, rhythm.times), rhythm.times)
    if passed >= rhythm.times:
        asked = draft.voice.moment(since)
        draft.flag("no_answer", f"asked {asked}, reminded {rhythm.times} times")
    else:
        draft.look_again(since + rhythm.after * (passed + 1))


def _repeat(draft: Draft, present: Stage, since: datetime, count: int, times: int) -> None:
    words = Words(draft)
    number = draft.dossier.round.number if draft.dossier.round else 0
    kind = "" if present.ready else "decide/"
    draft.do(
        AddIncidentNote(
            key=f"{draft.number}/told/remind/{number}/{kind}{count}",
            reason=f"nobody answered since {draft.voice.moment(since)}",
            text=draft.voice.say(
                "remind",
                owner=draft.incident.assignee or draft.incident.assigned_group or draft.voice.say("nobody"),
                keys=words.keys(),
                since=draft.voice.moment(since),
                next=words.next(present),
                count=count,
                limit=times,
            ),
            purpose="milestone",
        )
    )
