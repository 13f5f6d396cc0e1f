"""``bridge explain INC…``: why an incident stands where it stands, from what the last looks showed."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.app import App, build
from bridge.cli.deeds import deed
from bridge.cli.setting import settings_of, state_is_new
from bridge.cli.speech import console, moment, plain, print_json, spoken
from bridge.decide.explain import Explanation, explain
from bridge.engine.observe import Observer
from bridge.engine.reconcile import Reconciler
from bridge.model.errors import BridgeError
from bridge.rules.match import TraceLine
from bridge.settings import Settings
from bridge.state.journal import Effect
from bridge.state.store import Store

#: How many of the latest effects are shown.
_LATEST = 10
_SIGNS = {True: "yes", False: "no ", None: "-  "}


@spoken
def explain_command(
    context: typer.Context,
    incident: Annotated[str, typer.Argument(metavar="INC…", help="The incident's number.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain why one incident stands where it stands.

    Shows the conditions of the rules with the values they saw, the stage, the facts with their evidence, who acts
    next, and what the bridge did lately. Asks no server.
    """
    settings = settings_of(context)
    with Store.scratch(settings.state) as store, build(settings, store, os.environ) as app:
        found = [
            (name, told, _effects(store, name, incident))
            for name, one in app.reconcilers.items()
            if (told := _explained(app, one, incident)) is not None
        ]
    if not found:
        raise _not_watched(incident, settings)
    if as_json:
        print_json([_as_data(*one) for one in found])
        return
    out = console()
    for name, told, effects in found:
        _tell(out, name, told, effects)


def _not_watched(incident: str, settings: Settings) -> BridgeError:
    if state_is_new(settings):
        return BridgeError(
            f"{incident} is not watched",
            why=f"there is no state file {settings.state_path} yet",
            next_step="run the bridge with this configuration first (`bridge run`), or correct the path of the state",
        )
    return BridgeError(
        f"{incident} is not watched",
        why="nobody asked for a ticket in it, no rule opens one by itself, no ticket's key stands in its field",
        next_step="ask for a ticket in a note, or try `bridge plan` to see what the next look would do",
    )


def _explained(app: App, one: Reconciler, number: str) -> Explanation | None:
    seen = Observer(pair=one.pair, store=app.store).take(number)
    if seen is None:
        return None
    return explain(seen, one.pair.rules, one.pair.voice, one.pair.clock())


def _effects(store: Store, pair: str, number: str) -> tuple[Effect, ...]:
    with store.reading() as tx:
        return tx.journal.effects(pair, incident=number, limit=_LATEST)


def _as_data(pair: str, told: Explanation, effects: tuple[Effect, ...]) -> dict[str, Any]:
    facts = [
        {"name": fact.name, "holds": fact.holds, "since": fact.at, "evidence": fact.evidence}
        for fact in told.facts
    ]
    return {
        "pair": pair,
        "incident": told.incident,
        "status": told.status,
        "queue": told.queue,
        "owner": told.owner,
        "rule": told.rule,
        "tickets": told.tickets,
        "stage": told.stage,
        "state": told.state,
        "round": told.round,
        "put_backs": told.put_backs,
        "conditions": told.verdict.trials,
        "facts": facts,
        "missing": told.missing,
        "with_whom": told.ball,
        "with_whom_since": told.ball_since,
        "balls": told.balls,
        "fields": told.fields,
        "next_step": told.next_step,
        "answer_by": told.deadline,
        "history": told.history,
        "flags": told.flags,
        "effects": [_effect_data(effect) for effect in effects],
    }


def _effect_data(effect: Effect) -> dict[str, Any]:
    return {
        "key": effect.key,
        "kind": effect.action.kind,
        "does": deed(effect.action),
        "reason": effect.action.reason,
        "state": effect.state,
        "attempts": effect.attempts,
        "finished_at": effect.finished_at,
        "not_before": effect.not_before,
        "error": effect.error,
    }


def _tell(out: Console, pair: str, told: Explanation, effects: tuple[Effect, ...]) -> None:
    tickets = plain(", ".join(told.tickets)) or "no ticket"
    where = f"{plain(told.queue) or 'no queue'}, {plain(told.owner) or 'nobody'}"
    out.print(f"[bold]{plain(told.incident)}[/]  {plain(told.status)}, {where}")
    out.print(f"pair {pair}, rule {told.rule or '—'}, {tickets}")
    out.print(f"stage [bold]{told.stage}[/]: {plain(told.state)}")
    _tell_conditions(out, told)
    out.print()
    _tell_facts(out, told)
    _tell_fields(out, told)
    out.print()
    if told.missing:
        out.print(f"missing:   {', '.join(told.missing)}")
    since = f", since {moment(told.ball_since)}" if told.ball_since else ""
    out.print(f"now with:  {plain(told.ball) or 'nobody'}{since}")
    out.print(f"next:      {plain(told.next_step)}")
    if told.deadline is not None:
        out.print(f"answer by: {moment(told.deadline)}")
    for line in told.history:
        out.print(f"noted:     {plain(line)}")
    for flag in told.flags:
        out.print(f"[yellow]needs a person:[/] {plain(flag.what.replace('_', ' '))}: {plain(flag.detail)}")
    _tell_effects(out, effects)


def _tell_conditions(out: Console, told: Explanation) -> None:
    for trial in told.verdict.trials:
        out.print(f"\nrule {trial.rule_name} {'matches' if trial.matched else 'does not match'}")
        depths = [*(line.depth for line in trial.lines), 0][1:]
        for line, deeper in zip(trial.lines, depths, strict=True):
            words = _group(line) if deeper > line.depth else _condition(line)
            out.print(f"  {_SIGNS[line.holds]}  {'  ' * line.depth}{plain(words)}")


def _group(line: TraceLine) -> str:
    """Return the head of a group only: its conditions follow, one a line."""
    return line.text.split(":", 1)[0]


def _condition(line: TraceLine) -> str:
    return f"{line.text} (it is {line.saw})" if line.saw else f"{line.text} (it is empty)"


def _tell_facts(out: Console, told: Explanation) -> None:
    table = Table("fact", "there", "since", "evidence", box=None, pad_edge=False)
    for fact in told.facts:
        table.add_row(fact.name, "yes" if fact.holds else "no", moment(fact.at), plain(fact.evidence) or "—")
    out.print(table)


def _tell_fields(out: Console, told: Explanation) -> None:
    if not told.fields:
        return
    out.print()
    table = Table("field", "owner", "incident", "ticket", "agreed last", "stands", box=None, pad_edge=False)
    for field in told.fields:
        name = f"{field.ticket} {field.field}".strip()
        why = f"{field.stands} ({field.case})" if field.case else field.stands
        values = (field.here, field.there, field.agreed)
        table.add_row(plain(name), field.owner, *(plain(value) or "—" for value in values), plain(why))
    out.print(table)


def _tell_effects(out: Console, effects: tuple[Effect, ...]) -> None:
    if not effects:
        return
    out.print()
    table = Table("when", "state", "what", "why", box=None, pad_edge=False)
    for effect in effects:
        why = f"{effect.action.reason}: {effect.error}" if effect.error else effect.action.reason
        when = moment(effect.finished_at or effect.not_before)
        table.add_row(when, effect.state, plain(deed(effect.action)), plain(why))
    out.print(table)
