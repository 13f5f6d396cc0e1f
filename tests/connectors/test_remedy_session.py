"""Log-in, renewal and log-out: one session, never a locked account, never a secret in sight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.connectors.remedy.session import life_of
from bridge.model.errors import Busy, LostCredentials, Unreachable
from bridge.simulators.wire import Response
from tests.connectors.remedy_world import DAWN, LOGIN, PASSWORD, World, numbers, reads, said


def is_log_in(request: object) -> bool:
    """Match log-ins."""
    return getattr(request, "path", "") == "/api/jwt/login"


def test_a_wrong_password_is_lost_credentials_without_the_password() -> None:
    """A refused password is reported as such, and its text is nowhere in the error."""
    world = World(password="wrong-secret-42")
    with pytest.raises(LostCredentials) as caught:
        list(world.desk().incidents_since(DAWN))
    assert "wrong-secret-42" not in str(caught.value)
    assert caught.value.next_step


def test_a_refused_password_is_not_offered_again_at_once() -> None:
    """Cycle after cycle the bridge waits, so that the server counts one failure and not twenty."""
    world = World(password="wrong")
    desk = world.desk()
    for _ in range(20):
        with pytest.raises(LostCredentials):
            list(desk.incidents_since(DAWN))
        world.clock.sleep(2)
    assert world.account.failures == 1


def test_the_delay_grows_with_every_refusal() -> None:
    """Over a day of refusals the password is offered about once an hour, after a quick start."""
    world = World(password="wrong")
    desk = world.desk()
    for _ in range(24 * 60):
        with pytest.raises(LostCredentials):
            list(desk.incidents_since(DAWN))
        world.clock.sleep(60)
    assert 20 <= world.account.failures <= 32


def test_a_changed_password_is_tried_at_once() -> None:
    """Once the right password is stored, the next call succeeds without waiting."""
    world = World(password="wrong")
    desk = world.desk()
    with pytest.raises(LostCredentials):
        list(desk.incidents_since(DAWN))
    number = world.opens()
    world.password = PASSWORD
    assert numbers(desk.incidents_since(DAWN)) == [number]


def test_a_locked_account_says_who_can_unlock_it() -> None:
    """An account that the server marked invalid is told apart from a wrong password."""
    world = World(settings=replace(World().settings, lock_after=0))
    with pytest.raises(LostCredentials) as caught:
        list(world.desk().incidents_since(DAWN))
    assert "unlock" in caught.value.next_step


def test_the_token_is_renewed_before_it_ends() -> None:
    """A call shortly before the end of the hour leaves a token that outlives the first one."""
    world = World()
    desk = world.desk()
    list(desk.incidents_since(DAWN))
    world.clock.sleep(3590)
    list(desk.incidents_since(DAWN))
    world.clock.sleep(600)
    assert world.simulator.sessions.live(world.simulator.now()) == 1


def test_a_restart_of_the_server_goes_unnoticed() -> None:
    """A token that died with the server is replaced, for reads and for writes, and the write is done once."""
    world = World()
    desk, number = world.desk(), world.opens()
    list(desk.incidents_since(DAWN))
    world.simulator.revoke_all()
    assert numbers(desk.incidents_since(DAWN)) == [number]
    world.simulator.revoke_all()
    desk.add_note(number, "text", mark="(bridge:acme/x)", internal=True)
    assert len(world.people.notes(number)) == 1


def test_a_token_refused_twice_ends_in_lost_credentials() -> None:
    """Where even a new token is refused, the call ends instead of logging in for ever."""
    world = World()
    world.fault(
        "answer_before", reads("HPD"), times=None, answer=said(623, "Authentication failed", status=401)
    )
    with pytest.raises(LostCredentials):
        list(world.desk().incidents_since(DAWN))


def test_a_token_refused_with_status_500_is_renewed_too() -> None:
    """The message's number decides, whatever the HTTP status."""
    world = World()
    number = world.opens()
    world.fault("answer_before", reads("HPD"), answer=said(623, "Authentication failed"))
    assert numbers(world.desk().incidents_since(DAWN)) == [number]


def test_closing_logs_out() -> None:
    """No session stays behind on the server."""
    world = World()
    desk = world.desk()
    list(desk.incidents_since(DAWN))
    desk.close()
    assert world.simulator.sessions.live(world.simulator.now()) == 0


def test_closing_never_raises() -> None:
    """A server that is gone does not keep the bridge from ending."""
    world = World()
    desk = world.desk()
    list(desk.incidents_since(DAWN))
    world.fault("drop_before", lambda request: True, times=None)
    desk.close()
    world.faulty.clear()
    assert numbers(desk.incidents_since(DAWN)) == []


def test_somebody_else_with_the_account_is_busy() -> None:
    """A second session of the account elsewhere (ARERR 9093) puts the call off and says what to change."""
    world = World()
    desk, number = world.desk(), world.opens()
    world.simulator.sessions.occupy(LOGIN)
    with pytest.raises(Busy) as caught:
        desk.add_note(number, "text", mark="(bridge:acme/x)", internal=True)
    assert "account" in caught.value.next_step
    world.simulator.sessions.vacate(LOGIN)
    assert world.people.notes(number) == []


@pytest.mark.parametrize(
    "answer",
    [
        Response.of_text(200, "<html><body>Sign in</body></html>", "text/html"),
        Response.of_text(200, "", "text/plain"),
        Response.of_json(200, {"token": "x"}),
    ],
)
def test_a_log_in_page_instead_of_a_token_is_unreachable(answer: Response) -> None:
    """An answer that is no token is never sent around as one."""
    world = World()
    world.fault("answer_before", is_log_in, times=None, answer=answer)
    with pytest.raises(Unreachable) as caught:
        list(world.desk().incidents_since(DAWN))
    assert caught.value.next_step


def test_a_log_in_refused_with_status_200_is_lost_credentials() -> None:
    """An error array under 200 is an error at log-in too."""
    world = World()
    world.fault("answer_before", is_log_in, times=None, answer=said(623, "Authentication failed", status=200))
    with pytest.raises(LostCredentials):
        list(world.desk().incidents_since(DAWN))


def test_the_guard_header_and_the_charset_are_always_sent() -> None:
    """A server that demands X-Requested-By on writes takes the bridge's."""
    world = World(settings=replace(World().settings, requested_by_required=True))
    desk, number = world.desk(), world.opens()
    desk.add_note(number, "grüße", mark="(bridge:acme/x)", internal=True)
    assert "grüße" in world.people.notes(number)[0]["Detailed Description"]


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c", "a.W10.c"])
def test_a_token_that_does_not_tell_its_life_has_none(token: str) -> None:
    """Opaque and broken tokens are used until they are refused."""
    assert life_of(token) is None
