"""Log-in, tokens, licences and sessions of the simulated Remedy."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from bridge.simulators.faults import Fault, Faulty
from bridge.simulators.remedy import RemedySettings
from bridge.simulators.serve import Served
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Response
from tests.simulators.remedy_world import (
    BASE,
    CREATE,
    HELP_DESK,
    INTERFACE,
    NEW_INCIDENT,
    WORK_LOG,
    refused,
    world,
)


def test_log_in_answers_a_bare_token_whose_claims_tell_its_life():
    """The body is the JWT and nothing else; it is valid from two minutes ago for an hour."""
    desk = world()
    answer = desk.log_in()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    claims = answer.text.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (told["exp"] - told["iat"], told["iat"] - told["nbf"]) == (3600, 120)
    assert "bridge" not in json.dumps(told)


def test_bad_credentials_are_refused_with_623():
    """A wrong password and an unknown user look the same."""
    desk = world()
    assert refused(desk.log_in(password="wrong"), 623, 401) == "bridge"
    assert refused(desk.log_in(login="nobody"), 623, 401) == "nobody"


def test_a_log_in_as_json_is_not_understood():
    """The log-in takes a form, as documented, not JSON."""
    desk = world()
    answer = requests.Session()
    answer.mount(BASE, InProcess(desk.server))
    assert answer.post(f"{BASE}/api/jwt/login", json={"username": "bridge"}).status_code == 415


def test_bad_passwords_lock_an_account_where_the_server_does_that():
    """After the allowed failures even the right password gets 624."""
    desk = world(RemedySettings(lock_after=2))
    desk.log_in(password="wrong")
    desk.log_in(password="wrong")
    refused(desk.log_in(), 624, 401)


def test_a_token_dies_an_hour_after_log_in_however_much_it_is_used():
    """The life is absolute: use does not prolong it."""
    desk = world()
    desk.clock.advance(minutes=59)
    assert desk.get(INTERFACE).status_code == 200
    desk.clock.advance(seconds=59)
    assert desk.get(INTERFACE).status_code == 200
    desk.clock.advance(seconds=1)
    refused(desk.get(INTERFACE), 623, 401)


def test_the_life_of_a_token_follows_the_settings():
    """A server may let tokens die within a minute."""
    desk = world(RemedySettings(token_life=timedelta(minutes=1)))
    desk.clock.advance(minutes=1)
    assert desk.get(INTERFACE).status_code == 401


def test_log_out_ends_the_token():
    """Log-out answers 204 and the token is worthless afterwards."""
    desk = world()
    answer = desk.http.post(f"{BASE}/api/jwt/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert desk.get(INTERFACE).status_code == 401
    assert desk.server.sessions.live(desk.server.now()) == 0


def test_a_restart_of_the_server_ends_every_token():
    """After ``revoke_all`` a new log-in is needed and suffices."""
    desk = world()
    desk.server.revoke_all()
    assert desk.get(INTERFACE).status_code == 401
    desk.log_in()
    assert desk.get(INTERFACE).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer abc", "AR-JWT", "AR-JWT abc.def.ghi"])
def test_anything_but_a_living_token_is_refused(header):
    """Missing, foreign and invented tokens get 401 with an array."""
    desk = world()
    desk.http.headers["Authorization"] = header
    refused(desk.get(INTERFACE), 623, 401)


def test_the_health_address_needs_no_session():
    """The list of forms' root answers a text that can be used as a health check."""
    desk = world()
    del desk.http.headers["Authorization"]
    answer = desk.http.get(f"{BASE}/api/arsys/v1.0/entry")
    assert (answer.status_code, bool(answer.text)) == (200, True)


def test_a_read_licence_reads_but_cannot_write():
    """Writing without a write licence gets 8932 and changes nothing."""
    desk = world()
    number = desk.opened()
    path = desk.path(number)
    desk.server.add_account("reader", "secret", writes=False)
    desk.log_in("reader")
    assert desk.get(path).status_code == 200
    refused(desk.put(path, {"Description": "changed"}), 8932, 500)
    refused(desk.post(CREATE, NEW_INCIDENT), 8932, 500)
    assert desk.server.people.incident(number)["Description"] == "Mail is down"


def test_memberships_may_be_closed_to_an_account():
    """The form of memberships answers 353 while that of groups stays open."""
    desk = world()
    desk.server.add_account("narrow", "secret", reads_memberships=False)
    desk.log_in("narrow")
    refused(desk.get("CTM:Support Group Association"), 353, 403)
    assert desk.get("CTM:Support Group").status_code == 200


def test_rows_of_other_companies_are_silently_missing():
    """An account of one company neither finds nor opens the other's incidents and notes."""
    desk = world()
    number = desk.opened()
    path = desk.path(number)
    desk.server.people.writes(number, "secret", by="ann")
    desk.server.add_account("other", "secret", companies=["Elsewhere Ltd"])
    desk.log_in("other")
    assert desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"") == []
    assert desk.found(WORK_LOG, f"'Incident Number' = \"{number}\"") == []
    assert desk.found("CTM:Support Group", "'Support Group Name' = \"Frontline\"") == []
    refused(desk.get(path), 302, 404)
    refused(desk.put(path, {"Description": "x"}), 302, 404)
    refused(desk.post(WORK_LOG, {"Incident Number": number, "Work Log Type": 8000}), 302, 404)


def test_requested_by_is_demanded_of_writes_where_the_server_does_that():
    """Without the header a write is refused; with it, it passes; reads never need it."""
    desk = world(RemedySettings())
    desk.server.settings = replace(desk.server.settings, requested_by_required=True)
    assert desk.post(CREATE, NEW_INCIDENT).status_code == 403
    assert desk.get(INTERFACE).status_code == 200
    desk.http.headers["X-Requested-By"] = "XMLHttpRequest"
    assert desk.post(CREATE, NEW_INCIDENT).status_code == 201


def test_a_second_address_of_one_user_gets_9093_until_the_first_logs_out():
    """Where the server insists on one session, the later one is refused and the earlier one works on."""
    desk = world(RemedySettings(single_session=True))
    first = desk.http.headers["Authorization"]
    desk.http.headers["X-Forwarded-For"] = "10.0.0.2"
    desk.log_in()
    second = desk.http.headers["Authorization"]
    refused(desk.get(INTERFACE), 9093, 500)
    desk.http.headers["Authorization"] = first
    assert desk.get(INTERFACE).status_code == 200
    desk.http.post(f"{BASE}/api/jwt/logout")
    desk.http.headers["Authorization"] = second
    assert desk.get(INTERFACE).status_code == 200


def test_somebody_else_working_with_the_login_blocks_it():
    """Between ``occupy`` and ``vacate`` every call gets 9093."""
    desk = world()
    desk.server.sessions.occupy("bridge")
    refused(desk.get(INTERFACE), 9093, 500)
    desk.server.sessions.vacate("bridge")
    assert desk.get(INTERFACE).status_code == 200


def test_a_lost_answer_leaves_the_write_done():
    """Through the fault wrapper a create can succeed while the caller sees only a broken connection."""
    desk = world()
    faulty = Faulty(inner=desk.server)
    faulty.add(Fault(kind="drop_after", match=lambda request: request.method == "POST"))
    desk.http.mount(BASE, InProcess(faulty))
    with pytest.raises(requests.ConnectionError):
        desk.post(CREATE, NEW_INCIDENT)
    assert len(desk.server.people.numbers()) == 1


def test_a_fault_before_the_server_leaves_it_untouched():
    """A 503 in front of the server means that nothing was done."""
    desk = world()
    faulty = Faulty(inner=desk.server)
    faulty.add(Fault(kind="answer_before", answer=Response.of_text(503, "busy")))
    desk.http.mount(BASE, InProcess(faulty))
    assert desk.post(CREATE, NEW_INCIDENT).status_code == 503
    assert desk.server.people.numbers() == []


def test_the_same_server_answers_over_a_socket():
    """Log-in, create, search with an encoded pipe and update work over HTTP as they do in process."""
    desk = world()
    with Served(desk.server) as served, requests.Session() as http:
        token = http.post(
            f"{served.url}/api/jwt/login", data={"username": "bridge", "password": "secret"}
        ).text
        http.headers["Authorization"] = f"AR-JWT {token}"
        base = f"{served.url}/api/arsys/v1/entry"
        made = http.post(f"{base}/{CREATE}?fields=values(Incident Number)", json={"values": NEW_INCIDENT})
        number = made.json()["values"]["Incident Number"]
        query = {"q": f"'Incident Number' = \"{number}\"", "fields": "values(Request ID)"}
        entry = http.get(f"{base}/{INTERFACE}", params=query).json()["entries"][0]["values"]["Request ID"]
        done = http.put(
            f"{base}/{INTERFACE}/{entry.replace('|', '%7C')}", json={"values": {"Urgency": "4-Low"}}
        )
        assert (done.status_code, done.content) == (204, b"")
    assert desk.server.people.incident(number)["Urgency"] == "4-Low"
