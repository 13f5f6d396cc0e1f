"""The board: the one comment in a ticket that tells how many incidents wait for it, kept current in its place.

Written once a second incident waits, since a single one is told by the ticket's description.  It holds nothing of an
incident but its number, priority, queue and how long it waits.
"""

from __future__ import annotations

from bridge.decide import siblings
from bridge.decide.draft import Draft, digest
from bridge.model.actions import AddTicketNote, EditTicketNote
from bridge.model.note import board_name
from bridge.model.shared import Board, Sibling

#: How many incidents a board names; the rest is counted.
MOST_LINES = 20


def keep(draft: Draft) -> None:
    """Keep the boards current for which this incident speaks."""
    lost = {link.ticket_id for link in draft.dossier.links if link.lost}
    for ticket_id, key in siblings.tickets_of(draft):
        if ticket_id not in lost and siblings.speaks(draft, ticket_id):
            _keep(draft, ticket_id, key)


def _keep(draft: Draft, ticket_id: str, ticket_key: str) -> None:
    board = draft.seen.boards.get(ticket_id) or _left_behind(draft, ticket_id)
    if board is None and len(siblings.waiting(draft, ticket_id)) < 2:
        return
    text = words(draft, ticket_id)
    if board is not None and board.text == text:
        draft.clear_flag("board_not_updated")
        return
    revision = board.revision + 1 if board else 1
    cause = f"{draft.number}/board/{ticket_id}/{revision}/{digest(text)}"
    if board is None:
        _write(draft, ticket_id, ticket_key, cause, text, revision)
    elif cause not in draft.seen.refused:
        draft.do(
            EditTicketNote(
                key=cause,
                reason=f"the incidents that wait for {ticket_key} changed",
                ticket_id=ticket_id,
                ticket_key=ticket_key,
                note_id=board.note_id,
                text=text,
                revision=revision,
            )
        )
    elif _was_deleted(draft, ticket_id, board):
        _write(draft, ticket_id, ticket_key, f"{cause}/new", text, revision)
    elif not draft.needs:
        draft.flag("board_not_updated", f"{ticket_key}: {draft.seen.refused[cause]}")


def _left_behind(draft: Draft, ticket_id: str) -> Board | None:
    """Return the board that stands in the ticket although nobody remembers having written it."""
    name = board_name(ticket_id)
    notes = [note for note in draft.seen.ticket_notes.get(ticket_id, ()) if note.mark == name]
    return Board(note_id=notes[-1].id, text=notes[-1].text, revision=0) if notes else None


def _write(draft: Draft, ticket_id: str, ticket_key: str, cause: str, text: str, revision: int) -> None:
    draft.do(
        AddTicketNote(
            key=cause,
            reason=f"several incidents wait for {ticket_key}",
            ticket_id=ticket_id,
            ticket_key=ticket_key,
            text=text,
            board=True,
            revision=revision,
        )
    )


def _was_deleted(draft: Draft, ticket_id: str, board: Board) -> bool:
    """Whether a board that could not be rewritten is not there any more; asks for the ticket to tell."""
    if ticket_id not in draft.seen.found:
        draft.need("ticket", ticket_id)
        return False
    notes = draft.seen.ticket_notes.get(ticket_id, ())
    return draft.seen.found[ticket_id] is not None and all(note.id != board.note_id for note in notes)


def words(draft: Draft, ticket_id: str) -> str:
    """Return what the board of a ticket says now."""
    waiting = siblings.waiting(draft, ticket_id)
    verified = sum(one.verified for one in siblings.all_on(draft, ticket_id))
    ranked = sorted(waiting, key=lambda one: siblings.seriousness(one.priority))
    more = len(waiting) - MOST_LINES
    text = draft.voice.say(
        "board",
        count=len(waiting),
        priority=siblings.highest_priority(waiting),
        verified=str(verified or ""),
        lines="\n".join(_line(draft, one) for one in ranked[:MOST_LINES]),
        more=str(more) if more > 0 else "",
    )
    return draft.outward(text)


def _line(draft: Draft, one: Sibling) -> str:
    return draft.voice.say(
        "board_line",
        number=one.number,
        priority=one.priority,
        queue=one.queue,
        at=draft.voice.moment(one.linked_at),
    )
