"""``bridge status``: how the bridge is doing, from its state alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.setting import settings_of, state_is_new
from bridge.cli.speech import FAILED, console, count, moment, plain, print_json, spoken
from bridge.pulse import patience
from bridge.settings import Ending, Pair, Settings, endings
from bridge.state.lag import lags
from bridge.state.outages import Away
from bridge.state.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How one pair is doing; ``late`` says that no look was finished in time, ``outages`` which sides are left alone."""

    pair: str
    looked_at: datetime | None
    sentence: str
    late: bool
    held: dict[str, int]
    lag_seconds: float
    effects: dict[str, int]
    dead: int
    plans_withheld: int
    secrets_ending: tuple[Ending, ...]
    outages: tuple[Away, ...]
    compared_at: datetime | None
    compared: str


@spoken
def status_command(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Tell how the bridge is doing: last looks, held, waiting.

    Asks no server. Exits with 1 where no look of a pair was finished in time.
    """
    settings = settings_of(context)
    found = [] if state_is_new(settings) else _of(settings, datetime.now(UTC))
    if as_json:
        print_json(found)
    else:
        _tell(found)
    if not found or any(one.late for one in found):
        raise typer.Exit(FAILED)


def _of(settings: Settings, now: datetime) -> list[Status]:
    allowed = patience(settings.schedule.poll, [settings.longest_call])
    with Store.open(settings.state, exclusive=False) as store, store.reading() as tx:
        return [
            _one(tx, pair, now, allowed.total_seconds(), endings(settings, now.date()))
            for pair in settings.pairs
        ]


def _one(tx: Transaction, of: Pair, now: datetime, allowed: float, ending: tuple[Ending, ...]) -> Status:
    pair = of.name
    ours = (f"desk {of.desk}: ", f"tracker {of.tracker}: ", "alive: ")
    last = next(iter(tx.diary.last(pair)), None)
    told = tx.drifts.told(pair)
    effects = {str(state): number for state, number in tx.journal.counts(pair).items()}
    return Status(
        pair=pair,
        looked_at=last.started_at if last else None,
        sentence=last.sentence if last else "",
        late=last is None or (now - last.started_at).total_seconds() > allowed,
        held=tx.dossiers.held_by_stage(pair),
        lag_seconds=round(max(lags(tx, pair, now).values()).total_seconds(), 1),
        effects=effects,
        dead=effects["dead"],
        plans_withheld=len(tx.approvals.waiting(pair)),
        secrets_ending=tuple(one for one in ending if one.what.startswith(ours)),
        outages=tx.outages.of(pair),
        compared_at=told.at,
        compared=told.sentence,
    )


def _tell(found: list[Status]) -> None:
    out = console()
    if not found:
        out.print("The bridge has not run yet: there is no state file. Next: bridge run")
    for one in found:
        late = "  [red]late: is it running?[/]" if one.late else ""
        out.print(f"[bold]{one.pair}[/]  last look {moment(one.looked_at)}{late}")
        if one.sentence:
            out.print(f"    {plain(one.sentence)}")
        for away in one.outages:
            since, again = moment(away.since), f"{away.next_probe:%H:%M:%S} UTC"
            out.print(
                f"    [red]the {away.side} is away[/] since {since}: {plain(away.why)}; asked again {again}"
            )
        stages = ", ".join(f"{number} {stage}" for stage, number in sorted(one.held.items()))
        out.print(f"    {sum(one.held.values())} held{f' ({stages})' if stages else ''}")
        waiting = one.effects["pending"] + one.effects["started"] + one.effects["unknown"]
        out.print(f"    {count(waiting, 'effect')} under way, lag {one.lag_seconds:.0f} s")
        if one.dead:
            out.print(f"    [red]{one.dead} given up[/]: bridge dead list")
        if one.compared_at is not None:
            out.print(f"    compared {moment(one.compared_at)}: {plain(one.compared)}")
        for ending in one.secrets_ending:
            out.print(f"    [yellow]{plain(ending.what)}[/]: {plain(ending.sentence)}")
        if one.plans_withheld:
            out.print(f"    [red]{count(one.plans_withheld, 'plan')} withheld[/]: bridge approve")
