"""``bridge audit``: who did what, when, why, and how it went."""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from bridge.cli.setting import settings_of, state_is_new
from bridge.cli.since import since_option
from bridge.cli.speech import console, moment, plain, spoken
from bridge.model.errors import StateError
from bridge.state.audit import Entry
from bridge.state.store import Store

#: How many lines are shown to people; programs get all.
_SHOWN = 200
#: How much of a value is shown to people.
_LONGEST = 60


@spoken
def audit_command(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        since_option("From this moment on (UTC); else all."),
    ] = None,
    incident: Annotated[
        str | None, typer.Option("--incident", metavar="INC...", help="Only of this incident.")
    ] = None,
    pair: Annotated[str | None, typer.Option("--pair", metavar="NAME", help="Only of this pair.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check that no line was changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show who did what, when, and why.

    Each line has who, what, when, rule, before and after, request and outcome. The trail can only be added to. Asks no
    server.
    """
    settings = settings_of(context)
    if state_is_new(settings):
        if not as_json:
            console().print("Nothing was done yet: there is no state file.")
        return
    with Store.open(settings.state, exclusive=False) as store, store.reading() as tx:
        if verify:
            _verify(tx.audit.broken())
            return
        found = tx.audit.since(since, pair=pair, incident=incident)
        if as_json:
            for entry in found:
                sys.stdout.write(json.dumps(_data(entry), ensure_ascii=False) + "\n")
        else:
            _tell(list(itertools.islice(found, _SHOWN + 1)))


def _verify(broken: str) -> None:
    if broken:
        raise not_whole(broken)
    console().print("The audit trail is whole.")


def not_whole(broken: str) -> StateError:
    """Return what a person should read of a trail that somebody changed."""
    return StateError(
        "The audit trail is not whole",
        why=broken,
        next_step="compare it with the newest backup (bridge state export), and find out who can write the file",
    )


def _data(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "at": entry.at.isoformat()}


def _tell(entries: list[Entry]) -> None:
    out = console()
    if not entries:
        out.print("Nothing was done in this time.")
        return
    table = Table("when", "who", "incident", "what", "outcome", "why", "change", box=None, pad_edge=False)
    for entry in entries[:_SHOWN]:
        why = f"{entry.reason}: {entry.words}" if entry.words else entry.reason
        table.add_row(
            *(moment(entry.at), plain(entry.who), plain(entry.incident), entry.what.replace("_", " ")),
            *(entry.outcome, plain(why), plain(_change(entry))),
        )
    out.print(table)
    if len(entries) > _SHOWN:
        out.print(f"The first {_SHOWN} are shown; narrow it with --since or --incident, or use --json.")


def _change(entry: Entry) -> str:
    names = dict.fromkeys((*entry.before, *entry.after))
    parts = []
    for name in names:
        before, after = _short(entry.before.get(name, "")), _short(entry.after.get(name, ""))
        parts.append(f"{name}: {before} → {after}" if before else f"{name}: {after}")
    return "; ".join(parts)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
