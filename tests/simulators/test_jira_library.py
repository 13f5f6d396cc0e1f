"""The unpatched ``jira`` package goes through its usual calls against both flavours."""

from __future__ import annotations

import json

import pytest
from jira import JIRA, JIRAError

from bridge.simulators.jira import JiraSettings, JiraSimulator
from bridge.simulators.serve import Served
from tests.simulators.jira_world import FLAVOURS, URL, World


@pytest.fixture(params=FLAVOURS)
def world(request: pytest.FixtureRequest) -> World:
    """Give an empty site of each flavour."""
    return World(request.param)


def test_the_library_knows_site_and_self(world: World) -> None:
    """``server_info`` tells the flavour and ``myself`` the account."""
    client = world.library()
    assert client._is_cloud is world.cloud
    me = client.myself()
    assert me["displayName"] == "Remedy Bridge"
    assert ("accountId" in me) is world.cloud
    assert ("name" in me) is not world.cloud


def test_the_library_creates_edits_and_transitions(world: World) -> None:
    """An issue made, edited, commented and moved by the library is so on the site."""
    client = world.library()
    issue = client.create_issue(
        project="APP", summary="Mail is down", issuetype="Bug", description="since *noon*"
    )
    issue.update(summary="Mail is slow", fields={"labels": ["mail"]})
    client.add_comment(issue, "Looking", is_internal=True)
    names = {way["name"]: way["id"] for way in client.transitions(issue, expand="transitions.fields")}
    client.transition_issue(issue, names["Done"], fields={"resolution": {"name": "Fixed"}}, comment="Cured")
    seen = world.site.issue(issue.key)
    assert (seen["summary"], seen["status"], seen["resolution"]) == ("Mail is slow", "Done", "Fixed")
    assert seen["labels"] == ["mail"]
    assert [comment["body"] for comment in world.site.comments(issue.key)] == ["Looking", "Cured"]
    assert world.site.comments(issue.key)[0]["properties"] == {"sd.public.comment": {"internal": True}}
    assert [comment.body for comment in client.comments(issue)] == ["Looking", "Cured"]


def test_the_library_searches(world: World) -> None:
    """The search of each flavour finds what the query names, over all pages."""
    keys = [world.people.creates("APP", f"Issue {number}", by="anna") for number in range(7)]
    client = world.library()
    jql = "project = APP ORDER BY key ASC"
    search = client.enhanced_search_issues if world.cloud else client.search_issues
    assert [issue.key for issue in search(jql)] == keys
    assert [issue.key for issue in search(jql, maxResults=False, use_post=True)] == keys


def test_the_library_links_and_marks(world: World) -> None:
    """Remote links, issue links, properties and versions go through the library's own calls."""
    one, two = (world.people.creates("APP", f"Issue {number}", by="anna") for number in (1, 2))
    version = world.people.adds_version("APP", "1.0")
    client = world.library()
    link = {"globalId": "inc=1", "object": {"url": "https://remedy.example/1", "title": "INC1"}}
    client._session.post(f"{URL}/rest/api/2/issue/{one}/remotelink", data=json.dumps(link))
    assert [each.globalId for each in client.remote_links(one)] == ["inc=1"]
    client.create_issue_link("Duplicate", one, two)
    assert client.issue(one).fields.issuelinks[0].outwardIssue.key == two
    client.add_issue_property(one, "bridge.mark", {"incident": "INC1"})
    assert client.issue_property(one, "bridge.mark").value.incident == "INC1"
    assert [each.id for each in client.project_versions("APP")] == [version]
    world.people.releases(version)
    assert client.project_versions("APP")[0].released is True


def test_the_library_reports_a_refusal(world: World) -> None:
    """What the site refuses arrives as a ``JIRAError`` with the site's status."""
    with pytest.raises(JIRAError) as raised:
        world.library().issue("APP-99")
    assert raised.value.status_code == 404


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_library_over_a_socket(flavour: str) -> None:
    """Over HTTP the library constructs itself by its own ``serverInfo`` call.

    Creates an issue and adds a remote link.
    """
    clock = World(flavour).clock
    settings = JiraSettings(flavour=flavour)  # type: ignore[arg-type]
    site = JiraSimulator(clock, settings)
    login = (
        {"basic_auth": ("bridge@example.com", "bridge-token")}
        if flavour == "cloud"
        else {"token_auth": "bridge-token"}
    )
    with Served(site) as served:
        client = JIRA(served.url, max_retries=0, **login)  # type: ignore[arg-type]
        issue = client.create_issue(project="APP", summary="Over a socket", issuetype="Task")
        with pytest.warns(Warning, match="applicationlinks"):
            client.add_remote_link(
                issue.key, {"url": "https://remedy.example/1", "title": "INC1"}, globalId="inc=1"
            )
        issue.update(summary="Still over a socket")
        client.close()
    assert site.issue(issue.key)["summary"] == "Still over a socket"
    assert [link["globalId"] for link in site.remote_links(issue.key)] == ["inc=1"]
