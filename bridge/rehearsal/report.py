"""The table at the end of a replay: what the bridge did, what was made up, what it cost, and the zeros."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bridge.engine.reconcile import Reconciler
from bridge.model.dossier import Dossier
from bridge.rehearsal.development import PROJECTS
from bridge.rehearsal.drive import Drive
from bridge.rehearsal.floor import Cost, cost_of
from bridge.rehearsal.incident_log import IncidentLog
from bridge.rehearsal.promises import Promises
from bridge.rehearsal.schedule import Diary
from bridge.rehearsal.side_roads import TABLE
from bridge.rehearsal.witness import Finding, Witness
from bridge.rehearsal.world import World
from bridge.state.store import Store

Section = Literal["log", "bridge", "side roads", "made up", "cost", "zeros"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table."""

    section: Section
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a replay showed; ``surprises`` are refusals and failures, which need not break a zero."""

    lines: tuple[Line, ...]
    zeros: tuple[Finding, ...]
    surprises: tuple[str, ...]

    @property
    def zeros_hold(self) -> bool:
        """Whether every zero is one."""
        return all(zero.count == 0 for zero in self.zeros)


def report_of(
    log: IncidentLog,
    hand_overs: frozenset[str],
    world: World,
    store: Store,
    drive: Drive,
    diary: Diary,
    left_out: dict[str, int],
) -> Report:
    """Return the report of a finished replay."""
    witness = Witness(world=world, diary=diary, projects=PROJECTS)
    promises = Promises(witness=witness)
    zeros = (
        witness.unlinked(hand_overs),
        witness.duplicate_tickets(),
        witness.duplicate_notes(),
        witness.lost_notes(),
        witness.lost_comments(),
        witness.unverified(),
        witness.put_back_in_vain(),
        witness.still_open(),
        *promises.findings(),
        promises.never_taken(len(hand_overs)),
    )
    dossiers, effects = _memory(store, drive.bridge)
    put_backs = sum(map(witness.put_backs, witness.tickets))
    cost = cost_of(world, diary, drive.looks, effects=sum(effects.values()), put_backs=put_backs)
    lines = (
        *_log(log, hand_overs, left_out),
        *_bridge(witness, dossiers, diary, put_backs),
        *(_line("side roads", road, diary.roads[road]) for road in TABLE),
        *(_line("made up", name, count) for name, count in sorted(diary.made_up.items())),
        *_cost(cost, drive, effects),
        *(_line("zeros", zero.name, zero.count) for zero in zeros),
    )
    surprises = Counter(drive.surprises) + Counter(
        {f"refused: {text}": n for text, n in diary.refused.items()}
    )
    if drive.refused:
        surprises[f"{drive.refused} effects were refused by a server"] = drive.refused
    return Report(
        lines=lines,
        zeros=zeros,
        surprises=tuple(f"{name} ({count})" for name, count in surprises.most_common()),
    )


def _line(section: Section, name: str, value: object) -> Line:
    return Line(section=section, name=name, value=f"{value:,}" if isinstance(value, int) else str(value))


def _memory(store: Store, bridge: Reconciler) -> tuple[list[Dossier], Counter[str]]:
    name = bridge.pair.name
    with store.reading() as tx:
        dossiers = [known.dossier for known in tx.dossiers.each(name)]
        done: Counter[str] = Counter()
        for dossier in dossiers:
            done.update(
                effect.action.kind
                for effect in tx.journal.effects(name, incident=dossier.incident, state="done")
            )
    return dossiers, done


def _log(log: IncidentLog, hand_overs: frozenset[str], left_out: dict[str, int]) -> Iterator[Line]:
    yield _line("log", "rows read", log.rows)
    yield _line("log", "incidents seen", len(log.histories))
    yield _line("log", "hand-overs, counted independently", len(hand_overs))
    for reason, count in sorted({**log.left_out, **left_out}.items()):
        yield _line("log", f"left out: {reason}", count)


def _bridge(witness: Witness, dossiers: list[Dossier], diary: Diary, put_backs: int) -> Iterator[Line]:
    linked = [dossier for dossier in dossiers if dossier.links]
    answers = [attempt.answer for dossier in linked for attempt in dossier.rounds if attempt.answer]
    yield _line("bridge", "linked", len(witness.tickets))
    yield _line("bridge", "held", sum(not dossier.was_resolved for dossier in linked))
    yield _line("bridge", "held at the end", sum(dossier.held for dossier in linked))
    yield _line("bridge", "put back (times)", put_backs)
    yield _line("bridge", "put back (incidents)", sum(bool(witness.put_backs(n)) for n in witness.tickets))
    yield _line("bridge", "flagged", sum(bool(d.flags) or d.ending == "closed_early" for d in linked))
    yield _line(
        "bridge",
        "asked to verify (rounds)",
        sum(bool(attempt.asked_at) for dossier in linked for attempt in dossier.rounds),
    )
    yield _line("bridge", "verified", sum(answer.verdict == "verified" for answer in answers))
    yield _line("bridge", "verified by resolving", sum(answer.how == "resolved" for answer in answers))
    yield _line("bridge", "failed", sum(answer.verdict == "failed" for answer in answers))
    yield _line("bridge", "reminders", sum(len(witness.marked(n, "told/remind/")) for n in witness.tickets))
    yield _line("bridge", "declined and accepted", sum(dossier.ending == "declined" for dossier in linked))
    reopened = {deed.number for deed in diary.entries if deed.what == "reopened"}
    yield _line("bridge", "reopened by people", len(reopened))
    yield _line("bridge", "reopened by people, linked", len(reopened & set(witness.tickets)))
    yield _line("bridge", "people's notes carried", sum(len(witness.human_notes(n)) for n in witness.tickets))
    yield _line(
        "bridge", "people's comments carried", sum(len(witness.human_comments(n)) for n in witness.tickets)
    )


def _cost(cost: Cost, drive: Drive, effects: Counter[str]) -> Iterator[Line]:
    yield _line("cost", "looks", len(drive.looks))
    for kind, count in effects.most_common():
        yield _line("cost", f"effects: {kind.replace('_', ' ')}", count)
    for kind, count in cost.made.items():
        yield _line("cost", f"requests: {kind}", count)
    for reason, count in cost.floor.items():
        yield _line("cost", f"floor: {reason}", count)
    yield _line("cost", "requests", sum(cost.made.values()))
    yield _line("cost", "floor", sum(cost.floor.values()))
    yield _line("cost", "requests for each of the floor", f"{cost.ratio:.2f}")
