"""``bridge approve``: plans that would touch too much at once, and a person's word on exactly one of them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bridge.cli.operator import operator
from bridge.cli.setting import settings_of, state_is_new
from bridge.cli.speech import console, moment, plain, print_json, spoken
from bridge.model.errors import BridgeError
from bridge.state.approvals import Withheld
from bridge.state.audit import Entry
from bridge.state.store import Store, Transaction


@spoken
def approve_command(
    context: typer.Context,
    checksum: Annotated[
        str | None, typer.Argument(metavar="CHECKSUM", show_default=False, help="The plan to approve.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the plans that wait.")] = False,
) -> None:
    """List the plans that are withheld, or approve one.

    Withheld is what would touch more than 30 % of at least ten links at once. The checksum names exactly that plan: where
    the world has moved on since, the plan is another one and has to be approved anew.
    """
    settings = settings_of(context)
    pairs = [pair.name for pair in settings.pairs]
    if state_is_new(settings):
        waiting: list[Withheld] = []
    else:
        with Store.open(settings.state, exclusive=False) as store, store.reading() as tx:
            waiting = [one for pair in pairs for one in tx.approvals.waiting(pair)]
    if checksum is not None:
        _approve(settings.state, _found(waiting, checksum))
    elif as_json:
        print_json([_data(one) for one in waiting])
    else:
        _tell(waiting)


def _found(waiting: list[Withheld], checksum: str) -> Withheld:
    for one in waiting:
        if one.checksum == checksum:
            return one
    raise BridgeError(
        f"no plan {checksum} waits for an approval",
        why="it was approved already, or the world has moved on and it is another plan now",
        next_step="see the plans that wait with: bridge approve",
    )


def _approve(url: str, one: Withheld) -> None:
    now, who = datetime.now(UTC), operator(os.environ)
    with Store.open(url, exclusive=False) as store, store.transaction() as tx:
        tx.approvals.approve(one.pair, one.checksum, who, now)
        _account(tx, one, who, now)
    console().print(
        f"Approved: {plain(one.sentence)}. It is carried out with the next look, if it is still that plan."
    )


def _account(tx: Transaction, one: Withheld, who: str, now: datetime) -> None:
    tx.audit.write(
        Entry(
            at=now,
            who=who,
            what="approve",
            outcome="approved",
            pair=one.pair,
            reason=one.sentence,
            request=one.checksum,
        )
    )


def _data(one: Withheld) -> dict[str, Any]:
    return {
        "pair": one.pair,
        "checksum": one.checksum,
        "cause": one.cause,
        "sentence": one.sentence,
        "since": one.asked_at,
        "plan": json.loads(one.plan),
    }


def _tell(waiting: list[Withheld]) -> None:
    out = console()
    for one in waiting:
        out.print(f"[bold]{one.checksum}[/]  pair {one.pair}, since {moment(one.asked_at)}")
        out.print(f"    {plain(one.sentence)}")
    if waiting:
        out.print("Next: look at it with --json, then bridge approve CHECKSUM, or take the change back.")
    else:
        out.print("No plan is withheld.")
