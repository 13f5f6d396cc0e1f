"""Bringing a state to the schema of this version, or saying why that cannot be done.

A migration runs inside one transaction: a process killed half-way leaves the schema that was there before.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from bridge.model.errors import StateError
from bridge.state.schema import REVISION

_VERSION_TABLE = "alembic_version"
_FOLDER = Path(__file__).with_name("migrations")
# Alembic keeps the migration that runs in a global of its own.
_ONE_AT_A_TIME = threading.Lock()


def upgrade(connection: Connection, place: str) -> None:
    """Bring the schema to this version, in the connection's open transaction.

    ``StateError`` where the file belongs to another program or was written by a newer bridge.
    """
    found = _revision(connection, place)
    if found == REVISION:
        return
    if found > REVISION:
        raise _too_new(place, found)
    try:
        with _ONE_AT_A_TIME:
            migrate(connection)
    except LookupError as failure:
        raise _lost(place, found) from failure


def older_revision(connection: Connection, place: str) -> str:
    """Return the version of a state's schema where it is older than this one's, empty where it is not, or is new."""
    found = _revision(connection, place)
    return found if found < REVISION else ""


def require_current(connection: Connection, place: str) -> None:
    """Raise ``StateError`` unless the schema is that of this version; for those who may not change it."""
    found = _revision(connection, place)
    if found == REVISION:
        return
    if found > REVISION:
        raise _too_new(place, found)
    raise StateError(
        f"The state {place} has not been prepared by this version of the bridge",
        why=f"its schema is {found or 'empty'}, this version needs {REVISION}",
        next_step="start the daemon once (bridge run), which prepares it",
    )


def _revision(connection: Connection, place: str) -> str:
    names = inspect(connection).get_table_names()
    if not names:
        return ""
    if _VERSION_TABLE not in names:
        raise StateError(
            f"The file {place} is a database, but not a state of the bridge",
            why=f"it holds other tables, for instance {names[0]}",
            next_step="correct the path of the state file in the configuration",
        )
    versions = table(_VERSION_TABLE, column("version_num"))
    return str(connection.execute(select(versions.c.version_num)).scalar() or "")


def _too_new(place: str, found: str) -> StateError:
    return StateError(
        f"The state {place} was written by a newer version of the bridge",
        why=f"its schema is {found}, this version knows up to {REVISION}",
        next_step="install that newer version again, or restore the backup made before the upgrade",
    )


def _lost(place: str, found: str) -> StateError:
    return StateError(
        f"The state {place} cannot be brought to this version's schema",
        why=f"this version has no way from the schema {found or 'empty'} to {REVISION}",
        next_step="install the bridge again, since its migrations seem to be missing",
    )


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run all migrations that a state lacks up to a revision; ``LookupError`` where one of them is not there."""
    # Imported here, as it takes a fifth of the start of every command, and hardly any start migrates.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    settings = Config()
    # Config interpolates percent signs, and a path may hold one.
    settings.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, revision)
    except CommandError as failure:
        raise LookupError(str(failure)) from failure
