"""Whatever is wrong, the person reads what happened, why, and what to do; and nothing else is harmed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bridge.simulators.faults import HTML_PAGE, Fault
from bridge.simulators.wire import Request, Response
from tests.system.place import Done, Place, a_place, creates, until


def told(shown: Done, *words: str) -> None:
    """Every one of these words reached the person."""
    for part in words:
        assert part in shown.told, f"{part!r} is not in: {shown.told}"


# -- files that an administrator wrote


def test_a_mistake_in_yaml_is_told_with_its_place(place: Place) -> None:
    """Every mistake of every file is named at once, with file, line, column, and the word that was probably meant."""
    rules = place.folder / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("    hold:", "    hodl:"), encoding="utf-8")
    place.configure(top="langauge: ru")
    shown = place.run("check")
    assert shown.code == 78
    assert re.search(r"bridge\.yaml:3:1: .*'langauge'.*did you mean 'language'\?", shown.err)
    assert re.search(r"rules\.yaml:\d+:\d+: .*'hodl'.*did you mean 'hold'\?", shown.err)


def test_what_is_no_yaml_is_told_with_its_place(place: Place) -> None:
    """A file that is no YAML at all, is a folder, or is not text, stops every command with its place."""
    (place.folder / "bridge.yaml").write_text("state: [1, 2\ndesks: {", encoding="utf-8")
    shown = place.run("run")
    assert shown.code == 78
    assert re.search(r"bridge\.yaml:\d+:\d+: ", shown.err)
    (place.folder / "bridge.yaml").write_bytes(b"\xff\xfe\x00")
    told(place.run("held"), "bridge.yaml", "UTF-8")
    told(place.run("-c", str(place.folder), "held"), str(place.folder))


# -- secrets


def test_a_missing_secret_stops_before_anything_is_asked(place: Place) -> None:
    """Where a secret is not there, ``run`` does not start and ``check`` names the place; no server is asked."""
    shown = place.run("run", environ={"REMEDY_PASSWORD": ""})
    assert shown.code == 78
    told(shown, "there is no secret in the variable REMEDY_PASSWORD", "next: put it there and start again")
    checked = place.run("check", environ={"JIRA_TOKEN": ""})
    assert checked.code == 78
    told(checked, "error tracker jira: secret", "the variable JIRA_TOKEN")
    assert place.world.desk_wire.seen == []


def test_a_secret_file_that_everybody_may_read_is_refused(place: Place) -> None:
    """A secret in an open file is not used; the command that closes it is told. Closed, it is used."""
    secret = place.folder / "password"
    secret.write_text("desk-password\n", encoding="utf-8")
    secret.chmod(0o644)
    place.configure(desk=f'url: "{place.stand.desk_url}", password: {{file: password}}')
    shown = place.run("once")
    assert shown.code == 78
    told(shown, "the secret file password is open to every account", "next: run chmod 600 password")
    assert "desk-password" not in shown.told
    secret.chmod(0o600)
    assert place.run("once").code == 0


def test_a_wrong_remedy_password_is_told_and_not_hammered(place: Place) -> None:
    """The daemon says so once, goes on looking at Jira, and offers the password once in its many looks."""
    place.world.desk.add_account("svc-bridge", "another one")
    with place.running() as bridge:
        bridge.looks_again(4)
        (lost,) = bridge.events("side_lost")
        assert lost["side"] == "desk"
        assert "did not accept the account" in lost["what"]
        assert "ARERR" in lost["why"]
        assert "password" in lost["next"]
    offered = [path for _, path in place.world.desk_wire.seen if path.endswith("/login")]
    assert len(offered) == 1
    assert len(place.world.tracker_wire.seen) >= 4
    shown = place.run("check", "--live")
    assert shown.code == 1
    told(shown, "error desk itsm: log-in", "next:")
    assert len([path for _, path in place.world.desk_wire.seen if path.endswith("/login")]) == 2


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_a_wrong_jira_token_is_told(tmp_path: Path, flavour: str) -> None:
    """Cloud lets a wrong token in as nobody, Data Center answers 401: both are told as a refused account."""
    with a_place(tmp_path, flavour="cloud" if flavour == "cloud" else "datacenter") as place:
        number = place.opens("#ticket the sum is blank")
        shown = place.run("once", environ={"JIRA_TOKEN": "wrong-token"})
        assert shown.code == 1
        told(shown, "the tracker cannot be asked", "Jira", "why:", "next:")
        assert re.search(r"token|credential|account", shown.err)
        assert place.tickets() == []
        assert place.run("once").code == 0
        assert place.key(number) == "FRONT-1"


# -- the way to the servers


def test_an_unreachable_host_is_told(place: Place) -> None:
    """Nobody listens there, or there is no such name: what, why and next are told, and the exit code says later."""
    for url in ("http://127.0.0.1:9", "http://nowhere.invalid"):
        place.configure(desk=f'url: "{url}", password: {{env: REMEDY_PASSWORD}}')
        shown = place.run("once")
        assert shown.code == 75
        told(shown, "the desk cannot be asked", "why:", "next: check the address, the network")
        assert not re.search(r"HTTPConnectionPool|Errno|object at 0x", shown.told)


def _answers(place: Place, side: str, answer: Response) -> Fault:
    wire = place.world.desk_wire if side == "desk" else place.world.tracker_wire
    return wire.add(Fault(kind="answer_before", times=None, answer=answer))


@pytest.mark.parametrize("side", ["desk", "tracker"])
def test_a_web_page_or_half_an_answer_is_believed_to_be_neither(place: Place, side: str) -> None:
    """A page of HTML and truncated JSON stop only the side that sent them, for as long as they come."""
    number = place.opens("#ticket the sum is blank")
    for answer, why in (
        (Response.of_text(200, HTML_PAGE, "text/html"), "web page"),
        (Response(status=200, headers={"Content-Type": "application/json"}, body=b'{"entries": [{"val'), ""),
    ):
        fault = _answers(place, side, answer)
        shown = place.run("once")
        assert shown.code == 75
        told(shown, f"the {side} cannot be asked", "why:", why, "next:")
        assert place.tickets() == []
        (place.world.desk_wire if side == "desk" else place.world.tracker_wire).faults.remove(fault)
    assert place.run("once").code == 0
    assert place.key(number) == "FRONT-1"


def test_half_an_answer_to_a_write_makes_no_second_ticket(place: Place) -> None:
    """Jira opens the ticket and its answer breaks off: the ticket is looked for and found, not opened again."""
    number = place.opens("#ticket the sum is blank")
    cut = Response(status=201, headers={"Content-Type": "application/json"}, body=b'{"id": "1000')
    place.world.tracker_wire.add(Fault(kind="answer_after", match=creates, answer=cut))
    with place.running() as bridge:
        until(lambda: place.key(number) == "FRONT-1")
        assert bridge.events("effect_unknown")
        assert bridge.events("effect_found")
    assert place.tickets() == ["FRONT-1"]


# -- what stands in the two systems


def test_a_field_that_remedy_does_not_know(place: Place) -> None:
    """A rule's unknown field is told by ``check --live`` and by a look, with its name; corrected, work goes on."""
    rules = place.folder / "rules.yaml"
    right = rules.read_text(encoding="utf-8")
    number = place.opens("#ticket the sum is blank")
    rules.write_text(right.replace('"Categorization Tier 1"', '"Categorisation Tear 1"'), encoding="utf-8")
    checked = place.run("check", "--live")
    assert checked.code == 1
    told(checked, "error", "Categorisation Tear 1", "next:")
    looked = place.run("once")
    assert looked.code != 0
    told(looked, "Categorisation Tear 1", "why:")
    rules.write_text(right, encoding="utf-8")
    assert place.run("once").code == 0
    assert place.key(number) == "FRONT-1"


def deploy(place: Place, key: str) -> None:
    """Ana fixes a ticket in a version that is released already."""
    people = place.world.tracker.people
    people.plans_for(key, "4.2", "dev.ana")
    people.releases("4.2", "FRONT")
    people.moves_to(key, "Done", "dev.ana", "Done")


def test_a_status_that_jira_does_not_have(place: Place) -> None:
    """A move for which there is no transition is told with what there is instead; the verification stands, others go on."""
    rules = place.folder / "rules.yaml"
    text = rules.read_text(encoding="utf-8").replace("transition_to: Closed", "transition_to: Archived")
    rules.write_text(text, encoding="utf-8")
    number = place.opens("#ticket the sum is blank")
    with place.running():
        until(lambda: place.key(number) == "FRONT-1")
        deploy(place, "FRONT-1")
        until(lambda: "Please check it" in place.said(number))
        place.asks(number, "#verified works")
        until(lambda: "Verified by" in place.said(number))
        until(lambda: place.effects("refused"))
        other = place.opens("#ticket another one")
        until(lambda: place.key(other) == "FRONT-2")
    (refused,) = place.effects("refused")
    told(
        place.run("explain", number),
        "refused move FRONT-1 to Archived",
        "needs a person: not moved",
        refused.error,
    )


NASTY = (
    "quotes ' '' \" \\ and % _ * ? [a-z] 'Status' = \"Closed\" OR 1=1 -- project = FRONT ORDER BY key; DROP",
    "{code} h1. *bold* ||x|| [~admin] [text|http://example.com] {{ 7 * 7 }} {% raw %} <b>&amp;</b> $NULL$ $USER$",
    "emoji 🦊👩‍👩‍👧 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 漢字 עברית \u202eevil\u202c zero\u200bwidth",
)


def test_syntax_of_any_kind_is_text(place: Place) -> None:
    """Quotes, JQL, qualifications, wiki markup, templates and four-byte letters cross and come back as text."""
    numbers = {text: place.opens("#ticket " + text, Description=text[:90]) for text in NASTY}
    with place.running():
        until(lambda: all(place.key(number) for number in numbers.values()))
        for text, number in numbers.items():
            place.world.tracker.people.comments(place.key(number), "answer 🦊 'x\" " + text, "dev.ana")
            place.asks(number, "and further: " + text)
        until(lambda: all("answer 🦊 'x\"" in place.said(number) for number in numbers.values()))
        until(lambda: all("further" in place.comments(place.key(number)) for number in numbers.values()))
    assert len(place.tickets()) == len(NASTY)
    for text, number in numbers.items():
        for word in re.findall(r"[a-zA-Z]{5,}", text):
            assert word in place.comments(place.key(number))
            assert word in place.said(number)
    assert place.effects("refused") == place.effects("dead") == place.effects("unknown") == ()
    told(place.run("held"), "3 held.")


def test_an_incident_of_forty_thousand_characters(place: Place) -> None:
    """A text beyond Jira's limit is cut and says so; the link is made all the same, others are not kept waiting."""
    long = "line with words 🦊 'quoted'\n" * 1_500
    first = place.opens("#ticket " + long, **{"Detailed Decription": long})
    second = place.opens("#ticket short")
    shown = place.run("once")
    assert shown.code == 0, shown.told
    assert {place.key(first), place.key(second)} == {"FRONT-1", "FRONT-2"}
    description = str(place.world.tracker.issue(place.key(first))["description"])
    assert len(description) <= 32_767
    assert place.effects("refused") == place.effects("dead") == ()


def test_a_ticket_that_was_deleted_or_moved(place: Place) -> None:
    """Nobody is told of a loss after one look; what is written about a moved ticket reaches it; the daemon goes on."""
    first, second = place.opens("#ticket one"), place.opens("#ticket two")
    with place.running() as bridge:
        until(lambda: place.key(first) and place.key(second))
        moved = place.key(second)
        place.world.tracker.people.deletes(place.key(first))
        new = place.world.tracker.people.moves(moved, "CORE")
        assert new != moved
        place.asks(first, "is there any news?")
        place.asks(second, "is there any news here?")
        until(lambda: "any news here" in place.comments(new))
        bridge.looks_again()
        assert bridge.process.poll() is None
    assert place.status(first) == "Pending"
    assert "was deleted" not in place.said(first)
    told(place.run("held"), "2 held.")


def test_membership_that_cannot_be_read(place: Place) -> None:
    """An answer of somebody whose group cannot be read is refused in words; ``check --live`` names the permission."""
    place.world.desk.add_account("svc-bridge", "desk-password", reads_memberships=False)
    number = place.opens("#ticket the sum is blank")
    with place.running():
        until(lambda: place.key(number) == "FRONT-1")
        deploy(place, "FRONT-1")
        until(lambda: "Please check it" in place.said(number))
        place.asks(number, "#verified works", by="bob")
        until(lambda: "cannot read who belongs to Frontline Retail" in place.said(number))
        assert "Verified by" not in place.said(number)
        place.asks(number, "#verified it does")
        until(lambda: "Verified by" in place.said(number))
    checked = place.run("check", "--live")
    assert checked.code == 1
    told(checked, "error", "CTM:Support Group Association", "next: give the account read access")


# -- the state


def test_a_state_that_cannot_be_used(place: Place) -> None:
    """A folder, a damaged file and a folder that is not there: nothing is asked of the servers, and it is said why."""
    (place.folder / "taken").mkdir()
    (place.folder / "broken.db").write_bytes(b"this is no database at all" * 100)
    for name, words in (
        ("taken", "cannot be"),
        ("broken.db", "is damaged or not a state file"),
        ("not/there.db", "there is no folder"),
    ):
        place.configure(state=f"sqlite:///{name}")
        shown = place.run("run")
        assert shown.code == 1, shown.told
        told(shown, str(place.folder / name), words, "why:", "next:")
    assert place.world.desk_wire.seen == []
    assert (place.folder / "broken.db").read_bytes().startswith(b"this is no database")


def test_reading_a_state_that_cannot_be_used(place: Place) -> None:
    """The reading commands tell a damaged file as the daemon does."""
    place.state.write_bytes(b"this is no database at all" * 100)
    for command in ("held", "check"):
        shown = place.run(command)
        assert shown.code == 1
        told(shown, "is damaged or not a state file", "next: stop the bridge")


@pytest.mark.skipif(os.geteuid() == 0, reason="to the superuser nothing is read-only")
def test_a_state_in_a_folder_that_may_not_be_written(place: Place) -> None:
    """A read-only folder is told with what to do."""
    closed = place.folder / "closed"
    closed.mkdir(mode=0o500)
    place.configure(state="sqlite:///closed/bridge.db")
    shown = place.run("run")
    assert shown.code == 1
    told(shown, "cannot be written", "next: let the bridge's account read and write")


def test_a_full_disk(place: Place) -> None:
    """Where the state cannot grow it is said, and nothing is sent that is not written down; with room it goes on."""
    assert place.run("once").code == 0
    place.opens("#ticket " + "many words " * 20_000)
    shown = place.run("once", limit=place.state.stat().st_size + 4096)
    assert shown.code == 1
    told(shown, f"the state file {place.state}", "why:", "next:")
    assert place.tickets() == []
    assert place.run("once").code == 0
    assert place.tickets() == ["FRONT-1"]


# -- secrets appear nowhere


def test_no_secret_is_ever_shown(place: Place) -> None:
    """Not in output, log, state or either world, even where a server repeats it, at the most talkative level."""
    place.world.desk.add_account("svc-bridge", 'Pässword-"canary" 100%')
    secrets = {"REMEDY_PASSWORD": 'Pässword-"canary" 100%', "JIRA_TOKEN": "tracker-token"}
    place.environ |= secrets
    place.configure(top="logs: {level: debug, format: json}")
    place.opens("#ticket the sum is blank")
    password, token = secrets.values()
    message = [{"messageType": "ERROR", "messageNumber": 9999, "messageText": f"bad {password}"}]
    complaint = {"errorMessages": [token], "errors": {"x": token}}
    for wire, answer in (
        (place.world.desk_wire, Response.of_json(500, message)),
        (place.world.tracker_wire, Response.of_json(400, complaint)),
        (place.world.tracker_wire, Response.of_text(403, f"<html>{token}</html>", "text/html")),
    ):
        wire.add(Fault(kind="answer_before", match=_not_log_in, times=2, answer=answer))
    heard = [place.run("once"), place.run("once"), place.run("check", "--live", "--json"), place.run("once")]
    heard.append(place.run("plan"))
    with place.running() as bridge:
        bridge.looks_again()
        bridge.signals()
        bridge.ends()
    printed = "\n".join([shown.out + shown.err for shown in heard] + bridge.lines)
    files = b"".join(path.read_bytes() for path in sorted(place.folder.glob("bridge.db*")))
    for trace in ("canary", "tracker-token", "dHJhY2tlci10b2tlbg", "eyJ"):
        assert trace not in printed
        assert trace.encode() not in files
    assert place.tickets() == ["FRONT-1"]


def _not_log_in(request: Request) -> bool:
    return not request.path.endswith(("/login", "/logout"))
