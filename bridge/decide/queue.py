"""The incident's queue: people move it and are respected; an empty or inactive one goes to the rule's fallback."""

from __future__ import annotations

from datetime import timedelta

from bridge.decide.draft import Draft
from bridge.model.actions import AddIncidentNote, SetIncident
from bridge.model.dossier import Reassigned
from bridge.model.incident import FINAL

#: Nothing tells that a group was taken out of use, so that a held incident's one is asked for this often.
ASK_AGAIN = timedelta(days=1)


def watch(draft: Draft) -> None:
    """Remember the queue, and that somebody moved a held incident to another one."""
    incident, dossier = draft.incident, draft.dossier
    if not incident.assigned_group or incident.assigned_group == dossier.queue:
        return
    if dossier.queue and dossier.held:
        by = incident.modified_by or incident.assigned_group
        moved = Reassigned(old=dossier.queue, new=incident.assigned_group, by=by, at=incident.modified_at)
        draft.remember(reassigned=(*dossier.reassigned, moved))
    draft.remember(queue=incident.assigned_group)


def repair(draft: Draft) -> None:
    """Give an incident whose queue is empty or out of use to the rule's fallback."""
    rule = draft.rule
    if rule is None or not draft.dossier.held or draft.incident.status in FINAL:
        return
    fallback, queue = rule.hold.fallback_queue, draft.incident.assigned_group
    if not fallback or queue == fallback or (queue and not _retired(draft, queue)):
        return
    key = f"{draft.number}/queue/{fallback}@{draft.version}"
    if key in draft.seen.refused:
        draft.flag("not_rerouted", draft.seen.refused[key])
        return
    draft.do(
        SetIncident(
            key=key,
            reason="its queue is out of use" if queue else "its queue became empty",
            fields=(("assigned_group", fallback),),
            purpose="route",
        )
    )


def _retired(draft: Draft, queue: str) -> bool:
    if queue not in draft.seen.retired:
        draft.need("group", queue)
        return False
    if not draft.seen.retired[queue]:
        draft.look_again(draft.now + ASK_AGAIN)
    return draft.seen.retired[queue]


def tell(draft: Draft) -> None:
    """Note every move of a held incident in the incident, once; its tickets show the queue in the remote link."""
    if not draft.dossier.held or draft.incident.status in FINAL:
        return
    keys = ", ".join(link.ticket_key for link in draft.dossier.links)
    for index, moved in enumerate(draft.dossier.reassigned, 1):
        draft.do(
            AddIncidentNote(
                key=f"{draft.number}/told/reassigned/{index}",
                reason=f"its queue was {moved.old} and is {moved.new}",
                text=draft.voice.say(
                    "reassigned" if moved.by else "routed", old=moved.old, queue=moved.new, keys=keys
                ),
                purpose="milestone",
            )
        )
