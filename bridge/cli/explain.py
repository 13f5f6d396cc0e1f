"""``bridge explain INC…``: why an incident stands where it stands, from what the last looks showed."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from bridge.app import App, build
from bridge.cli.setting import settings_of
from bridge.cli.speech import console, plain, print_json, spoken
from bridge.decide.explain import Explanation, explain
from bridge.engine.observe import Observer
from bridge.engine.reconcile import Reconciler
from bridge.model.errors import BridgeError
from bridge.state.journal import Effect
from bridge.state.store import Store


@spoken
def explain_command(
    context: typer.Context,
    incident: Annotated[str, typer.Argument(metavar="INC…", help="The incident's number.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain one incident: conditions with the values they saw, the stage, facts with evidence, who acts next.

    Shows what the last looks showed and what the bridge did since; asks no server.
    """
    settings = settings_of(context)
    with (
        Store.scratch(settings.state) as store,
        build(settings, store, os.environ) as app,
    ):
        found = [
            (name, told, effects)
            for name, one in app.reconcilers.items()
            if (told := _explained(app, one, incident)) is not None
            for effects in [_effects(store, name, incident)]
        ]
    if not found:
        raise BridgeError(
            f"{incident} is not watched",
            why="nobody asked for a ticket in it, no rule opens one by itself, no ticket's key stands in its field",
            next_step="ask for a ticket in a note, or try `bridge plan` to see what the next look would do",
        )
    if as_json:
        print_json([{"pair": name, "explanation": told, "effects": done} for name, told, done in found])
        return
    for name, told, effects in found:
        _tell(name, told, effects)


def _explained(app: App, one: Reconciler, number: str) -> Explanation | None:
    seen = Observer(pair=one.pair, store=app.store).take(number)
    if seen is None:
        return None
    return explain(seen, one.pair.rules, one.pair.voice, one.pair.clock())


def _effects(store: Store, pair: str, number: str) -> tuple[Effect, ...]:
    with store.reading() as tx:
        return tx.journal.effects(pair, incident=number, limit=10)


def _tell(pair: str, told: Explanation, effects: tuple[Effect, ...]) -> None:
    out = console()
    tickets = ", ".join(told.tickets) or "no ticket"
    out.print(
        f"[bold]{told.incident}[/]  {told.status}, {plain(told.queue)}, {plain(told.owner) or 'nobody'}"
    )
    out.print(
        f"pair {pair}, rule {told.rule or '—'}, {tickets}, stage [bold]{told.stage}[/] ({plain(told.state)})"
    )
    _tell_conditions(told)
    _tell_facts(told)
    if told.missing:
        out.print(f"missing:   {', '.join(told.missing)}")
    out.print(f"now with:  {plain(told.ball) or '—'}")
    out.print(f"next:      {plain(told.next_step)}")
    for flag in told.flags:
        out.print(f"[yellow]needs a person:[/] {flag.what.replace('_', ' ')}: {plain(flag.detail)}")
    _tell_effects(effects)


def _tell_conditions(told: Explanation) -> None:
    out = console()
    for trial in told.verdict.trials:
        out.print(f"rule {trial.rule_name}: {'matches' if trial.matched else 'does not match'}")
        for line in trial.lines:
            sign = "yes" if line.holds else "no " if line.holds is False else "-  "
            saw = f"   is {plain(line.saw) or 'empty'}" if ":" not in line.text else ""
            out.print(f"  {sign}  {'  ' * line.depth}{plain(line.text)}{saw}")


def _tell_facts(told: Explanation) -> None:
    table = Table("fact", "there", "since", "evidence", box=None, pad_edge=False)
    for fact in told.facts:
        table.add_row(fact.name, "yes" if fact.holds else "no", _moment(fact.at), plain(fact.evidence) or "—")
    console().print(table)


def _tell_effects(effects: tuple[Effect, ...]) -> None:
    if not effects:
        return
    table = Table("when", "state", "what", "why", box=None, pad_edge=False)
    for effect in effects:
        why = f"{effect.action.reason}: {effect.error}" if effect.error else effect.action.reason
        table.add_row(
            _moment(effect.finished_at or effect.not_before), effect.state, effect.action.kind, plain(why)
        )
    console().print(table)


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else "—"
