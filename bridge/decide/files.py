"""The files of an answer: what Frontline shows of a fix that works or fails goes to the ticket.

Nothing can be cut out of a file, so only those of the answering note go, and none where the rule says so.
"""

from __future__ import annotations

import re

from bridge.decide.draft import Draft, digest
from bridge.decide.place import place
from bridge.model.actions import AttachToTicket
from bridge.model.attachment import Attachment
from bridge.model.dossier import Answer, Link

_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_LONGEST_NAME = 120


def carry(draft: Draft) -> None:
    """Attach the files of every answer to every ticket that it is told to."""
    rule = draft.rule
    if rule is None or rule.mirror.attachments == "none":
        return
    for attempt in draft.dossier.rounds:
        for file in attempt.answer.attachments if attempt.answer else ():
            for link in draft.dossier.links:
                if not link.lost and attempt.answer is not None:
                    _attach(draft, link, attempt.answer, file)


def _attach(draft: Draft, link: Link, answer: Answer, file: Attachment) -> None:
    where = place(draft, link, answer.at)
    key = f"{draft.number}/file/{answer.note_id}/{file.ref.rpartition('/')[2][-2:]}/{where.id}"
    if file.too_large:
        draft.flag("file_too_large", file.told)
        return
    if key in draft.seen.refused:
        draft.flag("file_not_carried", f"{file.name}: {draft.seen.refused[key]}")
        return
    draft.do(
        AttachToTicket(
            key=key,
            reason=f"{answer.by_name} attached it to the answer",
            ticket_id=where.id,
            ticket_key=where.key,
            name=name_in_ticket(file.name, f"{draft.seen.pair}/{key}"),
            size=file.size,
            ref=file.ref,
        )
    )


def name_in_ticket(name: str, cause: str) -> str:
    """Return a file's name as the ticket shows it, with the trace of its effect, so that it is found after a crash.

    ``shot.png`` becomes ``shot.1f2e3d4c5b6a.png``; signs that a file system does not take become ``_``.
    """
    plain = _NOT_IN_NAMES.sub("_", name).strip(" ._") or "file"
    stem, dot, ending = plain.rpartition(".")
    if not dot or not ending or len(ending) > 10:
        stem, ending = plain, ""
    trace = digest(cause)
    return f"{stem[:_LONGEST_NAME]}.{trace}.{ending}" if ending else f"{stem[:_LONGEST_NAME]}.{trace}"
