"""A state that cannot be written ends in a clear message, and no tracker is written to."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from bridge.model.errors import StateError
from bridge.rehearsal.world import Flavour
from bridge.state.store import Store
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = [pytest.mark.promise("state that lasts"), pytest.mark.parametrize("flavour", FLAVOURS)]


def on_disk(scene: Scene, path: Path) -> None:
    """Let the bridge of a scene keep its state in a file."""
    scene.store = Store.open(f"sqlite:///{path}", exclusive=True)
    scene.bridge = scene.world.reconciler(scene.rules, scene.store)


def writes(scene: Scene) -> list[tuple[str, str]]:
    """What was asked of both servers that changes something."""
    seen = [*scene.world.desk_wire.seen, *scene.world.tracker_wire.seen]
    return [(method, path) for method, path in seen if method in ("PUT", "DELETE") or path.endswith("/issue")]


def test_a_full_disk_stops_before_any_write(flavour: Flavour, tmp_path: Path) -> None:
    """With no room for the journal nothing is done outside; with room again everything is, once."""
    scene = a_scene(flavour)
    on_disk(scene, tmp_path / "state.db")
    number = scene.opens()
    scene.look()
    with scene.store.engine.connect() as connection:
        pages = connection.connection.driver_connection.execute("PRAGMA page_count").fetchone()[0]

    def full(raw: object) -> None:
        raw.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    event.listen(scene.store.engine, "checkout", lambda raw, _record, _proxy: full(raw))
    scene.asks(number, "#ticket " + "the sum is blank, " * 2000)
    with pytest.raises(StateError, match="is full") as raised:
        scene.look(2)
    assert "make room" in raised.value.next_step
    assert writes(scene) == []
    scene.store.close()
    on_disk(scene, tmp_path / "state.db")
    scene.settle()
    assert scene.keys() == [scene.key(number)]


def test_a_corrupt_state_stops_before_any_write(flavour: Flavour, tmp_path: Path) -> None:
    """A damaged file is told with what to do, and nothing is done from half of a memory."""
    scene = a_scene(flavour)
    on_disk(scene, tmp_path / "state.db")
    number, _ = scene.linked()
    scene.store.close()
    data = bytearray((tmp_path / "state.db").read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    (tmp_path / "state.db").write_bytes(bytes(data))
    scene.resolves(number)
    before = len(writes(scene))

    def starts_again() -> None:
        on_disk(scene, tmp_path / "state.db")
        scene.look()

    with pytest.raises(StateError, match=r"damaged|could not be used") as raised:
        starts_again()
    assert raised.value.next_step
    assert len(writes(scene)) == before


def test_whichever_page_is_damaged_nothing_is_written(flavour: Flavour, tmp_path: Path) -> None:
    """Damage anywhere in the file is met before the first look, and the way out is named: no server hears of it."""
    scene = a_scene(flavour)
    path = tmp_path / "state.db"
    on_disk(scene, path)
    number, _ = scene.linked()
    scene.store.close()
    whole = path.read_bytes()
    scene.resolves(number)
    before = len(writes(scene))
    for page in range(len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        with pytest.raises(StateError, match="damaged") as raised:
            on_disk(scene, path)
        assert "bridge state rebuild" in raised.value.next_step
    assert len(writes(scene)) == before
    path.write_bytes(whole)
    on_disk(scene, path)
    scene.settle()
    assert scene.status(number) != "Resolved"
