"""The parts of sentences that several texts share, computed from one look at an incident."""

from __future__ import annotations

from datetime import timedelta

from bridge.decide.asked import deadline
from bridge.decide.cause import proposal, unknown_value
from bridge.decide.draft import Draft
from bridge.decide.evidence import first_line
from bridge.decide.lines import keys_with
from bridge.decide.stage import LinkStage, Stage, link_stage, stage
from bridge.decide.text import cut
from bridge.decide.workaround import known
from bridge.model.dossier import Link
from bridge.model.ticket import Ticket
from bridge.rules.shape import Rule

#: A comment this long before a ticket was resolved, or later, is taken for the reason.
AROUND = timedelta(days=1)
#: How much of a reason stands in the question, in characters; the comment itself is carried whole.
MOST_OF_A_REASON = 500


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
        """Return the field and the list of the second-level classification, a value that is none, and a suggestion."""
        cause = self._rule.hold.cause
        proposed, by = proposal(self._draft)
        return {
            "cause_field": cause.field if cause else "",
            "causes": ", ".join(cause.one_of) if cause else "",
            "cause_value": unknown_value(self._draft),
            "proposed": proposed,
            "proposed_by": by,
        }

    def failures(self, before: int) -> str:
        """Return what failed in the rounds before this one, each with its round and who said it."""
        told = [
            (attempt.number, attempt.answer)
            for attempt in self._draft.dossier.rounds
            if attempt.number < before and attempt.answer and attempt.answer.verdict == "failed"
        ]
        return "; ".join(
            self._voice.say("failure", round=number, author=answer.by_name, words=answer.words)
            for number, answer in told
            if not answer.of_nobody
        )

    def missing(self) -> str:
        """Return what is still missing before the incident may be resolved."""
        draft = self._draft
        present = stage(self._rule, draft.incident, draft.dossier, draft.seen.tickets)
        values = {
            "verified": {"accept": self.accept()},
            "cause": {name: self.cause()[name] for name in ("cause_field", "cause_value")},
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
        if _is_all_gone(present):
            return self._voice.say("next_decision_lost")
        return self._voice.say(f"next_{present.name}", **values.get(present.name, {}))

    def state(self, present: Stage) -> str:
        """Return the state of the fix."""
        if self._with_a_line(present):
            return self._voice.say(f"state_linked_{present.ball}")
        return self._voice.say("state_decision_lost" if _is_all_gone(present) else f"state_{present.name}")

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
        return self._voice.say(
            "verify",
            keys=self.keys(),
            evidence=self._evidence(present),
            accept=self.accept(),
            reject=self.reject(),
            round=len(rounds),
            failed_before=self.failures(before=len(rounds)),
            **{name: value for name, value in self.cause().items() if name != "cause_value"},
        )

    def _evidence(self, present: Stage) -> str:
        sentences = []
        for item in (item for link in present.links for item in link.evidence):
            values = {"detail": item.detail} | ({"by": item.by} if item.kind == "phrase" else {})
            sentences.append(self._voice.say(f"evidence_{item.kind}", **values))
        return "; ".join(dict.fromkeys(sentences))

    def decision(self, present: Stage) -> str:
        """Return the question what to do about tickets that will not be fixed."""
        if all(link.link.lost for link in present.links):
            return self._voice.say("decide_lost", keys=self.keys())
        reasons = [link.ticket.resolution for link in present.links if link.ticket and not link.link.lost]
        given = [self.given_reason(link) for link in present.links if link.needs_decision]
        return self._voice.say(
            "decide",
            keys=self.keys(),
            reasons=", ".join(dict.fromkeys(reasons)),
            given="; ".join(dict.fromkeys(filter(None, given))),
            reject=self.reject(),
        )

    def given_reason(self, link: LinkStage) -> str:
        """Return the last words of a person around a ticket's resolution, with who said them; empty where there are none."""
        ticket = link.ticket
        if ticket is None or link.link.lost:
            return ""
        since = ticket.resolved_at - AROUND if ticket.resolved_at else None
        said = [
            note
            for note in self._draft.seen.ticket_notes.get(ticket.id, ())
            if self._draft.is_human(note) and note.text.strip() and (since is None or note.at >= since)
        ]
        if not said:
            return ""
        last = max(said, key=lambda note: (note.at, note.id))
        text = cut(last.text.strip(), MOST_OF_A_REASON, "…")
        return self._voice.say("given", author=self._draft.name_of(last), key=ticket.key, text=text)

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
            workaround="; ".join(self._workarounds()),
            reassigned=self._reassigned(),
            deadline=self._deadline(present),
        )

    def _workarounds(self) -> list[str]:
        dossier = self._draft.dossier
        told = [dossier.ended_words] if dossier.ending == "workaround" else []
        if dossier.held:
            told = [one.text for one in known(self._draft)]
        return [first_line(text) for text in told]

    def _reassigned(self) -> str:
        moves = self._draft.dossier.reassigned
        if not moves:
            return ""
        return self._voice.say("moved_on", old=moves[-1].old, at=self._voice.moment(moves[-1].at))

    def _deadline(self, present: Stage) -> str:
        draft = self._draft
        until = deadline(self._rule, draft.incident, draft.dossier, present)
        return self._voice.moment(until) if until else ""

    def _ticket_line(self, link: LinkStage) -> str:
        ticket = self._draft.seen.tickets.get(link.link.ticket_id)
        return self._voice.say(
            "ticket_line",
            key=link.link.ticket_key,
            status=self._voice.say("out_of_sight") if link.link.lost else self._status(ticket),
            resolution=ticket.resolution if ticket and not link.link.lost else "",
            assignee=ticket.assignee if ticket else "",
            versions=", ".join(version.name for version in ticket.fix_versions) if ticket else "",
            follows=link.ticket.key if link.link.follows and link.ticket else "",
        )

    def _status(self, ticket: Ticket | None) -> str:
        """Return a ticket's status in words; one that nobody took up yet needs no workflow's name for that."""
        if ticket is None or ticket.category == "new" or not ticket.status:
            return self._voice.say("not_started")
        return ticket.status


def _is_all_gone(present: Stage) -> bool:
    """Whether Frontline has to decide since no ticket is there any more."""
    return present.name == "decision" and all(link.link.lost for link in present.links)
