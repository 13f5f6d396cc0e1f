"""The configuration: it loads, tells every mistake in its place, and keeps its secrets."""

# ruff: noqa: E501 - tables of messages read best in one line each

from __future__ import annotations

import os
import pickle
from datetime import time, timedelta
from pathlib import Path

import pytest

from bridge.model.errors import ConfigError
from bridge.rules.problems import ConfigProblems
from bridge.settings import Secret, SecretRef, Settings, config_path, load_settings, read_secret

PROJECT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("BRIDGE_SHARED", PROJECT.parent / "shared"))
CANARY = "hunter2-canary"

RULES = """\
rules:
  - name: a
    when: [{priority: High}]
    ticket: {project: F}
    hold: {deployed: {any: [{fix_version: released}]}}
"""
SMALLEST = """\
state: sqlite:///bridge.db
desks:
  itsm: {connector: remedy, url: "https://itsm.example.com", username: svc, password: {env: PW}}
trackers:
  jira: {connector: jira, url: "https://jira.example.com", token: {env: TOKEN}}
pairs:
  - {name: retail, desk: itsm, tracker: jira, rules: [r.yaml]}
"""


def _load(tmp_path: Path, text: str = SMALLEST, rules: str = RULES) -> Settings:
    (tmp_path / "r.yaml").write_text(rules, encoding="utf-8")
    path = tmp_path / "bridge.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def _mistakes(tmp_path: Path, text: str, rules: str = RULES) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        _load(tmp_path, text, rules)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_our_example_loads() -> None:
    """The example configuration loads without any of its secrets being there."""
    settings = load_settings(PROJECT / "config" / "bridge.yaml")
    assert settings.state == "sqlite:////var/lib/bridge/bridge.db"
    assert settings.state_path == Path("/var/lib/bridge/bridge.db")
    assert settings.desks["itsm"].password.file == Path("/run/secrets/remedy_password")
    pair = settings.pair("retail")
    assert pair is not None
    assert pair.rule_set.projects == ("FRONT",)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared examples are not here")
def test_the_shared_example_loads() -> None:
    """The configuration that the customer was shown loads as it is."""
    settings = load_settings(SHARED / "example" / "bridge.yaml")
    assert settings.schedule.poll == timedelta(seconds=30)
    assert settings.schedule.resync == time(3, 0)
    assert settings.trackers["cloud"].email == "svc-bridge@example.com"


def test_defaults(tmp_path: Path) -> None:
    """What is left out has a sensible value, and paths lead from the folder of the file."""
    settings = _load(tmp_path)
    assert settings.state_path == tmp_path / "bridge.db"
    assert settings.language == "en"
    assert settings.schedule.overlap == timedelta(minutes=2)
    assert settings.logs.format == "auto"
    assert settings.desks["itsm"].ticket_field == "Vendor Ticket Number"
    assert settings.desks["itsm"].timeout == timedelta(seconds=60)
    assert settings.trackers["jira"].search_grace is None
    assert settings.pairs[0].rules == (tmp_path / "r.yaml",)


def test_everything_that_can_be_set(tmp_path: Path) -> None:
    """Every optional key is read, and relative paths lead from the folder of the file."""
    (tmp_path / "texts").mkdir()
    text = (
        SMALLEST.replace("password: {env: PW}", "password: {file: pw}, ca_bundle: ca.pem, proxy: 'http://p:3128/', timeout: 5s, web_url: 'https://w/?q={number}'")
        .replace("token: {env: TOKEN}", "token: {credential: jira}, username: u, search_grace: 3m")
        .replace("desks:", "language: uk\ntexts: texts\nschedule: {poll: 1m, overlap: 0s, resync: '23:59'}\nlogs: {format: json, level: debug}\ndesks:")
    )  # fmt: skip
    settings = _load(tmp_path, text)
    desk = settings.desks["itsm"]
    assert (desk.password.file, desk.ca_bundle) == (tmp_path / "pw", tmp_path / "ca.pem")
    assert (desk.proxy, desk.timeout) == ("http://p:3128", timedelta(seconds=5))
    assert desk.web_url == "https://w/?q={number}"
    assert settings.trackers["jira"].search_grace == timedelta(minutes=3)
    assert settings.texts == tmp_path / "texts"
    assert settings.schedule.overlap == timedelta(0)
    assert settings.logs.level == "debug"


_SECRET = "a secret is never written here, only where it is found: {file: path}, {env: VARIABLE}, or {credential: name} of systemd"
_ADDRESS = "an address like https://itsm.example.com:8443 is expected here"
_STATE = "the state is a file: sqlite:///name.db beside this file, or sqlite:////var/lib/bridge/bridge.db"
_ONE_CHANGE: list[tuple[str, str, str]] = [
    ("state:", "stat:", "1:1: the key 'state' is missing|1:1: unknown key 'stat', did you mean 'state'?"),
    ("sqlite:///bridge.db", f"postgresql://u:{CANARY}@h/db", f"1:8: {_STATE}"),
    ("sqlite:///bridge.db", "'sqlite:///:memory:'", f"1:8: {_STATE}"),
    ("remedy", "remedi", "3:21: 'remedi' is not 'remedy'"),
    ("{env: PW}", CANARY, f"3:87: {_SECRET}"),
    ("{env: PW}", f"[{CANARY}]", f"3:87: {_SECRET}"),
    ("{env: PW}", f"{{{CANARY}: x}}", f"3:87: {_SECRET}"),
    ("{env: PW}", f"{{value: {CANARY}}}", f"3:87: {_SECRET}"),
    ("{env: PW}", f"{{env: PW, file: {CANARY}}}", f"3:87: {_SECRET}"),
    ("{env: PW}", f"{{env: {CANARY}}}", "3:93: the name of an environment variable is expected here"),
    ("{env: PW}", f"{{credential: ../{CANARY}}}", "3:100: the name of a systemd credential is expected here, not a path"),
    ("{env: PW}", f"*{CANARY}", "3:87: aliases (*) are not used here; write the value out"),
    ("{env: PW}", f"!{CANARY} x", "3:87: tags (!) are not used here; a text that begins with ! stands in quotes"),
    ("https://itsm", f"https://svc:{CANARY}@itsm", "3:34: no credentials in an address: name the account and the secret under keys of their own"),
    ("itsm.example.com", f"itsm.example.com/?token={CANARY}", "3:34: an address ends before ? and #"),
    ("https://itsm", "ftp://itsm", f"3:34: {_ADDRESS}"),
    ("itsm.example.com", f"itsm.example.com:{CANARY}", f"3:34: {_ADDRESS}"),
    ("username: svc", "username: svc, web_url: 'https://x/'", "3:86: an address with {number} in it is expected here, and no credentials"),
    ("username: svc", "username: svc, timeout: 60", "3:86: a length of time is a whole number and a unit: 30s, 2m, 1h, 7d"),
    ("username: svc", "username: svc, timeout: 1h", "3:86: must be between 1s and 10m"),
    ("token: {", "email: x, token: {", "5:67: an e-mail address is expected here; on Data Center give a username, or only a token"),
    ("token: {", "email: x@y, username: z, token: {", "5:9: give either email (Cloud) or username (Data Center)"),
    ("desk: itsm", "desk: itms", "7:26: unknown desk 'itms', did you mean 'itsm'?"),
    ("tracker: jira", "tracker: gira", "7:41: unknown tracker 'gira', did you mean 'jira'?"),
    ("name: retail", "name: Retail", "7:12: a pair's name has lower-case letters, digits, - and _ only, at most 32"),
    ("[r.yaml]", "[x.yaml]", "7:55: there is no file 'x.yaml'"),
    ("[r.yaml]", "[r.yaml, r.yaml]", "7:63: 'r.yaml' is listed already"),
    ("[r.yaml]", "[]", "7:54: at least one entry is needed here"),
    ("  - {name", "  - {name: retail, desk: itsm, tracker: jira, rules: [r.yaml]}\n  - {name", "8:12: another pair is called 'retail' already"),
    ("trackers:", "  two: {connector: remedy, url: 'https://ITSM.example.com/', username: svc, password: {env: PW}}\ntrackers:", "4:72: the desk 'itsm' uses this account already; two sessions would lock each other out"),
    ("desks:", "schedule: {poll: 500}\ndesks:", "2:18: a length of time is a whole number and a unit: 30s, 2m, 1h, 7d"),
    ("desks:", "schedule: {poll: 0s}\ndesks:", "2:18: must be between 1s and 1h"),
    ("desks:", "schedule: {resync: 3:00}\ndesks:", '2:20: a time of day like "03:00" is expected here'),
    ("desks:", "language: de\ndesks:", "2:11: 'de' is none of en, ru, uk"),
    ("desks:", "texts: none\ndesks:", "2:8: there is no folder 'none'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), _ONE_CHANGE)
def test_one_mistake_is_told_alone_and_in_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    """One mistake gives exactly its own message, in its place, and never repeats what may be a secret."""
    assert old in SMALLEST
    found = _mistakes(tmp_path, SMALLEST.replace(old, new, 1))
    assert found == [f"bridge.yaml:{line}" for line in expected.split("|")]
    assert CANARY not in "".join(found)


def test_mistakes_of_the_rules_are_told_with_those_of_the_settings(tmp_path: Path) -> None:
    """One look tells everything: the configuration's mistakes and those of the rules that it names."""
    text = SMALLEST.replace("desk: itsm", "desk: itms").replace("remedy", "remedi")
    assert _mistakes(tmp_path, text, RULES.replace("when:", "wehn:")) == [
        "bridge.yaml:3:21: 'remedi' is not 'remedy'",
        "bridge.yaml:7:26: unknown desk 'itms', did you mean 'itsm'?",
        "r.yaml:3:5: unknown key 'wehn', did you mean 'when'?",
    ]


def test_which_file_is_the_configuration() -> None:
    """The option comes first, then the variable, then the usual place."""
    environ = {"BRIDGE_CONFIG": "/etc/b.yaml"}
    assert config_path(Path("x.yaml"), environ) == Path("x.yaml")
    assert config_path(None, environ) == Path("/etc/b.yaml")
    assert config_path(None, {}) == Path("config/bridge.yaml")


def _secret_file(tmp_path: Path, content: bytes, mode: int = 0o600) -> SecretRef:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return SecretRef(file=path)


def test_secrets_are_read_from_all_three_places(tmp_path: Path) -> None:
    """A variable, a file and a systemd credential give the same secret, without the line's end."""
    ref = _secret_file(tmp_path, f"{CANARY}\r\n".encode(), mode=0o440)
    environ = {"PW": CANARY, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    for one in (ref, SecretRef(env="PW"), SecretRef(credential="secret")):
        assert read_secret(one, environ).reveal() == CANARY


def test_a_secret_shows_itself_to_nobody() -> None:
    """No representation of a secret holds it, and it cannot be written out."""
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {secret:>30} {[secret]} {vars(SecretRef(env='PW'))}"
    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    ("content", "mode", "what"),
    [
        (CANARY.encode(), 0o644, "is open to every account"),
        (CANARY.encode(), 0o602, "is open to every account"),
        (b" \n", 0o600, "there is no secret in the file"),
        (f"{CANARY}\nsecond".encode(), 0o600, "is not one line of text"),
        (CANARY.encode() + b"\xff", 0o600, "is not UTF-8 text"),
        (CANARY.encode() * 9999, 0o600, "is too large"),
    ],
)
def test_a_secret_file_that_cannot_be_used(tmp_path: Path, content: bytes, mode: int, what: str) -> None:
    """The error names the file and what is wrong with it, never what it holds."""
    ref = _secret_file(tmp_path, content, mode)
    with pytest.raises(ConfigError, match=what) as caught:
        read_secret(ref, {})
    assert str(ref.file) in str(caught.value)
    assert CANARY not in str(caught.value)


def test_secrets_that_are_not_there(tmp_path: Path) -> None:
    """A missing file, folder, variable or credential is named."""
    for ref, place in (
        (SecretRef(file=tmp_path / "none"), "none cannot be read"),
        (SecretRef(file=tmp_path), "is not a regular file"),
        (SecretRef(env="PW"), "there is no secret in the variable PW"),
        (SecretRef(credential="x"), "the credential x cannot be read"),
    ):
        with pytest.raises(ConfigError, match=place):
            read_secret(ref, {})


def test_an_open_secret_file_says_what_to_do(tmp_path: Path) -> None:
    """A world-readable secret comes with the command that closes it."""
    ref = _secret_file(tmp_path, CANARY.encode(), 0o644)
    with pytest.raises(ConfigError) as caught:
        read_secret(ref, {})
    assert f"chmod 600 {ref.file}" in caught.value.next_step
