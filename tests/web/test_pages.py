"""Health, readiness and metrics, asked over real HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from bridge.model.errors import ConfigError
from bridge.pulse import Pulse, Standing
from bridge.state.store import Store
from bridge.web.serve import Pages, is_loopback
from tests.state.state_samples import dossier, link

pytestmark = pytest.mark.promise("seen from outside")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hand() -> Hand:
    """A clock."""
    return Hand()


@pytest.fixture
def pulse(hand: Hand) -> Pulse:
    """The pulse of a process with two pairs that has just begun."""
    found = Pulse(clock=hand, poll=timedelta(seconds=30))
    found.begins(("retail", "cards"))
    return found


@pytest.fixture
def pages(pulse: Pulse) -> Iterator[Pages]:
    """Its pages, served."""
    with (
        Store.open("sqlite://", exclusive=True) as store,
        Pages(pulse=pulse, store=store, host="127.0.0.1", port=0) as served,
    ):
        yield served


def look(pulse: Pulse, *pairs: str, down: tuple[str, ...] = ()) -> None:
    """Let pairs finish a look."""
    for name in pairs:
        pulse.beats(name, began=pulse.clock(), sentence="looked", down=down, done=3)


def ask(pages: Pages, path: str, **headers: str) -> requests.Response:
    """Ask a page."""
    return requests.get(pages.address + path, headers=headers, timeout=10)


def values(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The samples of a scrape by name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_health_follows_progress_and_not_the_trackers(pages: Pages, pulse: Pulse, hand: Hand) -> None:
    """A tracker that is away is no illness; a pair without a finished look for three intervals is."""
    assert ask(pages, "/healthz").status_code == 200
    hand.now += timedelta(seconds=80)
    look(pulse, "retail", "cards", down=("tracker",))
    assert ask(pages, "/healthz").status_code == 200
    hand.now += timedelta(seconds=80)
    look(pulse, "retail")
    hand.now += timedelta(seconds=20)
    answer = ask(pages, "/healthz")
    assert (answer.status_code, answer.json()["late"]) == (503, ["cards"])
    look(pulse, "cards")
    assert ask(pages, "/healthz").json() == {"alive": True, "late": []}


def test_a_long_look_that_moves_on_is_health(pages: Pages, pulse: Pulse, hand: Hand) -> None:
    """Catching up may take many intervals; as long as steps are done nobody restarts the process."""
    for _ in range(20):
        hand.now += timedelta(seconds=60)
        pulse.moves("retail")
        pulse.moves("cards")
    assert ask(pages, "/healthz").status_code == 200
    hand.now += timedelta(seconds=120)
    assert ask(pages, "/healthz").status_code == 503


def test_ready_after_the_first_look_of_each_pair(pages: Pages, pulse: Pulse) -> None:
    """Until every pair looked, and where the state fails, the process is not ready and says why."""
    assert ask(pages, "/readyz").status_code == 503
    look(pulse, "retail")
    assert ask(pages, "/readyz").json()["missing"] == ["pair cards has not looked yet"]
    look(pulse, "cards", down=("desk", "tracker"))
    assert ask(pages, "/readyz").status_code == 200
    pulse.state_works = False
    assert "state" in ask(pages, "/readyz").json()["missing"][0]


def test_metrics_tell_what_happened(pages: Pages, pulse: Pulse, hand: Hand) -> None:
    """Looks, answers of each side, requests, effects and the last reload are there to be scraped."""
    pulse.requests = lambda: Counter({("tracker", "jira", "POST", "writing a comment", "201"): 7})
    look(pulse, "retail", down=("desk",))
    look(pulse, "retail", down=("desk",))
    pulse.reloads(worked=False)
    answer = ask(pages, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    found = values(answer.text)
    retail = ("pair", "retail")
    assert found["bridge_last_success_timestamp_seconds"] == {(retail, ("side", "tracker")): NOON.timestamp()}
    assert found["bridge_side_down"][(retail, ("side", "desk"))] == 1
    assert found["bridge_effects_carried_out_total"][(("outcome", "done"), retail)] == 6
    assert list(found["bridge_http_requests_total"].values()) == [7]
    assert found["bridge_dead_letters"][(retail,)] == 0
    assert found["bridge_config_last_reload_successful"][()] == 0


def test_metrics_tell_of_a_withheld_plan(pages: Pages, pulse: Pulse) -> None:
    """A plan that waits for a person counts until it is approved."""
    with pages.store.transaction() as tx:
        tx.approvals.ask("retail", "0123456789ab", "unseen", "10 of 10 are out of sight", "{}", NOON)
    look(pulse, "retail")
    retail = (("pair", "retail"),)
    assert values(ask(pages, "/metrics").text)["bridge_plans_withheld"][retail] == 1
    with pages.store.transaction() as tx:
        tx.approvals.approve("retail", "0123456789ab", "root", NOON)
    look(pulse, "retail")
    assert values(ask(pages, "/metrics").text)["bridge_plans_withheld"][retail] == 0


def test_metrics_tell_how_long_the_oldest_waits(pages: Pages, pulse: Pulse, hand: Hand) -> None:
    """The age of the oldest link that is held, and 0 where a pair holds nothing."""
    waiting = dossier("INC1", link("1", linked_at=NOON - timedelta(hours=5)), link("2", linked_at=NOON))
    with pages.store.transaction() as tx:
        tx.dossiers.save("retail", waiting, stage="linked", look_again_at=None, at=NOON)
    hand.now += timedelta(hours=1)
    oldest = values(ask(pages, "/metrics").text)["bridge_held_oldest_seconds"]
    assert oldest == {(("pair", "retail"),): 6 * 3600.0, (("pair", "cards"),): 0.0}


def test_metrics_tell_of_the_servers(pages: Pages, pulse: Pulse) -> None:
    """Open breakers, time spared by reason, what was carried which way, and echoes are there to be scraped."""
    spared = {("tracker", "jira", "jira-burst-based"): 12.5}
    pulse.standing = lambda: Standing(
        open={("tracker", "jira"): True, ("desk", "itsm"): False}, spared=spared
    )
    for _ in range(2):
        pulse.beats("retail", began=NOON, sentence="", down=(), carried={"to_tracker": 2}, echoes=3)
    found = values(ask(pages, "/metrics").text)
    system, tracker = ("system", "jira"), ("side", "tracker")
    assert found["bridge_breaker_open"][(tracker, system)] == 1
    assert found["bridge_breaker_open"][(("side", "desk"), ("system", "itsm"))] == 0
    reason = ("reason", "jira-burst-based")
    assert found["bridge_rate_limited_seconds_total"] == {(reason, tracker, system): 12.5}
    retail = ("pair", "retail")
    assert found["bridge_changes_mirrored_total"][(("direction", "to_tracker"), retail)] == 4
    assert found["bridge_changes_mirrored_total"][(("direction", "to_desk"), retail)] == 0
    assert found["bridge_echoes_suppressed_total"][(retail,)] == 6


def test_there_are_few_series(pages: Pages, pulse: Pulse) -> None:
    """Ten pairs stay below three hundred series, apart from the kinds of requests."""
    names = tuple(f"pair{number}" for number in range(10))
    pulse.begins(names)
    look(pulse, *names)
    found = values(ask(pages, "/metrics").text)
    assert sum(len(series) for series in found.values()) <= 300


def test_only_this_machine_is_answered(pages: Pages) -> None:
    """A caller that names another host, as one that rebound a name, is refused."""
    assert ask(pages, "/healthz", Host="evil.example.com").status_code == 400
    assert ask(pages, "/nothing").status_code == 404
    assert requests.post(pages.address + "/healthz", timeout=10).status_code == 405


def test_a_port_in_use_is_told(pages: Pages, pulse: Pulse) -> None:
    """A second server on the same port refuses to start and says what to do."""
    port = int(pages.address.rpartition(":")[2])
    second = Pages(pulse=pulse, store=pages.store, host="127.0.0.1", port=port)
    with pytest.raises(ConfigError, match="cannot be served") as raised:
        second.__enter__()
    assert raised.value.next_step


def test_what_is_local() -> None:
    """Loopback addresses are local, nothing else is."""
    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "10.0.0.1", "bridge.example.com")))
