"""What other bridges were seen to fail at, by name: what is doubled, echoed, lost, or brought down by one bad thing.

Each docstring begins with the products and the numbers of the issues in which the failure can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.engine.poll import Poll
from bridge.engine.resync import resync
from bridge.model.actions import AddTicketNote
from bridge.model.errors import StateError
from bridge.simulators.faults import Fault
from bridge.simulators.jira import Throttle
from bridge.simulators.wire import Request, Response
from bridge.state.journal import Effect
from bridge.state.store import Store
from tests.flow import test_rivals_below, test_rivals_flow
from tests.flow.scene import FLAVOURS, Scene, a_scene, creates
from tests.flow.test_asking import a_desk
from tests.flow.test_dead_letters import ACCOUNT, poisonous, until_dead

pytestmark = pytest.mark.promise("the rivals' failures")

ISSUE = re.compile(r"#\d+")


@pytest.fixture(params=FLAVOURS)
def scene(request: pytest.FixtureRequest) -> Scene:
    """A scene with either Jira."""
    return a_scene(request.param)


def times(texts: list[str], words: str) -> int:
    """How many texts hold these words."""
    return sum(words in text for text in texts)


def comments(request: Request) -> bool:
    """Whether a request writes a comment."""
    return request.method == "POST" and request.path.endswith("/comment")


def creates_seen(scene: Scene) -> int:
    """How often the tracker was asked to open a ticket."""
    return sum(method == "POST" and path.endswith("/issue") for method, path in scene.world.tracker_wire.seen)


def effects(scene: Scene, kind: str, state: str = "done") -> list[Effect]:
    """The journal's effects of a kind."""
    with scene.store.reading() as tx:
        return [one for one in tx.journal.effects("retail", state=state) if one.action.kind == kind]


# -- doubled


def test_a_second_replica_does_not_start(scene: Scene, tmp_path: Path) -> None:
    """JIRAlert #119: three replicas opened three issues for one alert; here the second one is refused, and one opens."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    scene.store = Store.open(url, exclusive=True)
    scene.restart()
    number = scene.opens()
    scene.asks(number)
    scene.look()
    with pytest.raises(StateError):
        Store.open(url, exclusive=True)
    scene.settle()
    assert scene.keys() == [scene.key(number)]
    assert len(effects(scene, "create_ticket")) == 1


def test_a_redeployment_without_its_memory_doubles_nothing(scene: Scene) -> None:
    """Sync2Jira #118, tmt #4604, tmt #4669: a redeployment lost the cache, and every issue was opened once more."""
    number, key = scene.linked()
    scene.writes(number, "The customer rang again.")
    scene.settle()
    scene.wait(hours=1)
    scene.forgets()
    scene.settle()
    scene.wait(minutes=20)
    scene.settle()
    assert scene.keys() == [key]
    assert times(scene.comments(key), "rang again") == 1


@pytest.mark.parametrize("kind", ["drop_after", "time_out_after"])
def test_a_comment_whose_answer_was_lost_is_written_once(scene: Scene, kind: str) -> None:
    """JBI #1389: comments were written again after an answer that was lost; here its mark is found."""
    number, key = scene.linked()
    fault = scene.world.tracker_wire.add(Fault(kind=kind, match=comments))  # type: ignore[arg-type]
    scene.writes(number, "The customer rang again.")
    scene.settle()
    assert fault.times == 0
    assert times(scene.comments(key), "rang again") == 1


def test_a_link_from_both_sides_is_one_link(scene: Scene) -> None:
    """JBI #1307, gh-jira-sync-bot #57: linked from both sides, or told twice, one thing became two."""
    scene = a_desk(scene.world.flavour, incident_links=True)
    key = scene.world.tracker.people.creates("FRONT", "Sum is blank", by="dev.ana")
    number = scene.opens(**{"Vendor Ticket Number": key})
    scene.world.tracker.people.sets(key, {"labels": [number]}, "dev.ana")
    scene.settle()
    assert scene.keys() == [key]
    with scene.store.reading() as tx:
        dossier = tx.dossiers.get("retail", number)
    assert dossier is not None
    assert [link.ticket_key for link in dossier.links] == [key]
    assert len(scene.world.tracker.remote_links(key)) == 1


def test_one_create_is_one_request(scene: Scene) -> None:
    """The jira library 3.10.5: a create whose connection dropped was sent four times, and so four tickets were there."""
    scene.linked()
    before = creates_seen(scene)
    number = scene.opens()
    fault = scene.world.tracker_wire.add(Fault(kind="drop_after", match=creates))
    scene.asks(number)
    scene.look(2)
    assert fault.times == 0
    scene.wait(minutes=20)
    scene.settle()
    assert creates_seen(scene) - before == 1
    assert len(scene.keys()) == 2


def test_a_crash_between_the_write_and_its_record_doubles_nothing(scene: Scene) -> None:
    """issue-sync #30, mattermost-plugin-jira #1179: killed after the write, the next run wrote it again."""

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    number = scene.opens()
    scene.asks(number)
    scene.world.tracker_wire.add(Fault(kind="call_after", match=creates, call=die))
    with pytest.raises(Killed):
        scene.look()
    scene.restart()
    scene.wait(minutes=20)
    scene.settle()
    assert scene.keys() == [scene.key(number)]


def test_an_issue_with_a_refused_part_is_not_opened_again(scene: Scene) -> None:
    """DefectDojo #9588: opened, then its assignee was refused, which counted as failed, so it was opened at each run."""
    no = Response.of_json(400, {"errorMessages": ["Not now."], "errors": {}}, ACCOUNT)
    after = Fault(kind="answer_before", match=lambda one: "/remotelink" in one.path, times=None, answer=no)
    scene.world.tracker_wire.add(after)
    number = scene.opens()
    scene.asks(number)
    for _ in range(6):
        scene.wait(hours=1)
    assert scene.keys() == [scene.key(number)]
    assert creates_seen(scene) == 1


# -- echoes


def test_a_note_does_not_come_back(scene: Scene) -> None:
    """DefectDojo #2475: a note became a comment, and the comment came back as a note."""
    number, key = scene.linked()
    scene.writes(number, "The customer rang again.")
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.settle()
    scene.wait(hours=1)
    assert times(scene.notes(number, by=None), "rang again") == 1
    assert times(scene.comments(key), "Which browser") == 1


def test_other_robots_are_heard(scene: Scene) -> None:
    """github-for-jira #403, github-for-jira #437: against echoes every robot was shut out, real automation among them."""
    number, key = scene.linked()
    scene.world.tracker.people.comments(key, "Build 812 carries the patch.", "ci-robot")
    scene.settle()
    assert times(scene.notes(number), "Build 812") == 1


# -- lost


@pytest.mark.promise("no missed change")
def test_a_change_that_the_index_shows_late_is_seen(scene: Scene) -> None:
    """Activepieces #14863, activepieces #14921, ragflow #13674: the watermark passed what was not in the index yet."""
    number, key = scene.linked()
    _, other = scene.linked()
    people = scene.world.tracker.people
    people.comments(key, "Which browser is it?", "dev.ana")
    people.vanishes_from_search(key, timedelta(seconds=75))
    scene.world.clock.advance(timedelta(seconds=5))
    people.comments(other, "Newer than the other one.", "dev.ana")
    scene.look(6)
    assert times(scene.notes(number), "Which browser") == 1


@pytest.mark.promise("no missed change")
def test_a_change_in_the_very_second_of_the_watermark_is_seen(scene: Scene) -> None:
    """Insight #1739, insight #3447: what changed in the same moment as the newest one seen was passed over."""
    (number, key), (other, other_key) = scene.linked(), scene.linked()
    people = scene.world.tracker.people
    scene.world.clock.advance(timedelta(seconds=30))
    people.comments(key, "The first one.", "dev.ana")
    scene.bridge.cycle()
    people.comments(other_key, "The twin of that second.", "dev.ana")
    scene.settle()
    assert times(scene.notes(number), "The first one") == 1
    assert times(scene.notes(other), "The twin") == 1


@pytest.mark.promise("no missed change")
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_accounts_time_zone_loses_nothing(flavour: str, zone: str) -> None:
    """Airbyte #48492, airbyte #48838, onyx #14114: dates were read in the account's time zone, and hours went missing."""
    scene = a_scene(flavour, zone=zone)  # type: ignore[arg-type]
    number, key = scene.linked()
    scene.wait(hours=5)
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.look(2)
    assert times(scene.notes(number), "Which browser") == 1


@pytest.mark.promise("drift")
def test_a_single_record_is_healed_in_the_night(scene: Scene) -> None:
    """Sync2Jira (its own manual): a ticket that was missed was lost, and only a full restart brought it back."""
    number, key = scene.linked()
    people = scene.world.tracker.people
    people.comments(key, "Which browser is it?", "dev.ana")
    people.vanishes_from_search(key, timedelta(hours=3))
    scene.wait(hours=4)
    scene.linked()
    scene.settle()
    resync(
        scene.bridge.pair,
        scene.store,
        Poll(pair=scene.bridge.pair, store=scene.store, begin=scene.bridge.begin),
    )
    scene.settle()
    assert times(scene.notes(number), "Which browser") == 1


def test_a_server_that_is_down_at_that_moment_is_asked_again(scene: Scene) -> None:
    """wpt-sync #2453: the server was down when the change came, and it was never tried again."""
    number = scene.opens()
    scene.look()
    scene.world.tracker_wire.add(Fault(kind="drop_before", times=None))
    scene.asks(number)
    scene.look(4)
    scene.world.tracker_wire.clear()
    scene.look(4)
    assert scene.keys() == [scene.key(number)]


def test_three_days_away_lose_nothing_and_switch_nothing_off(scene: Scene) -> None:
    """JBI (its decision record 3): after errors the sender switched all of a project off; outages of days lost events."""
    number, key = scene.linked()
    scene.world.tracker_wire.add(Fault(kind="drop_before", times=None))
    for day in range(1, 4):
        scene.writes(number, f"day {day} without news")
        for _ in range(24):
            scene.wait(hours=1)
    scene.world.tracker_wire.clear()
    scene.settle()
    crossed = [found for text in scene.comments(key) for found in re.findall(r"day (\d)", text)]
    assert crossed == ["1", "2", "3"]


def test_what_failed_or_crossed_in_part_is_told_in_the_record(scene: Scene) -> None:
    """JBI #743: nobody was told, on the record itself, that it had not crossed, or only partly."""
    number, _ = scene.linked()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    until_dead(scene)
    assert scene.note_with(number, "given up: ")


# -- one bad thing


def test_one_bad_comment_stops_only_itself(scene: Scene) -> None:
    """Exalate, ONEiO, Backbone and the Zendesk app (their manuals): one error paused an issue, a connection, or a node."""
    number, key = scene.linked()
    other, other_key = scene.linked()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    scene.writes(other, "a good word")
    scene.look()
    assert times(scene.comments(other_key), "a good word") == 1
    assert times(scene.comments(key), "arsenic") == 0


def test_a_limit_is_no_reason_to_sleep_for_an_hour(scene: Scene) -> None:
    """Sync2Jira (its code): at a rate limit it slept for an hour; here what the server asks for, and the desk is served."""
    number, key = scene.linked()
    scene.world.tracker.throttle(Throttle(times=1, retry_after=20, match=comments))
    scene.writes(number, "The customer rang again.")
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.look(3)
    assert times(scene.comments(key), "rang again") == 1
    assert times(scene.notes(number), "Which browser") == 1


def test_a_refusal_is_kept_with_what_was_asked_and_said(scene: Scene) -> None:
    """JBI (its dead letters), the Zendesk app: a failure did not say which call it was and what the server answered."""
    number, _ = scene.linked()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    dead = until_dead(scene)
    assert (dead.action.kind, dead.incident, dead.attempts) == ("add_ticket_note", number, 5)
    assert isinstance(dead.action, AddTicketNote)
    assert "a pinch of arsenic" in dead.action.text
    assert "poisonous" in dead.error


def test_words_are_never_a_query(scene: Scene) -> None:
    """blackduck-alert #2053, pycontribs/jira #970: quotes were escaped and backslashes not, so that words became JQL."""
    foreign = scene.world.tracker.people.creates("CORE", "Not ours", by="dev.max")
    words = '#ticket FRONT-1\\" OR key = "' + foreign + '" OR labels = "x'
    number = scene.opens(**{"Vendor Ticket Number": '"\\" OR 1=1 --'})
    scene.asks(number, words)
    scene.settle()
    scene.forgets()
    scene.settle()
    assert scene.comments(foreign) == []
    assert scene.world.tracker.remote_links(foreign) == []
    assert foreign not in scene.key(number)


def test_they_are_named(figure: Callable[[str], None]) -> None:
    """Every scene here, in the flow and below names the products that failed, most of them with the issue's number."""
    scenes = [
        (name, str(one.__doc__))
        for module in (globals(), vars(test_rivals_flow), vars(test_rivals_below))
        for name, one in sorted(module.items())
        if name.startswith("test_") and callable(one) and name != "test_they_are_named"
    ]
    nameless = [name for name, told in scenes if not re.match(r"[\w/() .,'#-]+: ", told)]
    assert nameless == []
    issues = {(told, issue) for _, told in scenes for issue in ISSUE.findall(told)}
    assert len(issues) >= 50
    figure(f"{len(scenes)} scenes, {len(issues)} issues by number")
