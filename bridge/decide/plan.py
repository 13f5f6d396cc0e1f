"""The planner: what is seen, what was last agreed and the rules, turned into a plan.

Pure: the same look gives the same plan, and a settled world plans nothing.  Each step reads the look, records
facts in the draft's memory and adds actions; the order of the steps is the order in which people would want it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.decide import (
    answers,
    asking,
    board,
    casualties,
    cause,
    claimed,
    evidence,
    fields,
    files,
    handing,
    hold,
    mirror,
    queue,
    remind,
    requests,
    siblings,
    tell,
    tickets,
    withdraw,
    workaround,
)
from bridge.decide.draft import Draft
from bridge.decide.voice import Voice
from bridge.model.plan import Observation, Plan
from bridge.rules.shape import RuleSet

#: What happens once an incident has a ticket, in this order.
STEPS: tuple[Callable[[Draft], None], ...] = (
    requests.introduce,
    tickets.refresh,
    handing.follow,
    hold.watch,
    queue.watch,
    evidence.latch,
    answers.take,
    answers.cleared_field,
    hold.enforce,
    withdraw.withdraw,
    mirror.carry_notes,
    fields.carry,
    queue.repair,
    hold.wait,
    hold.hand_back,
    handing.record,
    casualties.flag_dead,
    tell.tell_tickets,
    files.carry,
    tell.tell_incident,
    handing.tell_returns,
    fields.tell_losers,
    cause.ask,
    workaround.tell,
    queue.tell,
    remind.remind,
    asking.confirm,
    board.keep,
    tell.keep_living_note,
    tell.show_in_tickets,
)


def plan(seen: Observation, rules: RuleSet, voice: Voice, now: datetime) -> Plan:
    """Decide about one incident.

    Where something must be seen first, the plan has ``needs`` and nothing else; the caller looks and asks again.
    An incident without an entry id is one that the desk does not show although somebody named it in a ticket.
    """
    draft = Draft(seen=seen, rules=rules, voice=voice, now=now, dossier=seen.dossier)
    draft.rule = rules.named(seen.dossier.rule) if seen.dossier.rule else None
    if not seen.incident.entry_id:
        claimed.refuse_unknown(draft)
    else:
        _requests(draft)
    if draft.dossier.links and draft.rule is not None and not draft.needs:
        for step in STEPS:
            step(draft)
            if draft.needs:
                break
    tell.tell_replies(draft)
    if draft.needs:
        return Plan(incident=draft.number, dossier=seen.dossier, needs=tuple(draft.needs))
    return Plan(
        incident=draft.number,
        dossier=draft.dossier,
        actions=tuple(draft.actions),
        look_again_at=draft.look_again_at,
        wakes=siblings.wakes(draft),
    )


def _requests(draft: Draft) -> None:
    requests.gather(draft)
    requests.answer(draft)
    if draft.rule is None and draft.dossier.rule:
        draft.rule = draft.rules.named(draft.dossier.rule)
