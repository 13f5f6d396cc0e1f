"""Entries of Remedy's forms as the bridge's own incidents and notes.

Which entries of the work log the system wrote is read off the marks that BMC's workflow leaves: their type,
their source, their submitter, a message id, and the words of Smart IT (BMC docs: "Changing ticket status in
Smart IT").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from bridge.connectors.remedy import forms
from bridge.connectors.remedy.errors import RefusedByRemedy
from bridge.connectors.remedy.listing import Entry
from bridge.decide.text import clean
from bridge.model.attachment import Attachment
from bridge.model.incident import Incident
from bridge.model.note import Note, Origin, split_mark

_SYSTEM_SUBMITTERS = frozenset({"remedy application service", "ar_escalator"})
_SYSTEM_WORDS = "Status has been changed to"
_CUT_MARK = "(bridge:"


def incident_of(entry: Entry, *, ticket_field: str, further: Iterable[str]) -> Incident:
    """Return the incident in an entry; ``RefusedByRemedy`` where its date or number is hidden."""
    modified = entry.moment(forms.MODIFIED)
    number = entry.text(forms.NUMBER)
    if modified is None or not number:
        raise RefusedByRemedy(
            "Remedy refused to show an incident's number or date",
            why=f"{forms.NUMBER} is {number!r} and {forms.MODIFIED} is {entry.text(forms.MODIFIED)!r}",
            next_step=f"give the account read access to both fields of {forms.INCIDENTS}",
        )
    own = {name: clean(entry.text(field)) for name, field in forms.OWN.items() if name != "number"}
    return Incident(
        number=number,
        entry_id=entry.text(forms.REQUEST_ID) or entry.link_id,
        ticket_field=entry.text(ticket_field),
        submitted_at=entry.moment(forms.SUBMITTED),
        modified_at=modified,
        modified_by=entry.text("Last Modified By"),
        fields=tuple(sorted((name, entry.text(name)) for name in further)),
        **own,
    )


def note_of(entry: Entry, *, accounts: Collection[str], pair: str) -> Note:
    """Return the note in an entry of the work log; ``accounts`` are the logins of bridges, in lower case.

    Where ``pair`` is not empty only its marks are shown; notes of other pairs are a bridge's all the same.  What
    ends like a mark and was written by anybody else is that person's words.
    """
    ours = not _writers(entry).isdisjoint(accounts)
    text, marked_by, mark = _text_and_mark(entry) if ours else (_whole_text(entry), "", "")
    at = entry.moment(forms.SUBMITTED) or entry.moment(forms.MODIFIED)
    if at is None:
        raise RefusedByRemedy(
            "Remedy refused to show a work info's date",
            why=f"{forms.SUBMITTED} of {entry.text(forms.WORK_LOG_ID)} is empty",
            next_step=f"give the account read access to this field of {forms.WORK_LOG}",
        )
    return Note(
        id=entry.text(forms.WORK_LOG_ID) or entry.link_id,
        parent=entry.text(forms.NUMBER),
        author=_author(entry),
        at=at,
        text=text,
        # Anything but an outright "Public" stays inside.
        internal=entry.text("View Access") != "Public",
        origin=_origin(entry, text, ours=ours),
        mark=mark if pair in ("", marked_by) else "",
        attachments=tuple(_files(entry)),
    )


def _files(entry: Entry) -> Iterator[Attachment]:
    """Yield the files of a work info, whose addresses carry the server's own name and are not used."""
    note_id = entry.text(forms.WORK_LOG_ID) or entry.link_id
    for field in forms.NOTE_FILES:
        held = entry.values.get(field)
        if isinstance(held, dict) and held.get("name"):
            size = held.get("sizeBytes")
            yield Attachment(
                name=str(held["name"]),
                size=size if isinstance(size, int) else 0,
                ref=f"{note_id}/{field}",
            )


def _author(entry: Entry) -> str:
    return entry.text("Work Log Submitter") or entry.text("Submitter")


def _text_and_mark(entry: Entry) -> tuple[str, str, str]:
    """Return the text that a person should read, without our mark, and the mark's pair and effect key."""
    head, *in_summary = split_mark(clean(entry.text("Description")))
    body, *in_detail = split_mark(clean(entry.text("Detailed Description")))
    head, body = head.strip(), body.strip()
    pair, mark = in_detail if in_detail[1] else in_summary
    # Our summary is the mark, which the field's length may have cut beyond recognition.
    if body and (mark or head.startswith(_CUT_MARK)):
        return body, pair, mark
    return _joined(head, body, entry.text("Work Log Type")), pair, mark


def _whole_text(entry: Entry) -> str:
    head, body = clean(entry.text("Description")).strip(), clean(entry.text("Detailed Description")).strip()
    return _joined(head, body, entry.text("Work Log Type"))


def _joined(head: str, body: str, kind: str) -> str:
    """Return both texts of a note, or the only one that says something.

    Remedy's own screens fill the summary with the beginning of the text, a dot, or the type.
    """
    if not body:
        return head
    says_nothing = not any(letter.isalnum() for letter in head) or head == kind
    return body if says_nothing or body.startswith(head.rstrip(".… ")) else f"{head}\n{body}"


def _writers(entry: Entry) -> frozenset[str]:
    return frozenset({entry.text("Work Log Submitter").casefold(), entry.text("Submitter").casefold()} - {""})


def _origin(entry: Entry, text: str, *, ours: bool) -> Origin:
    if ours:
        return "bridge"
    by_system = (
        bool(_writers(entry) & _SYSTEM_SUBMITTERS)
        or entry.text("Work Log Type") == "Assignment Change"
        or entry.text("Communication Source") == "System Assignment"
        or entry.text("ActivityValueSelection_1") == "System"
        or bool(entry.text("MessageId"))
        or text.startswith(_SYSTEM_WORDS)
    )
    return "system" if by_system else "person"
