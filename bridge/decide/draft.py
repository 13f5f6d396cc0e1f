"""The sheet on which one decision is written: facts recorded, actions, and what must be seen first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bridge.decide.redact import redact
from bridge.decide.voice import Voice
from bridge.model.actions import Action, SetIncident
from bridge.model.dossier import Dossier, Flag, Link, Reply
from bridge.model.incident import FINAL, Incident, with_values
from bridge.model.note import Note
from bridge.model.plan import Member, Need, Observation
from bridge.rules.shape import Rule, RuleSet


@dataclass(kw_only=True)
class Draft:
    """One incident's decision in the making; local to one call of the planner."""

    seen: Observation
    rules: RuleSet
    voice: Voice
    now: datetime
    dossier: Dossier
    rule: Rule | None = None
    actions: list[Action] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    look_again_at: datetime | None = None

    @property
    def incident(self) -> Incident:
        """The incident as it is seen now."""
        return self.seen.incident

    @property
    def expected(self) -> Incident:
        """The incident as it will be once what is planned so far was done, which is what people should read of."""
        incident = self.seen.incident
        for action in self.actions:
            if isinstance(action, SetIncident):
                incident = with_values(incident, action.fields)
        return incident

    @property
    def number(self) -> str:
        """The incident's number, with which every key begins."""
        return self.seen.incident.number

    def do(self, action: Action) -> None:
        """Plan an action, unless its cause was dealt with or a server refused it."""
        if action.key not in self.seen.done and action.key not in self.seen.refused:
            self.actions.append(action)

    def settled(self, key: str) -> bool:
        """Whether the effect of this key was done."""
        return key in self.seen.done

    def remember(self, **facts: Any) -> None:
        """Record facts in the memory of the incident."""
        self.dossier = replace(self.dossier, **facts)

    def remember_link(self, link: Link) -> None:
        """Record a changed link."""
        self.remember(
            links=tuple(link if old.ticket_id == link.ticket_id else old for old in self.dossier.links)
        )

    def need(self, kind: str, of: str = "") -> None:
        """Ask for something that must be seen before deciding."""
        wanted = Need(kind=kind, of=of)  # type: ignore[arg-type]
        if wanted not in self.needs:
            self.needs.append(wanted)

    def look_again(self, at: datetime) -> None:
        """Ask for another look at this time at the latest."""
        if self.look_again_at is None or at < self.look_again_at:
            self.look_again_at = at

    def flag(self, what: str, detail: str) -> None:
        """Put something before a person, once."""
        if all((flag.what, flag.detail) != (what, detail) for flag in self.dossier.flags):
            self.remember(flags=(*self.dossier.flags, Flag(what=what, detail=detail, at=self.now)))

    def clear_flag(self, what: str) -> None:
        """Take back what no longer needs a person."""
        self.remember(flags=tuple(flag for flag in self.dossier.flags if flag.what != what))

    def keep_flags(self, kinds: tuple[str, ...], wanted: set[tuple[str, str]]) -> None:
        """Make the flags of these kinds exactly the wanted ones (what, detail); those that stand already stay as old."""
        kept = tuple(
            flag
            for flag in self.dossier.flags
            if flag.what not in kinds or (flag.what, flag.detail) in wanted
        )
        if kept != self.dossier.flags:
            self.remember(flags=kept)
        for what, detail in sorted(wanted):
            self.flag(what, detail)

    def members(self, group: str) -> tuple[Member, ...] | None:
        """Return the members of a group, None where unreadable; asks for them where nobody looked yet."""
        if group not in self.seen.members:
            self.need("members", group)
            return ()
        return self.seen.members[group]

    def outward(self, text: str) -> str:
        """Return a text as it may leave the desk: what the rule redacts is cut out."""
        return redact(text, self.rule.mirror.redact) if self.rule else text

    def name_of(self, note: Note) -> str:
        """Return what people call the author of a note, as far as the owner and the groups looked up tell it."""
        login = note.author.casefold()
        if login and login == self.incident.assignee_login.casefold() and self.incident.assignee:
            return self.incident.assignee
        known = (member for members in self.seen.members.values() for member in members or ())
        names = (member.name for member in known if member.login.casefold() == login and member.name)
        return note.author_name or next(names, note.author)

    def is_human(self, note: Note) -> bool:
        """Whether a person wrote a note, also one who copied a mark of ours.

        A mark makes a note of a bridge's account ours, also of an account before this one; but not a mark
        under which the journal of this incident knows another note, or none.
        """
        if note.origin != "bridge":
            return note.origin == "person"
        if not note.mark or note.author in self.seen.accounts or not self.seen.written:
            return False
        return self.seen.written.get(note.mark) != note.id

    @property
    def new_commands(self) -> list[Note]:
        """People's notes in the incident that nobody dealt with yet, oldest first."""
        return [
            note for note in self.seen.notes if self.is_human(note) and note.id not in self.dossier.handled
        ]

    def reply(self, key: str, reason: str, text: str) -> None:
        """Remember an answer that somebody must get, until it was written; whoever closed the incident needs none."""
        known = {reply.key for reply in self.dossier.replies}
        if key not in self.seen.done and key not in known and self.incident.status not in FINAL:
            self.remember(replies=(*self.dossier.replies, Reply(key=key, reason=reason, text=text)))

    def handled(self, note: Note) -> None:
        """Record that a note's command was dealt with."""
        self.remember(handled=(*self.dossier.handled, note.id))

    @property
    def version(self) -> int:
        """The version of the incident that a change would overwrite: its last modification, epoch seconds."""
        return int(self.incident.modified_at.timestamp())


def digest(text: str) -> str:
    """Return a short stable name of a text, for keys."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
