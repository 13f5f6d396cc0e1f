"""Everything that is done outside stands in the audit trail, with what was there before."""

from __future__ import annotations

import pytest

from bridge.rehearsal.world import Flavour
from bridge.state.audit import Entry
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = [pytest.mark.promise("audit"), pytest.mark.parametrize("flavour", FLAVOURS)]


def trail(scene: Scene) -> list[Entry]:
    """The whole trail."""
    with scene.store.reading() as tx:
        assert tx.audit.broken() == ""
        return list(tx.audit.since())


def test_every_effect_has_one_line(flavour: Flavour) -> None:
    """Each effect that was done has exactly one line, with its rule, its request and its outcome."""
    scene = a_scene(flavour)
    number, _ = scene.linked()
    lines = trail(scene)
    with scene.store.reading() as tx:
        done = tx.journal.outcomes("retail", number).done
    assert sorted(line.request for line in lines) == sorted(f"{key}#1" for key in done)
    assert {line.who for line in lines} == {"bridge"}
    assert {line.outcome for line in lines} == {"done"}
    assert {line.rule for line in lines} == {"front-office-defects"}


def test_what_was_overwritten_is_kept(flavour: Flavour) -> None:
    """A status that was set is told with the one before it, a new ticket with its key."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    by_kind = {line.what: line for line in trail(scene)}
    waiting = by_kind["set_incident"]
    assert (waiting.before["status"], waiting.after["status"]) == ("In Progress", "Pending")
    assert by_kind["create_ticket"].after["left"] == key
    assert waiting.incident == number
