"""The guides tell the truth: links lead somewhere, named functions exist, keys and quoted notes are the product's own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bridge.cli import speech
from bridge.cli.main import app
from bridge.decide.voice import VARIABLES
from bridge.rules import conditions, shape
from bridge.rules.load import load_rules
from bridge.voices import voice_of
from tests.promises import PROMISES, bound, figures_of

ROOT = Path(__file__).parents[1]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)
LIFE = ROOT / "docs" / "life-of-an-incident.md"
RULES = ROOT / "docs" / "rules.md"
PROMISED = ROOT / "docs" / "promises.md"

LINK = re.compile(r"\[(?P<text>[^\]\n]+)\]\((?P<target>[^)\s]+)\)")
KEY_ROW = re.compile(r"^\| `(?P<key>[a-z_.*]+)` \| (?P<default>[^|]+) \| [^|]+\|$", re.MULTILINE)
CAUSES = "Code, Integration, Back-end, Business logic, User error, Campaign settings"
FIELD = "Resolution Category Tier 2"

EVENT = re.compile(r"\blog\.(?:debug|info|warning|error|critical|exception)\(\s*\"(?P<event>[a-z_]+)\"")
EVENT_ROW = re.compile(r"^\| `(?P<event>[a-z_]+)` \| (?:info|warning|error|critical) \|", re.MULTILINE)

#: The notes that the life of an incident quotes, in its order: the text's name and its values.
QUOTED: tuple[tuple[str, dict[str, str | int | bool]], ...] = (
    (
        "no_rule",
        {
            "author": "Ann Owner",
            "queue": "Frontline Retail",
            "conditions": "Categorization Tier 1 is Defect (is Question).",
        },
    ),
    (
        "living",
        {
            "tickets": "FRONT-1: not started yet",
            "state": "development works on the fix",
            "round": 1,
            "ball": "development",
            "next": "development prepares the patch",
            "flags": "",
        },
    ),
    (
        "note_from_ticket",
        {
            "author": "Dev Ana",
            "key": "FRONT-1",
            "at": "2026-03-02 06:12 UTC",
            "text": "Is it only new accounts?",
        },
    ),
    (
        "put_back",
        {
            "status": "Pending",
            "missing": "the fix itself, its deployment to production, Frontline's check (#verified), "
            "the cause in Resolution Category Tier 2",
            "keys": "FRONT-1",
            "count": 1,
            "limit": 3,
        },
    ),
    ("fixed", {"keys": "FRONT-1", "versions": "4.2", "next": "second line installs 4.2 in production"}),
    ("decide", {"keys": "FRONT-1", "reasons": "Won't Do", "reject": "#failed"}),
    (
        "verify",
        {
            "keys": "FRONT-1",
            "evidence": "version 4.2 was released",
            "accept": "#verified",
            "reject": "#failed",
            "cause_field": FIELD,
            "causes": CAUSES,
            "failed_before": "",
        },
    ),
    ("not_member", {"author": "Zoe Elsewhere", "queue": "Frontline Retail"}),
    (
        "ticket_failed",
        {
            "author": "Bob Second",
            "number": "INC000000001000",
            "at": "2026-03-02 06:10 UTC",
            "round": 1,
            "words": "still blank in Safari",
        },
    ),
    (
        "ticket_verified",
        {
            "author": "Bob Second",
            "number": "INC000000001000",
            "at": "2026-03-02 06:20 UTC",
            "how": "by note",
            "round": 2,
        },
    ),
    (
        "verified",
        {
            "author": "Bob Second",
            "at": "2026-03-02 06:20 UTC",
            "how": "by note",
            "keys": "FRONT-1",
            "cause_missing": True,
            "resolved": False,
            "cause_field": FIELD,
            "causes": CAUSES,
        },
    ),
    (
        "living",
        {
            "tickets": "FRONT-1: Closed (Done), Dev Ana, planned for 4.3",
            "state": "resolved with a verified fix",
            "round": 2,
            "ball": "nobody",
            "next": "nothing",
            "flags": "",
        },
    ),
)


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The text and target of every link of a page that leads into the repository."""
    for found in LINK.finditer(page.read_text(encoding="utf-8")):
        if "://" not in found["target"]:
            yield found["text"], found["target"]


def headings(page: Path) -> set[str]:
    """The names under which the headings of a page can be reached."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def quotes(page: Path) -> list[str]:
    """The quoted paragraphs of a page."""
    blocks = re.findall(r"(?:^> .*\n?)+", page.read_text(encoding="utf-8"), re.MULTILINE)
    return ["\n".join(line.removeprefix("> ") for line in block.strip().splitlines()) for block in blocks]


def shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The shapes that may stand in a value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from shapes_in(argument)


def told_keys(
    kind: type[BaseModel], prefix: str = "", given: BaseModel | None = None
) -> Iterator[tuple[str, str]]:
    """Every key that may be written, with its default as the guide writes it.

    ``given`` is what stands there where nothing is written.  Conditions and sources of evidence have their own tables.
    """
    for name, info in kind.model_fields.items():
        key = prefix + (info.alias or name)
        default = getattr(given, name) if given else info.get_default(call_default_factory=True)
        yield key, told_default(default)
        if key in ("when", "ask_field", "hold.deployed.any", "hold.deployed.all") or key.endswith(".if"):
            continue
        several = "*." if any(word in str(info.annotation) for word in ("dict[", "tuple[")) else ""
        below = default if isinstance(default, BaseModel) else None
        for inner in dict.fromkeys(shapes_in(info.annotation)):
            yield from told_keys(inner, f"{key}.{several}", below)


def told_default(value: Any) -> str:
    """A default as the guide writes it."""
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple) and value:
        return f"`[{', '.join(quoted(word) for word in value)}]`"
    return f"`{value}`" if value or value == 0 else "none"


def quoted(word: str) -> str:
    """A text as YAML needs it."""
    return f'"{word}"' if word.startswith("#") else word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every link of a page leads to a file of the repository, and to a heading in it where it names one."""
    for text, target in links(page):
        path, _, heading = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{text}: {target}"
        assert not heading or heading in headings(place), f"{text}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_functions_exist(page: Path) -> None:
    """A link that is named after a function or class leads to the file that defines it."""
    for text, target in links(page):
        named = re.fullmatch(r"`[\w.]*?\.?(\w+)`", text)
        if target.endswith(".py") and named and not text.endswith(".py`"):
            source = (page.parent / target).read_text(encoding="utf-8")
            assert re.search(rf"^\s*(?:def|class) {named[1]}\b|^{named[1]}\b.*=", source, re.MULTILINE), text


def test_quoted_notes_are_what_the_bridge_says() -> None:
    """The life of an incident quotes notes word for word, and nothing else."""
    voice = voice_of("en")
    blank = {name: dict.fromkeys(variables, "") for name, variables in VARIABLES.items()}
    assert quotes(LIFE) == [voice.say(name, **(blank[name] | values)) for name, values in QUOTED]


def test_the_guide_to_rules_has_every_key_with_its_default() -> None:
    """The tables of the guide to rules have exactly the keys that a rule may have, with their defaults."""
    rows = KEY_ROW.findall(RULES.read_text(encoding="utf-8"))
    assert rows == list(told_keys(shape.Rule))


def test_the_guide_to_rules_has_every_test() -> None:
    """The guide to rules names every test that a condition may make."""
    text = RULES.read_text(encoding="utf-8")
    named = re.findall(r"^\| `([a-z_]+)` \| [^|]+\|$", text, re.MULTILINE)
    assert named == [key for key, _ in told_keys(conditions.Test)]
    assert {"all", "any", "not"} == {
        info.alias
        for name, info in conditions.Condition.model_fields.items()
        if name not in ("field", "test")
    }


def test_the_examples_of_the_guide_to_rules_load(tmp_path: Path) -> None:
    """The complete rules files that the guide shows can be loaded as they stand."""
    blocks = re.findall(r"```yaml\n(.*?)```", RULES.read_text(encoding="utf-8"), re.DOTALL)
    whole = [block for block in blocks if re.search(r"^rules:", block, re.MULTILINE)]
    assert whole
    for index, block in enumerate(whole):
        path = tmp_path / f"{index}.yaml"
        path.write_text(block, encoding="utf-8")
        assert load_rules([path]).rules


def test_the_guide_to_operations_has_every_event() -> None:
    """The table of log events has exactly the events that the bridge logs, each once."""
    sources = (ROOT / "bridge").rglob("*.py")
    logged = {event for source in sources for event in EVENT.findall(source.read_text(encoding="utf-8"))}
    told = EVENT_ROW.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
    assert sorted(told) == sorted(logged)


def test_the_guide_to_operations_has_every_exit_code() -> None:
    """The table of exit codes has exactly those with which the commands end."""
    rows = re.findall(
        r"^\| (\d+) \|", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    codes = (speech.OK, speech.FAILED, speech.CHANGES, speech.USAGE, speech.TRY_AGAIN, speech.BAD_CONFIG)
    assert [int(row) for row in rows] == list(codes)


def test_the_readme_has_every_command() -> None:
    """The table of commands in the README has exactly the commands that there are."""
    rows = re.findall(
        r"^\| `([a-z]+)[^`]*` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    group: Any = typer.main.get_command(app)
    assert sorted(rows) == sorted(group.commands)


def ordinary(path: Path, promise: str) -> bool:
    """Whether a test file has a test of a promise that ``make test`` runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    whole = any(
        isinstance(part, ast.Assign)
        and ast.unparse(part.targets[0]) == "pytestmark"
        and f"promise({promise!r})" in ast.unparse(part.value)
        for part in tree.body
    )
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and part.name.startswith("test_"):
            marks = " ".join(ast.unparse(mark) for mark in part.decorator_list)
            if (whole or f"promise({promise!r})" in marks) and "mark.deep" not in marks:
                return True
    return False


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_is_held_in_the_ordinary_run(promise: str) -> None:
    """No promise is tried by slow sweeps alone."""
    assert any(ordinary(ROOT / path, promise) for path in bound(ROOT / "tests")[promise])


def test_the_page_of_promises_is_that_of_the_tests() -> None:
    """The page has every promise in its order and words, and names exactly the files whose tests bear the mark."""
    text = PROMISED.read_text(encoding="utf-8")
    told = re.findall(r"^## (.+)\n\n(.+)\n\n- held by: (.*)$", text, re.MULTILINE)
    files = {name: ", ".join(f"`{path}`" for path in paths) for name, paths in bound(ROOT / "tests").items()}
    assert told == [(name, sentence, files[name]) for name, sentence in PROMISES.items()]


def test_every_promise_of_the_page_has_a_figure() -> None:
    """What was measured stands there: a number of tests at the least."""
    assert [name for name, figure in figures_of(PROMISED) if not re.match(r"\d+ tests", figure)] == []
    assert [name for name, _ in figures_of(PROMISED)] == list(PROMISES)
