"""What Remedy's answers amount to: the number decides, a write in doubt says so, a page is never data."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.connectors.remedy import RemedyDesk
from bridge.model.errors import Ambiguous, BridgeError, Busy, Gone, LostCredentials, Refused, Unreachable
from bridge.simulators.faults import HTML_PAGE
from bridge.simulators.wire import Response
from tests.connectors.remedy_world import DAWN, LOGIN, MARK, PASSWORD, World, numbers, reads, said, writes

HTML = Response.of_text(200, HTML_PAGE, "text/html")
REDIRECT = Response(status=302, headers={"Location": "https://sso.example.com/login?ticket=SECRET"})

#: (AR System number, error on a read, error on a write)
TABLE: list[tuple[int, type[BridgeError], type[BridgeError]]] = [
    (90, Unreachable, Ambiguous),
    (92, Unreachable, Ambiguous),
    (93, Unreachable, Ambiguous),
    (94, Unreachable, Ambiguous),
    (302, Gone, Gone),
    (303, Gone, Gone),
    (306, Refused, Refused),
    (307, Refused, Refused),
    (314, Refused, Refused),
    (330, Refused, Refused),
    (353, Refused, Refused),
    (382, Refused, Refused),
    (394, Busy, Busy),
    (552, Busy, Busy),
    (566, Busy, Busy),
    (612, LostCredentials, LostCredentials),
    (623, LostCredentials, LostCredentials),
    (624, LostCredentials, LostCredentials),
    (8908, LostCredentials, LostCredentials),
    (8932, Refused, Refused),
    (9084, Busy, Busy),
    (9093, Busy, Busy),
    (9850, Refused, Refused),
    (1_291_118, Refused, Refused),
]


def poll(desk: RemedyDesk) -> None:
    """Read everything since dawn."""
    list(desk.incidents_since(DAWN))


def failure_of(what: Callable[[], object]) -> BridgeError:
    """Return the error that something ends in."""
    with pytest.raises(BridgeError) as caught:
        what()
    return caught.value


@pytest.mark.parametrize(("number", "on_read", "on_write"), TABLE)
def test_every_number_has_its_error(
    number: int, on_read: type[BridgeError], on_write: type[BridgeError]
) -> None:
    """A number of AR System leads to the same error whatever the HTTP status says, with a next step."""
    for status in (200, 400, 500):
        world = World()
        desk, incident = world.desk(), world.opens()
        answer = said(number, "the text", "the appended text", status=status)
        world.fault("answer_before", lambda request: "HPD" in request.path, times=None, answer=answer)
        read = failure_of(lambda desk=desk: poll(desk))
        write = failure_of(lambda desk=desk, at=incident: desk.add_note(at, "x", mark=MARK, internal=True))
        assert isinstance(read, on_read)
        assert isinstance(write, on_write)
        assert "the appended text; the text" in write.why
        assert str(number) in write.why
        assert read.what
        assert read.next_step


@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (Response.of_text(503, "unavailable"), Busy, Ambiguous),
        (Response.of_text(502, "bad gateway"), Unreachable, Ambiguous),
        (Response.of_text(500, "<h1>HTTP ERROR 500</h1>", "text/html"), Unreachable, Ambiguous),
        (Response.of_text(429, "slow down"), Busy, Busy),
        (HTML, Unreachable, Ambiguous),
        (REDIRECT, Unreachable, Unreachable),
        (Response.of_text(403, HTML_PAGE, "text/html"), Unreachable, Unreachable),
        (Response.of_json(403, {"error": "no"}), Refused, Refused),
        (Response.of_json(404, {"error": "no such path"}), Refused, Refused),
        (Response.of_text(200, '{"entries": [{"values": {"Inc', "application/json"), Unreachable, Ambiguous),
        (Response.of_json(500, []), Unreachable, Ambiguous),
        (Response.of_json(500, {"messageNumber": 302}), Unreachable, Ambiguous),
    ],
)
def test_an_answer_without_words_of_remedy(
    answer: Response, on_read: type[BridgeError], on_write: type[BridgeError]
) -> None:
    """Pages and halves of answers are never an empty list and never a certain failure of a write."""
    world = World()
    desk, incident = world.desk(), world.opens()
    world.fault("answer_before", lambda request: "HPD" in request.path, times=None, answer=answer)
    assert isinstance(failure_of(lambda: poll(desk)), on_read)
    error = failure_of(lambda: desk.add_note(incident, "x", mark=MARK, internal=True))
    assert isinstance(error, on_write)
    assert "SECRET" not in str(error)
    assert error.next_step


def test_a_time_out_after_the_work_was_done_is_in_doubt_and_leaves_one_trace() -> None:
    """A lost answer to a write is never followed by a second write."""
    world = World()
    desk, incident = world.desk(), world.opens()
    world.fault("time_out_after", writes("HPD:WorkLog"))
    assert isinstance(failure_of(lambda: desk.add_note(incident, "x", mark=MARK, internal=True)), Ambiguous)
    found = desk.notes(incident)
    assert [note.mark for note in found] == ["INC1/milestone/1"]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "time_out_before"])
def test_a_read_survives_one_lost_exchange(kind: str) -> None:
    """A read that was lost once is asked again."""
    world = World()
    desk, incident = world.desk(), world.opens()
    world.fault(kind, reads("HPD"))  # type: ignore[arg-type]
    assert numbers(desk.incidents_since(DAWN)) == [incident]


def test_a_server_that_is_away_is_unreachable() -> None:
    """Where nothing answers, reads end as unreachable."""
    world = World()
    world.fault("drop_before", lambda request: True, times=None)
    assert isinstance(failure_of(lambda: poll(world.desk())), Unreachable)


def test_a_refusal_carries_its_number() -> None:
    """What refused is known to programs by number and to people by words."""
    world = World()
    desk, incident = world.desk(), world.opens()
    world.fault("answer_before", writes("HPD:WorkLog"), answer=said(45_386, "", "Say please."))
    error = failure_of(lambda: desk.add_note(incident, "x", mark=MARK, internal=True))
    assert getattr(error, "number", 0) == 45_386
    assert "Say please." in str(error)


def test_a_warning_under_a_good_status_is_no_error() -> None:
    """Notes and warnings beside a success do not turn it into a failure."""
    world = World()
    desk, incident = world.desk(), world.opens()
    warning = said(54, "nothing to set", status=200, kind="WARNING")
    world.fault("answer_after", writes("HPD:WorkLog"), answer=warning)
    desk.add_note(incident, "x", mark=MARK, internal=True)
    assert len(world.people.notes(incident)) == 1


def test_no_write_licence_says_which_licence() -> None:
    """An account that may only read is told what to ask for."""
    world = World()
    desk, incident = world.desk(), world.opens()
    world.account.writes = False
    error = failure_of(lambda: desk.add_note(incident, "x", mark=MARK, internal=True))
    assert isinstance(error, Refused)
    assert "write licence" in error.next_step


def test_no_error_shows_the_password_or_the_token() -> None:
    """Where a server repeats what it was sent, the words are hidden before they reach anybody."""
    world = World()
    desk, incident = world.desk(), world.opens()
    poll(desk)
    tokens: list[str] = []

    def echo(request: object) -> bool:
        tokens.append(getattr(request, "headers")["authorization"].split()[1])  # noqa: B009
        return False

    world.fault("answer_before", echo)
    poll(desk)
    world.faulty.clear()
    world.fault("answer_before", writes("HPD"), answer=said(10_001, PASSWORD, f"token {tokens[0]}"))
    error = failure_of(lambda: desk.add_note(incident, "x", mark=MARK, internal=True))
    assert PASSWORD not in str(error)
    assert tokens[0] not in str(error)
    assert "***" in error.why


def test_the_login_may_be_shown() -> None:
    """The account's name is no secret and helps to find it."""
    world = World(password="wrong")
    assert LOGIN in str(failure_of(lambda: poll(world.desk())))


@pytest.mark.parametrize("number", [9084, 9093, 394])
def test_an_account_without_room_is_not_offered_again_at_once(number: int) -> None:
    """What every call of the account would be answered is not asked for a while, by any pair; then all goes on."""
    world = World()
    desk, incident = world.desk(), world.opens()
    poll(desk)
    world.fault("answer_before", lambda _: True, times=1, answer=said(number, "elsewhere", status=500))
    first = failure_of(lambda: poll(desk.for_pair("retail")))
    assert isinstance(first, Busy)
    assert (first.scope, first.retry_after) == ("system", 15.0)
    asked = len(world.faulty.seen)
    second = failure_of(lambda: desk.for_pair("cards").notes(incident))
    assert isinstance(second, Busy)
    assert f"ARERR {number}" in second.why
    assert len(world.faulty.seen) == asked
    world.clock.sleep(15)
    poll(desk)


def test_a_deadlock_of_the_database_is_one_calls_trouble() -> None:
    """ARERR 566 puts off the call that met it, and no other."""
    world = World()
    desk, incident = world.desk(), world.opens()
    poll(desk)
    world.fault("answer_before", lambda _: True, times=1, answer=said(566, "deadlock", status=500))
    assert isinstance(failure_of(lambda: poll(desk)), Busy)
    assert desk.notes(incident) == ()
