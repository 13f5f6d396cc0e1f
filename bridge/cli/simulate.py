"""``bridge simulate``: both simulated servers alone, for rehearsing by hand or with a REST client."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.speech import console, spoken
from bridge.model.errors import BridgeError
from bridge.rehearsal.stand import Ports, Stand, addresses, rehearsal
from bridge.rehearsal.world import flavour_of


def _now() -> datetime:
    return datetime.now(UTC)


@spoken
def simulate_command(
    flavour: Annotated[str, typer.Option(help="cloud or datacenter.")] = "cloud",
    desk_port: Annotated[int, typer.Option(help="Port of the simulated Remedy; 0 takes a free one.")] = 8008,
    tracker_port: Annotated[int, typer.Option(help="Port of the simulated Jira; 0 takes a free one.")] = 8080,
) -> None:
    """Serve a simulated Remedy and a simulated Jira on this machine until Ctrl-C, with a few incidents to play with.

    Prints their addresses, accounts, and a configuration for the bridge between them.
    """
    try:
        stand = Stand.real_time(flavour_of(flavour), Ports(desk=desk_port, tracker=tracker_port), _now)
    except OSError as error:
        raise BridgeError(
            "the simulators cannot be served",
            why=str(error),
            next_step="another program has the port: name others with --desk-port and --tracker-port, or 0",
        ) from error
    with stand:
        stand.open_some()
        console().print(addresses(stand), markup=False)
        console().print(rehearsal(stand), markup=False)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            console().print("Stopped.")
