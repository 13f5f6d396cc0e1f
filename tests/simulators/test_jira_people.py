"""The people of a site: what they do without HTTP shows over HTTP, and the same run gives the same site."""

from __future__ import annotations

import threading

import pytest

from bridge.simulators.jira import CustomField, NotAllowed, Person
from tests.simulators.jira_world import FLAVOURS, World


@pytest.fixture(params=FLAVOURS)
def world(request: pytest.FixtureRequest) -> World:
    """Give a site with custom fields of three kinds."""
    return World(
        request.param,
        custom_fields=(
            CustomField(id="customfield_10100", name="Impact", kind="select", options=("High", "Low")),
            CustomField(id="customfield_10101", name="Tester", kind="user"),
            CustomField(id="customfield_10102", name="Effort", kind="number"),
        ),
    )


def test_plain_forms_are_enough(world: World) -> None:
    """Fields are set by plain values and names, and read back over REST in the flavour's shapes."""
    key = world.people.creates("APP", "Mail", by="anna", type="Story", fields={"Impact": "Low"})
    changes = {"assignee": "bob", "components": ["Web"], "priority": "High", "Effort": 2.5, "Tester": "cleo"}
    world.people.sets(key, changes, "bob")
    fields = world.get(f"issue/{key}")["fields"]
    bob = Person.of("bob")
    assert fields["assignee"].get("accountId") == (bob.account_id if world.cloud else None)
    assert fields["assignee"].get("name") == (None if world.cloud else "bob")
    assert (fields["priority"]["name"], fields["customfield_10102"]) == ("High", 2.5)
    assert (fields["customfield_10100"]["value"], fields["issuetype"]["name"]) == ("Low", "Story")
    assert fields["customfield_10101"]["displayName"] == "Cleo"
    assert fields["creator"]["displayName"] == "Anna"
    world.people.sets(key, {"assignee": None, "components": []}, "bob")
    assert world.get(f"issue/{key}")["fields"]["assignee"] is None
    assert world.site.issue(key)["components"] == []


def test_starting_work(world: World) -> None:
    """Whoever starts an issue has it, in progress."""
    key = world.people.creates("APP", "Mail", by="anna")
    world.people.starts(key, "bob")
    seen = world.site.issue(key)
    assert (seen["status"], seen["assignee"]) == ("In Progress", "bob")
    assert [entry[1:] for entry in world.site.history(key)] == [
        ("bob", "status", "To Do", "In Progress"),
        ("bob", "assignee", None, "Bob"),
    ]


def test_what_cannot_be(world: World) -> None:
    """Unknown fields, values and resolutions are not allowed; unknown keys and versions are ``KeyError``."""
    key = world.people.creates("APP", "Mail", by="anna")
    for fields in ({"Nothing": 1}, {"priority": "Urgent"}, {"labels": ["a b"]}):
        with pytest.raises(NotAllowed):
            world.people.sets(key, fields, "anna")
    with pytest.raises(NotAllowed, match="no resolution"):
        world.people.moves_to(key, "Done", "anna", "Whatever")
    with pytest.raises(KeyError):
        world.people.comments("APP-9", "x", "anna")
    with pytest.raises(KeyError):
        world.people.releases("9.9")
    with pytest.raises(KeyError):
        world.site.issue("APP-9")


def test_copies_are_copies(world: World) -> None:
    """What the reading helpers give can be changed without changing the site."""
    key = world.people.creates("APP", "Mail", by="anna", fields={"labels": ["a"]})
    world.people.comments(key, "x", "anna")
    world.site.issue(key)["labels"].append("b")
    world.site.comments(key).clear()
    assert world.site.issue(key)["labels"] == ["a"]
    assert len(world.site.comments(key)) == 1
    assert world.site.keys("APP") == [key]


def test_the_same_run_gives_the_same_site(world: World) -> None:
    """Ids, keys and every byte of an answer follow from the calls alone."""

    def run() -> bytes:
        fresh = World(world.settings.flavour)
        key = fresh.people.creates("APP", "Mail", by="anna")
        fresh.call("POST", f"issue/{key}/comment", {"body": "x"})
        fresh.people.moves_to(key, "Done", "bob", "Fixed")
        return fresh.call("GET", f"issue/{key}", expand="changelog").content

    assert run() == run()


def test_several_threads_lose_nothing(world: World) -> None:
    """Comments written by eight threads at once are all there, with different ids."""
    key = world.people.creates("APP", "Mail", by="anna")

    def write(name: str) -> None:
        session = world.log_in()
        for number in range(10):
            address = f"https://jira.example/rest/api/2/issue/{key}/comment"
            session.post(address, json={"body": f"{name} {number}"})

    threads = [threading.Thread(target=write, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    comments = world.site.comments(key)
    assert len({comment["id"] for comment in comments}) == 80
    assert len({comment["body"] for comment in comments}) == 80
