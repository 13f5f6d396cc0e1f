"""The parts of sentences that several texts share, computed from one look at an incident."""

from __future__ import annotations

from bridge.decide.draft import Draft
from bridge.decide.lines import keys_with
from bridge.decide.stage import LinkStage, Stage, link_stage, stage
from bridge.model.dossier import Link
from bridge.model.ticket import Ticket
from bridge.rules.shape import Rule


class Words:
    """Wording for one incident as it is seen and remembered in a draft; the draft must have a rule."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._voice = draft.voice

    @property
    def _rule(self) -> Rule:
        if self._draft.rule is None:
            raise ValueError("an incident without a rule has nothing to say")
        return self._draft.rule

    def keys(self) -> str:
        """Return the tickets' keys."""
        return ", ".join(link.ticket_key for link in self._draft.dossier.links)

    def stage_of(self, link: Link) -> LinkStage:
        """Return how far one ticket is."""
        return link_stage(self._rule.hold, link, self._draft.seen.tickets)

    def _links(self) -> list[LinkStage]:
        return [self.stage_of(link) for link in self._draft.dossier.links]

    def versions(self) -> str:
        """Return the versions for which the fix is planned, without those that failed before."""
        names = [
            version.name
            for link in self._links()
            if link.ticket
            for version in link.ticket.fix_versions
            if f"version:{version.id}" not in link.link.spent
        ]
        return ", ".join(dict.fromkeys(names))

    def accept(self) -> str:
        """Return the phrase that verifies."""
        return self._rule.hold.verify.accept[0]

    def reject(self) -> str:
        """Return the phrase that rejects."""
        return self._rule.hold.verify.reject[0]

    def cause(self) -> dict[str, str]:
        """Return the field and the values of the second-level classification."""
        cause = self._rule.hold.cause
        return {
            "cause_field": cause.field if cause else "",
            "causes": ", ".join(cause.one_of) if cause else "",
        }

    def missing(self) -> str:
        """Return what is still missing before the incident may be resolved."""
        draft = self._draft
        present = stage(self._rule, draft.incident, draft.dossier, draft.seen.tickets)
        values = {
            "verified": {"accept": self.accept()},
            "cause": {"cause_field": self.cause()["cause_field"]},
        }
        return ", ".join(
            self._voice.say(f"missing_{name}", **values.get(name, {})) for name in present.missing
        )

    def next(self, present: Stage) -> str:
        """Return the next step."""
        values = {
            "fixed": {"versions": self.versions()},
            "deployed": {"accept": self.accept(), "reject": self.reject()},
            "verified": {"cause_field": self.cause()["cause_field"]},
            "decision": {"reject": self.reject()},
        }
        if self._with_a_line(present):
            return self._voice.say(f"next_linked_{present.ball}")
        return self._voice.say(f"next_{present.name}", **values.get(present.name, {}))

    def state(self, present: Stage) -> str:
        """Return the state of the fix."""
        if self._with_a_line(present):
            return self._voice.say(f"state_linked_{present.ball}")
        return self._voice.say(f"state_{present.name}")

    def _with_a_line(self, present: Stage) -> bool:
        return present.name == "linked" and present.ball in ("second_line", "third_line")

    def ball(self, present: Stage) -> str:
        """Return who holds the ball."""
        incident = self._draft.incident
        if present.ball == "frontline":
            return self._voice.say("ball_frontline", queue=incident.assigned_group, owner=incident.assignee)
        if self._with_a_line(present):
            return self._lines(present)
        if present.ball == "second_line":
            return self._voice.say("ball_second_line", keys=self._keys_with("", present))
        return self._voice.say(f"ball_{present.ball}")

    def _lines(self, present: Stage) -> str:
        """Return every line that works on a ticket, nearest to Frontline first, with the tickets."""
        unfixed = {link.line for link in present.links if link.unfixed}
        return ", ".join(
            self._voice.say(f"ball_{who}", **({} if who == "development" else {"keys": keys}))
            for who in ("second_line", "third_line", "development")
            if who in unfixed and (keys := self._keys_with(who, present)) is not None
        )

    def _keys_with(self, who: str, present: Stage) -> str:
        """Return the keys of the tickets that a line works on, of all that wait without ``who``; none without lines."""
        if self._rule.lines is None:
            return ""
        tickets = self._draft.seen.tickets
        waiting = [link for link in present.links if (link.line == who and link.unfixed) or not who]
        keys = [key for link in waiting for key in keys_with(link.link, link.line if who else "", tickets)]
        return ", ".join(dict.fromkeys(keys))

    def tickets_of(self, present: Stage) -> str:
        """Return the keys of the tickets that whoever holds the ball is busy with."""
        if self._with_a_line(present):
            return self._keys_with(present.ball, present)
        return self.keys()

    def question(self, present: Stage) -> str:
        """Return the question whether the fix works."""
        rounds = self._draft.dossier.rounds
        answers = [attempt.answer for attempt in rounds if attempt.answer and not attempt.answer.of_nobody]
        failed = [answer.words for answer in answers if answer.words]
        return self._voice.say(
            "verify",
            keys=self.keys(),
            evidence=self._evidence(present),
            accept=self.accept(),
            reject=self.reject(),
            round=len(rounds),
            failed_before="; ".join(failed),
            **self.cause(),
        )

    def _evidence(self, present: Stage) -> str:
        sentences = []
        for item in (item for link in present.links for item in link.evidence):
            values = {"detail": item.detail} | ({"by": item.by} if item.kind == "phrase" else {})
            sentences.append(self._voice.say(f"evidence_{item.kind}", **values))
        return "; ".join(dict.fromkeys(sentences))

    def decision(self, present: Stage) -> str:
        """Return the question what to do about tickets that will not be fixed."""
        reasons = [
            link.ticket.resolution if link.ticket and not link.link.lost else "—" for link in present.links
        ]
        return self._voice.say(
            "decide", keys=self.keys(), reasons=", ".join(dict.fromkeys(reasons)), reject=self.reject()
        )

    def living(self, present: Stage) -> str:
        """Return the living note."""
        incident, dossier = self._draft.incident, self._draft.dossier
        return self._voice.say(
            "living",
            tickets="\n".join(self._ticket_line(link) for link in present.links),
            state=self.state(present),
            next=self.next(present),
            ball=self.ball(present),
            queue=incident.assigned_group,
            owner=incident.assignee,
            flags="; ".join(f"{flag.what.replace('_', ' ')}: {flag.detail}" for flag in dossier.flags),
            round=len(dossier.rounds),
            held=dossier.held,
        )

    def _ticket_line(self, link: LinkStage) -> str:
        ticket = self._draft.seen.tickets.get(link.link.ticket_id)
        return self._voice.say(
            "ticket_line",
            key=link.link.ticket_key,
            status=self._status(ticket),
            resolution=ticket.resolution if ticket else "",
            assignee=ticket.assignee if ticket else "",
            versions=", ".join(version.name for version in ticket.fix_versions) if ticket else "",
            follows=link.ticket.key if link.link.follows and link.ticket else "",
        )

    def _status(self, ticket: Ticket | None) -> str:
        """Return a ticket's status in words; one that nobody took up yet needs no workflow's name for that."""
        if ticket is None or ticket.category == "new" or not ticket.status:
            return self._voice.say("not_started")
        return ticket.status
