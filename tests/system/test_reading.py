"""The commands that only read: what people see, what programs get, and that nothing is written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.simulators.remedy import RemedySettings
from tests.system.place import Place, a_place
from tests.system.test_commands import section


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place with one linked incident, one that asks for a ticket, and texts that try to be markup or worse."""
    with a_place(tmp_path_factory.mktemp("story"), remedy=RemedySettings(second_bump=False)) as place:
        place.opens("#ticket the sum is blank")
        done = place.run("once", "--json")
        assert done.code == 0
        assert done.json["retail"]["done"] >= 4
        assert_documented("once", done.json["retail"])
        place.opens("#ticket it blinks", Description='[bold]New[/] "sum" \x1b[2J :bomb: ' + "very long " * 6)
        yield place


def assert_documented(command: str, value: dict[str, Any]) -> None:
    """Every key of an object that a program gets is in the page of the commands, in backticks."""
    words = set(re.findall(r"`([a-z_]+)`", section(command)))
    assert value.keys() <= words, value.keys() - words


def everything(place: Place) -> tuple[Any, ...]:
    """Both worlds and every file, for comparison."""
    desk, tracker = place.world.desk.people, place.world.tracker
    numbers = desk.numbers()
    files = sorted(path for path in place.folder.rglob("*") if path.is_file())
    return (
        {number: (desk.incident(number), desk.notes(number)) for number in numbers},
        {key: (tracker.issue(key), tracker.comments(key)) for key in place.tickets()},
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    )


def test_plan_shows_the_next_step_and_writes_nothing(story: Place) -> None:
    """A plan reads like sentences, shows no program's values, and leaves servers and state as they were."""
    before = everything(story)
    shown = story.run("plan", "--detailed-exitcode")
    assert shown.code == 2
    assert "retail: 1 to do" in shown.out
    assert re.search(r"\+ INC\d+  open a ticket in FRONT", shown.out)
    assert re.search(r"labels +frontline *\n", shown.out)
    assert re.search(r"because +Ann Orlova asked for a ticket", shown.out)
    assert not re.search(r"[()]'|'\)|\(\"", shown.out)
    assert '[bold]New[/] "sum"' in shown.out
    assert ":bomb:" in shown.out
    assert everything(story) == before


def test_plan_for_programs(story: Place) -> None:
    """The plan of one incident as JSON has the documented keys; of another one there is nothing to do."""
    first, second = story.world.desk.people.numbers()
    shown = story.run("plan", second, "--json")
    assert shown.code == 0
    (action,) = shown.json["retail"]
    assert action["incident"] == second
    assert action["kind"] == "create_ticket"
    assert action["fields"]["labels"] == ["frontline"]
    assert_documented("plan", action)
    quiet = story.run("plan", first, "--detailed-exitcode")
    assert quiet.code == 0
    assert quiet.out == "retail: nothing to do.\n"


def test_plan_where_a_server_is_away(story: Place) -> None:
    """What cannot be asked is told with why and what to do, and the exit code says that later may help."""
    story.configure(tracker='url: "http://127.0.0.1:9", email: a@example.com, token: {env: JIRA_TOKEN}')
    shown = story.run("plan", "--detailed-exitcode", story.world.desk.people.numbers()[0])
    story.configure()
    assert shown.code == 75
    assert shown.out == "retail: what is to do cannot be told before both sides can be asked.\n"
    assert "why:" in shown.err
    assert "next: check the address, the network and the certificate" in shown.err


def test_held_lists_who_acts_next(story: Place) -> None:
    """People get a row with the next step, wide or narrow; programs get the documented keys."""
    number = story.world.desk.people.numbers()[0]
    wide, narrow = story.run("held"), story.run("held", environ={"COLUMNS": "80"})
    assert (wide.code, narrow.code) == (0, 0)
    assert re.search(rf"{number} +Medium +FRONT-1 +linked .* development +development prepares", wide.out)
    assert wide.out.rstrip().endswith("1 held.")
    assert f"{number}  Medium  FRONT-1  linked  since" in narrow.out
    assert max(len(line) for line in narrow.out.splitlines()) <= 80
    (row,) = story.run("held", "--json").json
    assert (row["incident"], row["tickets"], row["stage"]) == (number, ["FRONT-1"], "linked")
    assert_documented("held", row)


def test_explain_says_why_and_what_next(story: Place) -> None:
    """One incident is explained with conditions, facts, evidence, the next step, and what the bridge did."""
    number = story.world.desk.people.numbers()[0]
    shown = story.run("explain", number)
    assert shown.code == 0
    for words in (
        f"{number}  Pending, Frontline Retail, Ann Orlova",
        "yes  Categorization Tier 1 is Defect (it is Defect)",
        "missing:   fixed, deployed, verified, cause",
        "now with:  development",
        "open a ticket in FRONT",
    ):
        assert words in shown.out
    (told,) = story.run("explain", number, "--json").json
    assert_documented("explain", told)
    for part in ("facts", "conditions", "effects"):
        assert told[part]
        assert_documented("explain", told[part][0])
    assert {fact["name"]: fact["holds"] for fact in told["facts"]}["linked"] is True


def test_explain_of_an_incident_that_nobody_watches(story: Place) -> None:
    """An unknown number is told with why and what to do; a number that is none, too."""
    for number in ("INC000000009999", "no such; DROP TABLE"):
        shown = story.run("explain", number)
        assert shown.code == 1
        assert f"{number} is not watched" in shown.err
        assert "next: ask for a ticket in a note" in shown.err


def test_check_is_quiet_about_what_is_right(story: Place) -> None:
    """Configuration, servers and permissions are all right; programs get the documented keys."""
    shown = story.run("check", "--live")
    assert shown.code == 0, shown.told
    assert re.search(r"ok +desk itsm: log-in +as svc-bridge", shown.out)
    assert re.search(r"ok +group L2 Retail +1 member\b", shown.out)
    findings = story.run("check", "--json").json
    assert all(finding["verdict"] == "ok" for finding in findings)
    assert_documented("check", findings[0])


def test_the_delivered_rules_pass_their_tests(story: Place) -> None:
    """``bridge test`` names each case; a failing one is told with file, line and difference, and exits with 1."""
    cases = story.folder / "rules.test.yaml"
    cases.write_text(
        "cases:\n"
        "  - name: without a request nothing happens\n"
        "    given: {incident: {assigned_group: Frontline Cards, 'Categorization Tier 1': Defect}}\n"
        "    expect: nothing\n"
        "  - name: this one is wrong\n"
        "    given: {incident: {assigned_group: Service Desk}}\n"
        "    expect: {rule: retail-defects}\n",
        encoding="utf-8",
    )
    shown, told = story.run("test"), story.run("test", "--json")
    cases.unlink()
    assert (shown.code, told.code) == (1, 1)
    assert "pass  without a request nothing happens" in shown.out
    assert "FAIL  this one is wrong" in shown.out
    assert re.search(r"rules\.test\.yaml:5: .*retail-defects", shown.out)
    assert "1 passed, 1 failed." in shown.out
    assert_documented("test", told.json[0])


def test_before_the_first_run_an_empty_answer_says_so(place: Place) -> None:
    """Where there is no state yet, nobody is told that all is well; nothing is created by asking."""
    held = place.run("held")
    assert held.code == 0
    assert held.told == f"Nothing is held: there is no state file {place.state} yet."
    assert place.run("held", "--json").json == []
    explained = place.run("explain", "INC1")
    assert explained.code == 1
    assert f"there is no state file {place.state} yet" in explained.told
    assert not place.state.exists()
