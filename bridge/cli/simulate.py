"""``bridge simulate``: both simulated servers alone, for rehearsing by hand or with a REST client."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.speech import console, spoken
from bridge.model.errors import BridgeError
from bridge.rehearsal.stand import Ports, Stand, addresses, rehearsal
from bridge.rehearsal.world import Flavour


def _now() -> datetime:
    return datetime.now(UTC)


def _require_free(port: int) -> None:
    """Raise ``BridgeError`` where another program listens at a port; 0 is always free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BridgeError(
                f"the simulators cannot be served at port {port}",
                why=error.strerror or str(error),
                next_step="name other ports with --desk-port and --tracker-port, or 0 for free ones",
            ) from error


@spoken
def simulate_command(
    flavour: Annotated[Flavour, typer.Option(help="Which Jira is simulated.")] = "cloud",
    desk_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the simulated Remedy; 0 takes a free one.")
    ] = 8008,
    tracker_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the simulated Jira; 0 takes a free one.")
    ] = 8080,
) -> None:
    """Serve a simulated Remedy and a simulated Jira until Ctrl-C.

    They answer on this machine only and hold a few incidents to play with. Prints their addresses, their accounts,
    and a configuration for a bridge between them.
    """
    for port in (desk_port, tracker_port):
        _require_free(port)
    stand = Stand.real_time(flavour, Ports(desk=desk_port, tracker=tracker_port), _now)
    with stand:
        stand.open_some()
        console().print(addresses(stand), markup=False)
        console().print(rehearsal(stand), markup=False)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            console().print("Stopped.")
