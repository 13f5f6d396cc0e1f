"""What Jira's answers amount to: refused, gone, busy, in doubt, or an account that it did not recognise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bridge.connectors.jira import JiraTracker
from bridge.connectors.jira.verdict import words
from bridge.model.errors import (
    Ambiguous,
    Blocked,
    BridgeError,
    Busy,
    Gone,
    LostCredentials,
    Refused,
    Unreachable,
)
from bridge.simulators.faults import HTML_PAGE, Kind
from bridge.simulators.jira import Throttle
from bridge.simulators.wire import Request, Response
from tests.connectors.jira_sites import (
    DAWN,
    FLAVOURS,
    MARK,
    TOKEN,
    Flavour,
    Site,
    draft,
    gets,
    posts,
    searches,
    shown,
)

OURS = {"X-AAccountId": "17f29b", "X-AUSERNAME": "bridge"}
REDIRECT = Response(status=302, headers={"Location": "https://sso.example/login?token=SECRET"})
PAGE = Response.of_text(200, HTML_PAGE, "text/html")


def signed(status: int, body: Any, **headers: str) -> Response:
    """Return an answer of Jira's own, to an account that it recognised."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response.of_json(status, body, {**OURS, **named})


def failure(what: Callable[[], object]) -> BridgeError:
    """Return the error that a call must end in."""
    with pytest.raises(BridgeError) as caught:
        what()
    assert TOKEN not in str(caught.value)
    return caught.value


def poll(tracker: JiraTracker) -> list[str]:
    """Poll APP; return the keys."""
    return [ticket.key for ticket, _ in tracker.tickets_since(DAWN, ["APP"])]


#: (name, answer, error on a read, error on a write)
TABLE: list[tuple[str, Response, type[BridgeError], type[BridgeError]]] = [
    ("bad request", signed(400, {"errorMessages": ["No."], "errors": {}}), Refused, Refused),
    ("bad field", signed(400, {"errorMessages": [], "errors": {"summary": "Too long."}}), Refused, Refused),
    ("nothing said", signed(400, None), Refused, Refused),
    ("null lists", signed(400, {"errorMessages": None, "errors": None}), Refused, Refused),
    ("a list", signed(400, ["no"]), Refused, Refused),
    ("unknown caller", signed(401, {}), LostCredentials, LostCredentials),
    ("no permission", signed(403, {"errorMessages": ["You may not."]}), Refused, Refused),
    ("not there", signed(404, {"errorMessages": ["Issue does not exist"]}), Gone, Gone),
    (
        "no such call",
        Response(
            status=404,
            headers={**OURS, "Content-Type": "application/problem+json"},
            body=b'{"title": "Not Found", "detail": "No endpoint POST /rest"}',
        ),
        Refused,
        Refused,
    ),
    ("wrong method", signed(405, {}), Refused, Refused),
    ("slow request", signed(408, {}), Busy, Busy),
    ("conflict", signed(409, {"errorMessages": ["Somebody else."]}), Busy, Busy),
    ("removed", signed(410, {"errorMessages": ["The requested API has been removed."]}), Refused, Refused),
    ("full", signed(413, {"errorMessages": ["The issue has too many comments."]}), Refused, Refused),
    ("wrong type", signed(415, {"title": "Unsupported Media Type"}), Refused, Refused),
    ("settings", signed(422, {}), Refused, Refused),
    ("too many", signed(429, {}, Retry_After="600", RateLimit_Reason="jira-burst-based"), Busy, Busy),
    ("fault", signed(500, {"message": "Internal server error", "status-code": 500}), Unreachable, Ambiguous),
    ("bad gateway", Response.of_text(502, HTML_PAGE, "text/html"), Unreachable, Ambiguous),
    ("maintenance", Response.of_text(503, HTML_PAGE, "text/html"), Busy, Ambiguous),
    ("gateway time-out", Response(status=504), Unreachable, Ambiguous),
    ("redirect", REDIRECT, Unreachable, Unreachable),
    ("page", PAGE, Blocked, Ambiguous),
    ("blocked", Response.of_text(403, HTML_PAGE, "text/html", OURS), Blocked, Blocked),
    ("blocked unseen", Response.of_text(403, HTML_PAGE, "text/html"), Blocked, Blocked),
    ("half", Response(status=200, headers=OURS, body=b'{"issues": [{"id": "1'), Unreachable, Ambiguous),
    ("null", signed(200, None), Unreachable, Ambiguous),
    ("odd", signed(200, {"issues": [None], "total": 1}), Unreachable, Ambiguous),
    ("odd lists", signed(200, {"issues": [{"id": "1", "fields": {}}], "total": "x"}), Unreachable, Ambiguous),
    (
        "logged out",
        signed(200, {"issues": []}, X_Seraph_LoginReason="AUTHENTICATED_FAILED"),
        LostCredentials,
        Ambiguous,
    ),
    (
        "captcha",
        Response.of_text(
            403,
            HTML_PAGE,
            "text/html",
            {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://x"},
        ),
        LostCredentials,
        LostCredentials,
    ),
]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(("answer", "error"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_every_answer_to_a_read_has_its_error(
    flavour: Flavour, answer: Response, error: type[BridgeError]
) -> None:
    """Every answer to the poll that is no page of tickets ends in its error, and stops nothing after its time."""
    site = Site(flavour)
    site.issue()
    tracker = site.opened()
    site.fault("answer_before", searches, answer, times=None)
    caught = failure(lambda: poll(tracker))
    assert type(caught) is error
    assert caught.what.startswith("Jira")
    assert caught.why
    assert "SECRET" not in str(caught)
    site.faulty.clear()
    site.clock.sleep(caught.retry_after if isinstance(caught, Busy) else 0.0)
    assert poll(tracker) == ["APP-1"]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    ("answer", "error"), [(row[1], row[3]) for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_answer_to_a_write_has_its_error(
    flavour: Flavour, answer: Response, error: type[BridgeError]
) -> None:
    """Every answer to a create that is no receipt ends in its error, after exactly one request."""
    site = Site(flavour)
    tracker = site.opened()
    site.fault("answer_before", posts("/issue"), answer, times=None)
    assert type(failure(lambda: tracker.create_ticket(draft()))) is error
    assert site.asked("POST", "/issue") == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    ("path", "write"),
    [
        ("/issue", lambda tracker, key: tracker.create_ticket(draft())),
        ("/comment", lambda tracker, key: tracker.add_note(key, "x", mark=MARK)),
        ("/transitions", lambda tracker, key: tracker.move(key, "In Progress")),
        ("/remotelink", lambda tracker, key: tracker.show_incident(shown(key), "https://remedy.example/1")),
    ],
)
@pytest.mark.parametrize(
    "kind", ["drop_before", "drop_after", "time_out_before", "time_out_after", "answer_after"]
)
def test_a_write_in_doubt_is_sent_once(flavour: Flavour, path: str, write: Any, kind: Kind) -> None:
    """A lost, late or broken answer to any write leaves it in doubt after exactly one request."""
    site = Site(flavour)
    key = site.issue()
    tracker = site.opened()
    site.fault(kind, posts(path), Response.of_text(502, "bad gateway"), times=None)
    assert isinstance(failure(lambda: write(tracker, key)), Ambiguous)
    assert site.asked("POST", path) == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_edit_in_doubt_is_sent_once(flavour: Flavour) -> None:
    """A lost answer to an edit leaves it in doubt after exactly one request."""
    site = Site(flavour)
    key = site.issue()
    tracker = site.opened()
    site.fault("drop_after", lambda request: request.method == "PUT", times=None)
    assert isinstance(failure(lambda: tracker.set_fields(key, [("summary", "x")])), Ambiguous)
    assert site.asked("PUT", key) == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_bulk_read_gets_through_a_broken_moment(flavour: Flavour) -> None:
    """Reads that are sent by POST are repeated like any other."""
    site = Site(flavour)
    ticket_id = site.id_of(site.issue())
    tracker = site.opened()
    for path in ("/search/jql", "/search", "/bulkfetch"):
        site.fault("drop_after", posts(path))
    assert poll(tracker) == ["APP-1"]
    assert [ticket.id for ticket, _ in tracker.tickets([ticket_id])] == [ticket_id]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_words_of_jira_reach_people_with_the_field_they_are_about(flavour: Flavour) -> None:
    """A refusal shows what Jira said, in whatever language, with the field it said it of."""
    site = Site(flavour)
    site.simulator.switches.localised = True
    tracker = site.opened()
    error = failure(lambda: tracker.create_ticket(draft(type="Elephant", fields=(("priority", "Gigantic"),))))
    assert isinstance(error, Refused)
    assert "issuetype: " in error.why
    assert "priority: " in error.why
    assert isinstance(failure(lambda: tracker.notes("999999")), Gone)


@pytest.mark.parametrize("after", ["5", "Fri, 20 Nov 2026 08:00:05 GMT"])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_throttled_read_waits_and_a_throttled_write_says_how_long(flavour: Flavour, after: str) -> None:
    """A read waits as long as it is asked to; a write is handed back with the time and the reason."""
    site = Site(flavour)
    site.issue()
    tracker = site.opened()
    site.fault("answer_before", searches, signed(429, {}, Retry_After=after))
    assert poll(tracker) == ["APP-1"]
    assert (site.clock.now - DAWN).total_seconds() == 5
    site.simulator.throttle(Throttle(retry_after=1847, reason="jira-per-issue-on-write"))
    error = failure(lambda: tracker.create_ticket(draft()))
    assert isinstance(error, Busy)
    assert error.retry_after == 1847
    assert ("jira-per-issue-on-write" in error.why) == (flavour == "cloud")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_standing_rate_headers_mean_nothing(flavour: Flavour) -> None:
    """Rate headers of good answers, retry-after: 0 among them, hold nothing up."""
    site = Site(flavour)
    site.simulator.switches.rate_headers = True
    site.issue()
    assert poll(site.opened()) == ["APP-1"]
    assert site.clock.now == DAWN


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_wrong_token_is_told_before_anything_else(flavour: Flavour) -> None:
    """A wrong token from the start is lost credentials, with what to do, whatever is asked first."""
    for ask in (poll, lambda tracker: tracker.ticket("APP-1"), lambda tracker: tracker.account):
        site = Site(flavour, token="wrong-token")
        site.issue()
        error = failure(lambda site=site, ask=ask: ask(site.tracker()))
        assert isinstance(error, LostCredentials)
        assert "wrong-token" not in str(error)
        assert "token" in error.next_step


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_renewed_token_is_used_at_once(flavour: Flavour) -> None:
    """After a renewal the same tracker goes on without a restart."""
    site = Site(flavour)
    site.issue()
    tracker = site.opened()
    site.simulator.reissue("bridge", "new-token")
    assert isinstance(failure(lambda: poll(tracker)), LostCredentials)
    site.token = "new-token"
    assert poll(tracker) == ["APP-1"]


def test_a_personal_access_token_means_nothing_to_cloud() -> None:
    """A bearer token that Cloud cannot read is lost credentials, although Cloud says 403."""
    assert isinstance(failure(lambda: poll(Site("cloud").tracker(user=""))), LostCredentials)


def test_data_center_takes_a_name_and_a_password() -> None:
    """On Data Center a name and password work as well as a personal access token."""
    site = Site("datacenter", token="password")
    site.issue()
    assert poll(site.tracker(user="bridge")) == ["APP-1"]


def test_an_empty_page_of_cloud_without_our_name_is_not_believed() -> None:
    """Cloud answers a stranger with an empty page and 200; nothing of that is believed."""
    site = Site("cloud")
    tracker = site.opened()
    site.fault("answer_before", searches, Response.of_json(200, {"issues": [], "isLast": True}))
    assert isinstance(failure(lambda: poll(tracker)), LostCredentials)


class Nameless:
    """A proxy before Data Center that takes off the headers by which it names the caller."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._inner = site.faulty.inner
        self.stranger = False

    def handle(self, request: Request) -> Response:
        """Pass a request on; once we are strangers, everything is hidden and only /myself says so."""
        if self.stranger:
            if request.path.endswith("/myself"):
                return Response.of_json(401, {})
            page = {"issues": [], "total": 0, "startAt": 0, "maxResults": 100}
            return Response.of_json(200, page) if searches(request) else Response.of_json(404, {})
        answer = self._inner.handle(request)
        kept = {
            name: text
            for name, text in answer.headers.items()
            if name not in ("X-AUSERNAME", "X-Seraph-LoginReason")
        }
        return Response(status=answer.status, headers=kept, body=answer.body)


def test_behind_a_proxy_that_hides_our_name_we_ask_who_we_are() -> None:
    """Where nothing names us, an empty page or a missing ticket is believed only after /myself."""
    site = Site("datacenter")
    proxy = Nameless(site)
    site.faulty.inner = proxy
    tracker = site.opened()
    assert poll(tracker) == []
    assert tracker.ticket("APP-999") is None
    assert tracker.find_created(draft()) is None
    proxy.stranger = True
    for ask in (
        poll,
        lambda tracker: tracker.ticket("APP-999"),
        lambda tracker: tracker.find_created(draft()),
    ):
        assert isinstance(failure(lambda ask=ask: ask(tracker)), LostCredentials)


@pytest.mark.parametrize("status", [401, 403])
def test_a_hidden_ticket_of_an_older_data_center_is_none(status: int) -> None:
    """Older servers answer a hidden ticket with 401 or 403 to a caller whom they name."""
    site = Site("datacenter")
    tracker = site.opened()
    said = {"errorMessages": ["You do not have the permission to see the specified issue."]}
    site.fault("answer_before", gets("/issue/APP-1"), signed(status, said))
    assert tracker.ticket("APP-1") is None


def test_a_read_by_id_that_fails_is_never_none() -> None:
    """Only a proven 404 is None: a page, a fault or a proxy's 404 are errors."""
    site = Site("cloud")
    key = site.issue()
    tracker = site.opened()
    for answer in (
        PAGE,
        REDIRECT,
        Response.of_text(404, HTML_PAGE, "text/html"),
        signed(500, {}),
        Response.of_json(404, {}),
    ):
        site.fault("answer_before", gets(key), answer, times=None)
        assert isinstance(failure(lambda: tracker.ticket(key)), Unreachable | LostCredentials)
        site.faulty.clear()


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_site_that_was_down_at_the_start_is_tried_again(flavour: Flavour) -> None:
    """A tracker that could not learn the flavour at first learns it at the next call."""
    site = Site(flavour)
    site.issue()
    tracker = site.tracker()
    site.fault("answer_before", gets("/serverInfo"), PAGE, times=1)
    site.fault("answer_before", gets("/serverInfo"), signed(200, []), times=5)
    for _ in range(2):
        assert isinstance(failure(lambda: poll(tracker)), Unreachable)
    assert poll(tracker) == ["APP-1"]


class Said:
    """An answer as ``words`` reads it."""

    def __init__(self, body: str) -> None:
        import requests

        self.response = requests.Response()
        self.response.status_code = 400
        self.response._content = body.encode()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"errorMessages": ["a", "b"], "errors": {"x": "c"}}', "a; b; x: c"),
        ('{"errorMessages": null, "errors": null, "message": "m"}', "m"),
        ('{"title": "t", "detail": "d"}', "d; t"),
        ('{"errors": {"a": ["b"]}}', "a: ['b']"),
        ("null", ""),
        ("[]", ""),
        ("Client must be authenticated\nto access", "Client must be authenticated to access"),
        ("<html>x</html>", ""),
        ("", ""),
    ],
)
def test_what_jira_says_is_read_from_every_shape(body: str, text: str) -> None:
    """Messages are found in every shape of error body, with the names of fields."""
    assert words(Said(body).response) == text


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_address_that_is_not_jiras_is_told(flavour: Flavour) -> None:
    """A wrong address, for instance without its context path, is told as that."""
    site = Site(flavour)
    site.fault("answer_before", gets("/serverInfo"), Response.of_json(404, {}), times=None)
    error = failure(lambda: poll(site.tracker()))
    assert isinstance(error, Unreachable)
    assert "address" in error.next_step


def test_a_refused_write_of_an_anonymous_visitor_is_not_the_rules_fault() -> None:
    """Data Center may refuse a stranger by the rules of the project; that is no refusal of our write."""
    site = Site("datacenter")
    tracker = site.opened()
    said = {"errorMessages": [], "errors": {"project": "Anonymous users may not."}}
    site.fault("answer_before", posts("/issue"), Response.of_json(400, said, {"X-AUSERNAME": "anonymous"}))
    assert isinstance(failure(lambda: tracker.create_ticket(draft())), LostCredentials)
