"""What the bridge promises, which tests hold it to that, and the figures they give: a plugin of pytest.

A test is bound to a promise by ``@pytest.mark.promise("its name")`` and tells what it measured through the fixture
``figure``.  At the end one line is printed for each promise; ``--write-promises FILE`` keeps them beside the tests that
hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

#: Every promise by its name, in the words of who relies on it.
PROMISES = {
    "one effect": "Every effect comes to both worlds exactly once, whatever a request, a commit or the process meets.",
    "killed anywhere": "Killed at any request and started again, the bridge leaves the worlds as if nobody had killed it.",
    "no missed change": "Every change is seen at least once and carried at most once, whatever clocks and indexes do.",
    "drift": "The nightly comparison finds and mends what the polls cannot see, and says so.",
    "one bad incident": "An incident that cannot be carried stops only itself, in order, until a person decides.",
    "calm": "A tracker that is away or busy is asked as rarely as it wishes, and is caught up with in order.",
    "no mass damage": "What would touch many links at once waits for a person who approves exactly that.",
    "state that lasts": "A full, damaged, old, shared or lost state ends in a clear message, or is rebuilt; nothing twice.",
    "audit": "Every effect and every operator's action is told with who, what, when, before, after and outcome.",
    "secrets": "A secret is in no log, error, state, metric, page, plan or process list, and may change at any time.",
    "injection": "No text of a person becomes a query, a command, a template, a mark or markup of its own.",
    "one address": "Nothing is sent anywhere but to the configured address, over checked TLS.",
    "long life": "A day of looks leaves memory, sockets, threads and files as they were.",
    "seen from outside": "Health, metrics, status and signals tell how the bridge is, whatever the trackers do.",
    "held": "A held incident is never closed by the bridge, never left resolved unverified, and nobody is fought for ever.",
    "the rivals' failures": "What other bridges were seen to fail at, by name.",
}
_PROPERTY = "figure"


@dataclass(kw_only=True)
class Kept:
    """What became of one promise: how its tests ended and what they told."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    figures: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """How it went, in a word or two."""
        if self.failed:
            return f"BROKEN ({self.failed} of {self.failed + self.passed})"
        return "kept" if self.passed else "not tried"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that keeps the figures."""
    parser.addoption(
        "--write-promises", metavar="FILE", help="write every promise with its figure to this page"
    )


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tell what was measured, in a few words that stand for themselves: ``figure("752 single troubles")``."""
    return lambda words: record_property(_PROPERTY, words)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bind every marked test to its promise; an unknown one is a mistake that must not pass in silence."""
    for item in items:
        for mark in item.iter_markers("promise"):
            if mark.args[0] not in PROMISES:
                raise pytest.UsageError(f"{item.nodeid}: no such promise: {mark.args[0]!r}")
            item.user_properties.append(("promise", mark.args[0]))
    # What takes long begins first, so that no processor waits for another one at the end.
    items.sort(key=lambda item: item.get_closest_marker("deep") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print a line for each promise that was tried; write the page where that is wanted."""
    kept = _kept(terminalreporter)
    if not kept:
        return
    terminalreporter.section("promises")
    for name, one in kept.items():
        terminalreporter.write_line(f"{one.verdict:10} {name:21} {_told(one)}")
    if page := config.getoption("--write-promises"):
        write_page(Path(page), kept)


def _kept(reporter: pytest.TerminalReporter) -> dict[str, Kept]:
    found: dict[str, Kept] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in reporter.stats.get(outcome, []):
            properties = list(getattr(report, "user_properties", ()))
            for name in [value for key, value in properties if key == "promise"]:
                one = found.setdefault(name, Kept())
                one.passed += outcome == "passed"
                one.failed += outcome in ("failed", "error")
                one.skipped += outcome == "skipped"
                one.figures += [str(value) for key, value in properties if key == _PROPERTY]
    return {name: found[name] for name in PROMISES if name in found}


def _told(one: Kept) -> str:
    return "; ".join((f"{one.passed} tests", *dict.fromkeys(one.figures)))


# -- the page


def bound(tests: Path) -> dict[str, list[str]]:
    """Return the files whose tests are bound to each promise, read from their text."""
    found: dict[str, list[str]] = {name: [] for name in PROMISES}
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for name, files in found.items():
            if f'mark.promise("{name}")' in text:
                files.append(path.relative_to(tests.parent).as_posix())
    return found


def write_page(page: Path, kept: dict[str, Kept]) -> None:
    """Write the page: each promise, the tests that hold it, and the figures it gave; what was not tried keeps its own."""
    old = dict(figures_of(page)) if page.exists() else {}
    tests = bound(Path(__file__).parent)
    lines = [*_HEAD]
    for name, sentence in PROMISES.items():
        figures = _told(kept[name]) if name in kept else old.get(name, "")
        files = ", ".join(f"`{path}`" for path in tests[name])
        lines += [f"## {name}", "", sentence, "", f"- held by: {files}", f"- last figure: {figures}", ""]
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def figures_of(page: Path) -> Iterable[tuple[str, str]]:
    """Yield every promise of the page with its figure."""
    name = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name = line[3:]
        elif line.startswith("- last figure: ") or line == "- last figure:":
            yield name, line.removeprefix("- last figure:").strip()


_HEAD = (
    "# Promises",
    "",
    "What the bridge promises, the tests that hold it to that, and the figure that each gave when `make test-deep` last",
    "ran. A representative part of every promise is held by `make test` as well. The page is written by",
    "`make promises`.",
    "",
)
