"""Searching: nothing is missed and nothing asked that the words of a value could change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.connectors.jira import jql
from bridge.connectors.jira.jql import jql_quote
from bridge.model.errors import Refused, Unreachable
from bridge.simulators.jira import Account, JiraSettings, Person
from bridge.simulators.jira.jql import Clause, Literal, parse
from bridge.simulators.wire import Response
from tests.connectors.jira_sites import DAWN, FLAVOURS, LABEL, Flavour, Site, draft, searches

pytestmark = pytest.mark.promise("no missed change")

SIGNED = {"X-AAccountId": "17f29b", "X-AUSERNAME": "bridge"}


@given(st.text())
def test_a_quoted_text_is_one_literal_whatever_it_holds(text: str) -> None:
    """No text can leave its quotes: the parser reads back exactly what was quoted, and nothing more."""
    query = parse(f"labels = {jql_quote(text)} AND project = APP")
    assert query.where is not None
    first = query.where.parts[0]  # type: ignore[union-attr]
    assert first == Clause("labels", "=", (Literal(text, quoted=True),))
    assert len(query.where.parts) == 2  # type: ignore[union-attr]


@given(st.text())
def test_a_reference_is_an_id_a_key_or_nothing(text: str) -> None:
    """What is fit for a path has nothing in it that a path could read otherwise."""
    reference = jql.reference(text)
    assert reference is None or all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in reference)


@given(st.text())
def test_a_project_is_a_key_or_refused(text: str) -> None:
    """A project's name that is no key never reaches a query."""
    try:
        key = jql.project_key(text)
    except Refused:
        return
    assert key.isascii()
    assert key.replace("_", "").isalnum()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "Etc/UTC"])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_zone_of_the_account_does_not_matter(flavour: Flavour, zone: str) -> None:
    """A poll means the same moment wherever the account's profile says it lives."""
    account = Account(person=Person.of("bridge", zone=zone), token="bridge-token")
    site = Site(flavour, settings=JiraSettings(accounts=(account,)))
    site.issue()
    site.clock.sleep(3600)
    late = site.issue()
    found = site.opened().tickets_since(site.clock.now - timedelta(minutes=1), ["APP"])
    assert [ticket.key for ticket, _ in found] == [late]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_idle_poll_is_one_request(flavour: Flavour) -> None:
    """A poll that finds little costs one request."""
    site = Site(flavour)
    site.people.comments(site.issue(), "hello", "dev")
    tracker = site.opened()
    before = sum(tracker.sent.values())
    assert len(list(tracker.tickets_since(DAWN, ["APP", "OPS"]))) == 1
    assert len(list(tracker.tickets_since(DAWN + timedelta(days=1), ["APP", "OPS"]))) == 0
    assert sum(tracker.sent.values()) - before == 2


def test_short_pages_and_tokens_are_walked_to_the_end() -> None:
    """Cloud may send fewer than asked; only a missing token ends the walk."""
    site = Site("cloud")
    site.simulator.switches.short_pages = True
    site.simulator.switches.wide_page_cap = 7
    made = [site.issue(str(number)) for number in range(40)]
    found = [ticket.key for ticket, _ in site.opened().tickets_since(DAWN, ["APP"])]
    assert found == made


def test_a_repeated_token_does_not_turn_in_circles() -> None:
    """A server that gives the same token again is an error, not an endless poll."""
    site = Site("cloud")
    tracker = site.opened()
    page = Response.of_json(200, {"issues": [], "nextPageToken": "again"}, SIGNED)
    site.fault("answer_before", searches, page, times=None)
    with pytest.raises(Unreachable):
        list(tracker.tickets_since(DAWN, ["APP"]))
    assert site.asked("POST", "/search/jql") == 2


def test_a_page_that_shifts_loses_nothing_on_data_center() -> None:
    """Tickets that change while Data Center's pages are walked push nobody over an edge."""
    site = Site("datacenter", settings=replace(JiraSettings(), search_cap=10))
    made = []
    for number in range(45):
        made.append(site.issue(str(number)))
        site.clock.sleep(1)
    tracker = site.opened()

    def somebody_works() -> None:
        site.clock.sleep(1)
        site.people.sets(made.pop(0), {"summary": "changed"}, "dev")

    everybody = set(made)
    site.fault("call_after", searches, times=4, call=somebody_works)
    found = [ticket.key for ticket, _ in tracker.tickets_since(DAWN, ["APP"])]
    assert set(found) == everybody


def test_many_changes_in_one_second_are_paged_through_on_data_center() -> None:
    """More tickets in one second than a page holds are all found."""
    site = Site("datacenter", settings=replace(JiraSettings(), search_cap=10))
    made = [site.issue(str(number)) for number in range(35)]
    site.clock.sleep(1)
    made.append(site.issue("later"))
    found = [ticket.key for ticket, _ in site.opened().tickets_since(DAWN, ["APP"])]
    assert sorted(found) == sorted(made)
    assert len(found) == len(made)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_created_ticket_is_found_when_the_index_knows_it(flavour: Flavour) -> None:
    """While the index is late a created ticket is not found, and within the grace it is."""
    site = Site(flavour, settings=JiraSettings(index_lag=timedelta(seconds=100)))
    tracker = site.opened()
    receipt = tracker.create_ticket(draft())
    assert tracker.find_created(draft()) is None
    assert tracker.ticket(receipt.id) is not None
    site.clock.sleep(tracker.search_grace)
    assert tracker.find_created(draft()) == receipt


def test_our_own_writes_are_seen_at_once_on_cloud() -> None:
    """What this tracker wrote shows in its polls as it is now, however late the index is."""
    site = Site("cloud", settings=JiraSettings(index_lag=timedelta(seconds=300)))
    tracker = site.opened()
    receipt = tracker.create_ticket(draft())
    tracker.set_fields(receipt.id, [("summary", "renamed")])
    [(ticket, _)] = tracker.tickets_since(DAWN, ["APP"])
    assert (ticket.id, ticket.summary) == (receipt.id, "renamed")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_bulk_read_does_not_wait_for_the_index(flavour: Flavour) -> None:
    """Reading by ids shows a ticket that the index does not know yet."""
    site = Site(flavour, settings=JiraSettings(index_lag=timedelta(seconds=300)))
    tracker = site.opened()
    receipt = tracker.create_ticket(draft())
    assert [ticket.id for ticket, _ in tracker.tickets([receipt.id])] == [receipt.id]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_clone_and_a_like_sounding_label_are_not_ours(flavour: Flavour) -> None:
    """A person's clone carries the label too and a search ignores case: the oldest exact one is ours."""
    site = Site(flavour)
    site.issue("shouting", labels=[LABEL.upper()])
    tracker = site.opened()
    assert tracker.find_created(draft()) is None
    receipt = tracker.create_ticket(draft())
    site.issue("clone", labels=[LABEL])
    assert tracker.find_created(draft()) == receipt


@pytest.mark.parametrize(("flavour", "grace"), [("cloud", 600.0), ("datacenter", 120.0)])
def test_the_grace_follows_the_flavour_or_the_configuration(flavour: Flavour, grace: float) -> None:
    """Each product has its own grace, and the configuration has the last word."""
    assert Site(flavour).tracker().search_grace == grace
    assert Site(flavour).tracker(search_grace=33.0).search_grace == 33.0


def test_a_bulk_read_of_many_asks_in_chunks() -> None:
    """Cloud takes at most a hundred ids at once."""
    site = Site("cloud")
    tracker = site.opened()
    assert list(tracker.tickets([str(number) for number in range(90_000, 90_250)])) == []
    assert site.asked("POST", "/bulkfetch") == 3


def test_a_reconciled_ticket_that_cloud_refuses_does_not_stop_the_poll() -> None:
    """A search that is refused because of the tickets we wrote to is asked again without them."""
    site = Site("cloud")
    tracker = site.opened()
    receipt = tracker.create_ticket(draft())
    said = Response.of_json(400, {"errorMessages": ["No such issue."]}, SIGNED)
    site.fault("answer_before", lambda request: b"reconcileIssues" in request.body, said, times=None)
    assert [ticket.id for ticket, _ in tracker.tickets_since(DAWN, ["APP"])] == [receipt.id]
