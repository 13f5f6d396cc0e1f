"""What the libraries and engines below other bridges were seen to fail at, by name.

Each docstring begins with the products and, where there are some, the numbers of the issues. What cannot happen here, since
there is no such part:

- procrastinate #740, #1446, #1518, #1543 and #1599, DBOS #541, #716 and #742, Celery #5935, Dramatiq's redelivery,
  APScheduler #946: there is no queue; a killed process is started again and looks (``tests/crash``).
- authentik #23876: nobody is elected by an advisory lock; one state file has one process, whose lock ends with
  it (``tests/state/test_state_opening.py``).
- Sentry #68470 and #68742, crossplane's annotations: remedies, not failures.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import distributions, version
from pathlib import Path
from typing import NoReturn

import pytest
import urllib3
from apscheduler.triggers.cron import CronTrigger
from structlog.testing import capture_logs

from bridge.daemon import Daemon
from bridge.model.errors import Unreachable
from bridge.rules.template import TemplateProblem, compile_template
from bridge.simulators.faults import Fault
from bridge.simulators.jira import Throttle
from bridge.simulators.wire import Request, Response, TimedOut
from tests.flow.ruled import mirroring
from tests.flow.scene import FLAVOURS, Scene, a_scene, creates
from tests.flow.test_dead_letters import ACCOUNT

pytestmark = pytest.mark.promise("the rivals' failures")

LOCKED = Path(__file__).parents[2] / "requirements.lock"
#: How long a thread may take on a busy machine, in seconds.
PATIENCE = 30.0


@pytest.fixture(params=FLAVOURS)
def scene(request: pytest.FixtureRequest) -> Scene:
    """A scene with either Jira."""
    return a_scene(request.param)


def comments(request: Request) -> bool:
    """Whether a request writes a comment."""
    return request.method == "POST" and request.path.endswith("/comment")


def crossed(scene: Scene, key: str, words: str) -> int:
    """How many comments of a ticket hold these words."""
    return sum(words in text for text in scene.comments(key))


def sent(scene: Scene, ending: str) -> int:
    """How often the tracker was sent something to a path with this ending."""
    return sum(method == "POST" and path.endswith(ending) for method, path in scene.world.tracker_wire.seen)


# -- a server that tells late what it has done


def test_what_the_index_does_not_show_yet_is_not_created_again(scene: Scene) -> None:
    """Crossplane #283: what a stale index did not show after a lost answer was taken for not created, and made again."""
    lag = timedelta(minutes=9) if scene.world.flavour == "cloud" else timedelta(seconds=100)
    people = scene.world.tracker.people

    def hides() -> NoReturn:
        people.vanishes_from_search(scene.keys()[-1], lag)
        raise TimedOut

    fault = scene.world.tracker_wire.add(Fault(kind="call_after", match=creates, call=hides))
    number = scene.opens()
    scene.asks(number)
    scene.look(30)
    assert fault.times == 0
    assert scene.keys() == [scene.key(number)]
    assert sent(scene, "/issue") == 1


def test_a_note_that_changes_nothing_else_is_seen(scene: Scene) -> None:
    """BMC Remedy (its own manual): a note leaves the incident's Last Modified Date as it is; polls of that miss it."""
    number, key = scene.linked()
    before = scene.incident(number)["Last Modified Date"]
    scene.world.clock.advance(timedelta(minutes=10))
    scene.writes(number, "The customer rang again.")
    assert scene.incident(number)["Last Modified Date"] == before
    scene.look(2)
    assert crossed(scene, key, "rang again") == 1


# -- the jira library


def test_a_date_to_come_back_at_is_understood(scene: Scene) -> None:
    """The jira library 3.10.5: it ended with an error over a ``Retry-After`` that is a date."""
    number, key = scene.linked()
    ends = scene.world.clock() + timedelta(seconds=70)

    def too_early(request: Request) -> bool:
        return scene.world.clock() < ends and comments(request)

    scene.world.tracker.throttle(Throttle(times=None, retry_after=ends, match=too_early))
    scene.writes(number, "The customer rang again.")
    scene.look(2)
    assert (crossed(scene, key, "rang again"), sent(scene, "/comment")) == (0, 1)
    scene.look(2)
    assert crossed(scene, key, "rang again") == 1


def test_a_busy_server_that_names_no_time_is_asked_again(scene: Scene) -> None:
    """The jira library 3.10.5: a 503 without ``Retry-After`` was not tried again."""
    number, key = scene.linked()
    busy = Response.of_text(503, "busy")
    fault = scene.world.tracker_wire.add(Fault(kind="answer_before", match=comments, answer=busy))
    scene.writes(number, "The customer rang again.")
    scene.look(6)
    assert fault.times == 0
    assert crossed(scene, key, "rang again") == 1


# -- one field


def test_a_field_that_is_refused_stops_no_word(scene: Scene) -> None:
    """JBI (its change of 2025-08-28): a field that Jira refused blocked a project, until it was taken out of the rules."""
    field = {"incident": "urgency", "ticket": "priority", "owner": "incident", "map": "urgency"}
    scene = a_scene(scene.world.flavour, mirroring(field))
    number, key = scene.linked()
    other, other_key = scene.linked()
    no = Response.of_json(
        400, {"errorMessages": [], "errors": {"priority": "It is not on the screen."}}, ACCOUNT
    )
    refused = Fault(kind="answer_before", match=lambda one: one.method == "PUT", times=None, answer=no)
    scene.world.tracker_wire.add(refused)
    scene.world.desk.people.sets(number, {"Urgency": "4-Low"}, by="ann")
    scene.writes(number, "The customer rang again.")
    scene.writes(other, "The other one rang.")
    scene.look(2)
    assert (crossed(scene, key, "rang again"), crossed(scene, other_key, "other one rang")) == (1, 1)
    assert scene.note_with(number, "It is not on the screen.")


def test_a_text_that_is_edited_later_is_carried(scene: Scene) -> None:
    """JBI #1202: what was edited in the description after the link never crossed; here a mirrored text follows."""
    field = {"incident": "story", "ticket": "Workaround", "owner": "incident"}
    scene = a_scene(scene.world.flavour, mirroring(field))
    number, key = scene.linked()
    scene.world.desk.people.sets(number, {"Detailed Decription": "It is blank in Safari only."}, by="ann")
    scene.settle()
    assert "blank in Safari only" in str(scene.ticket(key)["customfield_10101"])


# -- the scheduler


def test_a_look_that_hangs_is_told_and_holds_up_no_other_pair() -> None:
    """APScheduler 3.11 (its defaults): a job that hung was skipped without a word, and kept others from their time."""
    hangs, others = threading.Event(), threading.Event()
    looked: list[str] = []

    def retail() -> NoReturn:
        hangs.wait(PATIENCE)
        raise Unreachable("it hung")

    def cards() -> NoReturn:
        looked.append("cards")
        if len(looked) > 4:
            others.set()
        raise Unreachable("it is away")

    work = {"retail": retail, "cards": cards}
    daemon = Daemon(cycles=work, resyncs=work, poll=timedelta(milliseconds=100), resync_at=(3, 0))
    with capture_logs() as told:
        running = threading.Thread(target=daemon.run, daemon=True)
        running.start()
        assert others.wait(PATIENCE)
        daemon.stop.set()
        hangs.set()
        running.join(PATIENCE)
    assert "cycle:retail" in {one["job"] for one in told if one["event"] == "cycle_still_running"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Kyiv", "America/New_York", "Australia/Lord_Howe"])
def test_the_night_comes_once_a_day_whatever_the_clocks_do(zone: str) -> None:
    """APScheduler #1021: over an hour that the clocks left out or repeated the time of a job was looked for without end."""
    trigger = CronTrigger(hour=2, minute=30, timezone=zone)
    moment, nights = datetime(2026, 1, 1, tzinfo=UTC), 0
    fired: datetime | None = None
    while moment.year == 2026:
        following = trigger.get_next_fire_time(fired, moment)
        assert following is not None
        assert following.astimezone(UTC) > moment
        fired, moment, nights = following, following.astimezone(UTC) + timedelta(seconds=1), nights + 1
    assert 364 <= nights <= 367


# -- what is installed


def test_no_other_library_stands_in_place_of_ours() -> None:
    """Niquests #267, niquests #418: installing it put another library in the place of urllib3, without a word."""
    installed = {str(one.metadata["Name"]).lower() for one in distributions()}
    assert installed & {"niquests", "urllib3-future"} == set()
    assert version("urllib3") == urllib3.__version__
    locked = LOCKED.read_text(encoding="utf-8")
    assert "niquests" not in locked
    assert "urllib3-future" not in locked


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'a' * 3 * 10 ** 8 }}",
        "{{ 'x'.format(1) }}",
        "{{ 'x'|attr('format') }}",
        "{{ incident.number.__class__ }}",
    ],
)
def test_a_template_can_neither_hang_nor_reach_out(text: str) -> None:
    """Jinja2's sandbox, CVE-2024-56326, CVE-2025-27516: loops and products that never ended, and ways out by ``format``."""
    with pytest.raises(TemplateProblem):
        compile_template(text, {"incident"}, {"incident": frozenset({"number"})})
