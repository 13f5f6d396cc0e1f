"""``bridge demo``: one day at a bank's front office, live, on the built-in simulators."""

from __future__ import annotations

import sys
import time
from collections.abc import MutableMapping
from typing import Annotated, Any, NoReturn

import structlog
import typer
from rich.live import Live

from bridge.cli.speech import Language, console, spoken
from bridge.rehearsal.day import Day, demo_rules
from bridge.rehearsal.office import CAST
from bridge.rehearsal.stand import Ports, Stand, addresses
from bridge.rehearsal.view import View, summary_table
from bridge.rehearsal.world import Flavour, World
from bridge.state.store import Store

#: How long one virtual minute takes to watch, in seconds.
PACE = 0.3


@spoken
def demo_command(
    flavour: Annotated[Flavour, typer.Option(help="Which Jira is simulated.")] = "cloud",
    pace: Annotated[
        float, typer.Option(min=0, help="Seconds that a virtual minute takes on a terminal.")
    ] = PACE,
    language: Annotated[Language, typer.Option(help="The language of the notes.")] = "en",
) -> None:
    """Play a day at a front office in fast motion.

    Incidents arrive, developers and second line work, and the bridge joins them, on two simulated servers. On a
    terminal the servers stay up afterwards, to poke at, until Ctrl-C; without one the story is printed once.
    """
    structlog.configure(processors=[_drop])
    world = World.build(CAST, flavour=flavour)
    rules = demo_rules()
    with Stand(world, Ports()) as stand, Store.open("sqlite://", exclusive=True) as store:
        view = View(world=world)
        bridge = world.reconciler(rules, store, served=(stand.desk_url, stand.tracker_url), language=language)
        day = Day(world=world, store=store, bridge=bridge, tell=view.tell)
        try:
            _play(day, view, pace)
            console().print(summary_table(day))
            if sys.stdout.isatty():
                console().print(addresses(stand), markup=False)
                console().print("The servers stay up, at the end of the story.  Ctrl-C ends everything.")
                while True:
                    time.sleep(1)
        except KeyboardInterrupt:
            console().print("Ended; nothing is left behind.")


def _drop(_logger: Any, _name: str, _event: MutableMapping[str, Any]) -> NoReturn:
    """Tell no log lines: the story is told by the view."""
    raise structlog.DropEvent


def _play(day: Day, view: View, pace: float) -> None:
    out = console()
    if not out.is_terminal:
        view.printing = out
        while not day.over:
            day.tick()
        return
    with Live(view.render(day), console=out, refresh_per_second=8, transient=False) as live:
        while not day.over:
            began = time.monotonic()
            day.tick()
            live.update(view.render(day))
            time.sleep(max(0.0, pace - (time.monotonic() - began)))
