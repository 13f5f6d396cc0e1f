"""A place on this machine where a bridge is run: its configuration, its servers, and its processes."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.rehearsal.office import CAST
from bridge.rehearsal.stand import Ports, Stand
from bridge.rehearsal.world import DESK_PASSWORD, TRACKER_TOKEN, Flavour, World
from bridge.simulators.jira import ProjectSpec
from bridge.simulators.remedy import RemedySettings
from bridge.simulators.wire import Request
from bridge.state.journal import Effect
from bridge.state.store import Store

COMMAND = str(Path(sys.executable).with_name("bridge"))
#: The rules that are delivered.
RULES = Path(__file__).parents[2] / "config" / "rules" / "frontline.yaml"
#: The people of the front office, and a project that no rule names.
STAFF = replace(CAST, projects=(*CAST.projects, ProjectSpec(key="CORE", name="Core")))
#: How long anything that should happen may take on a busy machine, in seconds.
PATIENCE = 30.0
_STYLE = re.compile(r"\x1b")


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until the condition holds; fails where it does not within these seconds."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    assert condition(), f"it did not come true within {seconds:g} s"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that ended; what it printed is told to be without traceback and escape sequences at once."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as a program reads it."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """Everything that a person reads, in one line."""
        return " ".join((self.out + " " + self.err).split())


@dataclass(kw_only=True)
class Running:
    """A daemon that runs; its log is read all the while."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(iter(self.process.stderr.readline, ""))

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The events of the log so far, all or those of one name."""
        found = [json.loads(line) for line in list(self.lines)]
        return [event for event in found if name in (None, event["event"])]

    def cycles(self) -> int:
        """How many cycles have ended."""
        return len(self.events("cycle_done"))

    def looks_again(self, times: int = 2) -> None:
        """Wait for further looks; the first of them may have begun already."""
        seen = self.cycles()
        until(lambda: self.cycles() >= seen + times)

    def signals(self, number: int = signal.SIGTERM) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def ends(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; returns its exit code."""
        code = self.process.wait(timeout=seconds)
        self._reader.join(timeout=5)
        return code


@dataclass(kw_only=True)
class Place:
    """A folder with a configuration, two served worlds, and what is run there."""

    folder: Path
    stand: Stand
    environ: dict[str, str]

    @property
    def world(self) -> World:
        """Both simulated servers."""
        return self.stand.world

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "bridge.db"

    def configure(self, **parts: str) -> None:
        """Write the configuration; ``desk``, ``tracker``, ``pair``, ``top`` replace parts of the usual one."""
        user = "" if self.world.flavour == "datacenter" else ", email: svc-bridge@example.com"
        desk = parts.get("desk", f'url: "{self.stand.desk_url}", password: {{env: REMEDY_PASSWORD}}')
        tracker = parts.get("tracker", f'url: "{self.stand.tracker_url}"{user}, token: {{env: JIRA_TOKEN}}')
        text = f"""\
state: {parts.get("state", "sqlite:///bridge.db")}
schedule: {{poll: 1s, overlap: 1m, resync: "03:00"}}
{parts.get("top", "")}
desks:
  itsm: {{connector: remedy, username: svc-bridge, timeout: 20s, ask_again: 1s, {desk}}}
trackers:
  jira: {{connector: jira, timeout: 20s, ask_again: 1s, search_grace: 1s, {tracker}}}
pairs:
  - {{name: retail, desk: itsm, tracker: jira, rules: [{parts.get("rules", "rules.yaml")}]}}
"""
        (self.folder / "bridge.yaml").write_text(text, encoding="utf-8")

    def run(
        self, *arguments: str, environ: Mapping[str, str] | None = None, limit: int | None = None
    ) -> Done:
        """Run a command to its end, with ``limit`` unable to write a file beyond so many bytes.

        Nothing that goes wrong may ever look like a crash.
        """
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=PATIENCE * 4,
            check=False,
            preexec_fn=_limited(limit) if limit else None,
        )
        found = Done(code=done.returncode, out=done.stdout, err=done.stderr)
        assert "Traceback" not in found.told, found.told
        assert not _STYLE.search(done.stdout + done.stderr)
        return found

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """Run the daemon; whatever happens it does not outlive the block."""
        process = subprocess.Popen(
            [COMMAND, "run", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        running = Running(process=process)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.kill()
            running.ends()

    def opens(self, text: str = "", **fields: Any) -> str:
        """Ann opens an incident, and asks in it where there is a text."""
        ordinary = {
            "Description": "Payment page shows a blank sum",
            "Assigned Group": "Frontline Retail",
            "Assignee Login ID": "ann",
            "Status": "In Progress",
            "Categorization Tier 1": "Defect",
            "Product Name": "Mobile Bank",
        }
        number = self.world.desk.people.opens({**ordinary, **fields}, by="ann")
        if text:
            self.asks(number, text)
        return number

    def asks(self, number: str, text: str = "#ticket the sum is blank", by: str = "ann") -> None:
        """Somebody writes into an incident."""
        self.world.desk.people.writes(number, text, by=by)

    def key(self, number: str) -> str:
        """The ticket's key in the incident."""
        return str(self.world.desk.people.incident(number)["Vendor Ticket Number"] or "")

    def status(self, number: str) -> str:
        """The incident's status."""
        return str(self.world.desk.people.incident(number)["Status"])

    def notes(self, number: str) -> list[str]:
        """What the bridge wrote into an incident."""
        return [
            str(note["Detailed Description"])
            for note in self.world.desk.people.notes(number)
            if note["Submitter"] == "svc-bridge"
        ]

    def said(self, number: str) -> str:
        """Everything that the bridge wrote into an incident."""
        return "\n".join(self.notes(number))

    def comments(self, key: str) -> str:
        """Everything that stands in a ticket: its description and its comments."""
        written = [str(comment["body"]) for comment in self.world.tracker.comments(key)]
        return "\n".join([str(self.world.tracker.issue(key)["description"]), *written])

    def tickets(self) -> list[str]:
        """Every ticket there is."""
        return self.world.tracker.keys("FRONT")

    def effects(self, state: Any = None) -> tuple[Effect, ...]:
        """What stands in the journal."""
        with Store.open(f"sqlite:///{self.state}", exclusive=False) as store, store.reading() as tx:
            return tx.journal.effects("retail", state=state)


def _limited(size: int) -> Callable[[], None]:
    """Return what makes a disk look full to a process."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def creates(request: Request) -> bool:
    """Whether a request opens a ticket."""
    return request.method == "POST" and request.path.endswith("/issue")


@contextmanager
def a_place(
    folder: Path,
    flavour: Flavour = "cloud",
    remedy: RemedySettings | None = None,
    *,
    clock: Callable[[], datetime] | None = lambda: datetime.now(UTC),
) -> Iterator[Place]:
    """Serve two worlds with a configuration for a bridge between them.

    Time passes there as everywhere else; without a ``clock`` only as the world's own is told to.
    """
    world = World.build(STAFF, flavour=flavour, clock=clock, remedy=remedy)
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "COVERAGE_PROCESS_START")
    }
    environ |= {
        "REMEDY_PASSWORD": DESK_PASSWORD,
        "JIRA_TOKEN": TRACKER_TOKEN,
        "BRIDGE_CONFIG": "bridge.yaml",
        "PYTHONUTF8": "1",
    }
    (folder / "rules.yaml").write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")
    with Stand(world, Ports()) as stand:
        place = Place(folder=folder, stand=stand, environ=environ)
        place.configure()
        yield place
