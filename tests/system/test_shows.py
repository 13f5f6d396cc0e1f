"""``bridge demo`` and ``bridge simulate``: what is shown with and without a terminal, and that nothing stays behind."""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.system.place import COMMAND, PATIENCE, Place, until

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])[;m]")


@dataclass(kw_only=True)
class Terminal:
    """A command on a pseudo-terminal; what it shows is read when it is asked for."""

    process: subprocess.Popen[bytes]
    master: int
    shown: str = ""
    _raw: bytes = field(default=b"")

    def sees(self, words: str) -> bool:
        """Whether these words have been shown by now."""
        while select.select([self.master], [], [], 0)[0]:
            try:
                self._raw += os.read(self.master, 65_536)
            except OSError as error:
                assert error.errno == errno.EIO  # the other end is closed  # noqa: PT017
                break
        self.shown = self._raw.decode("utf-8", "replace")
        return words in self.shown

    def waits_for(self, words: str, seconds: float = PATIENCE) -> None:
        """Wait until these words are shown."""
        until(lambda: self.sees(words), seconds)

    def ends(self, seconds: float = PATIENCE) -> int:
        """Wait for the end of the command while its terminal is read; returns its exit code."""
        until(lambda: (self.sees(""), self.process.poll() is not None)[1], seconds)
        self.sees("")
        return int(self.process.returncode)


def _hear_ctrl_c() -> None:
    """Undo for children what a background run has done: only that a signal is ignored is inherited, a handler is not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def a_terminal(place: Place, *arguments: str, **environ: str) -> Iterator[Terminal]:
    """Run a command on a terminal of 120 columns; it does not outlive the block."""
    _hear_ctrl_c()
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=place.folder,
        env={**place.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "50", **environ},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process=process, master=master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)
        os.close(master)


def files(folder: Path) -> list[str]:
    """Every file in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def answers(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_demonstration_without_a_terminal_plays_once(place: Place) -> None:
    """It tells the day line by line, ends with the table of fates, and leaves no file, also on Data Center."""
    before = files(place.folder)
    shown = place.run("demo", "--flavour", "datacenter", environ={"HOME": str(place.folder)})
    assert shown.code == 0
    assert shown.err == ""
    assert "Ann Orlova opens an incident" in shown.out
    assert "opens a ticket" in shown.out
    assert "How the day ended" in shown.out
    assert len(re.findall(r"│ (?:verified|declined|released|no ticket needed) +│", shown.out)) == 8
    assert "still held" not in shown.out
    assert files(place.folder) == before


def test_the_demonstration_on_a_terminal_is_live_and_ends_with_ctrl_c(place: Place) -> None:
    """On a terminal the day is drawn while it passes, in colour; Ctrl-C ends it without a trace of an error."""
    before = files(place.folder)
    with a_terminal(place, "demo", "--pace", "0.05", HOME=str(place.folder)) as terminal:
        terminal.waits_for("a day at the front office")
        terminal.waits_for("opens a ticket")
        assert COLOUR.search(terminal.shown)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ends(10) == 0
    assert "Ended; nothing is left behind." in terminal.shown
    assert "Traceback" not in terminal.shown
    assert files(place.folder) == before


def test_after_the_day_the_servers_stay_up_until_ctrl_c(place: Place) -> None:
    """At the end of the story its addresses are shown and answer; Ctrl-C frees the ports."""
    with a_terminal(place, "demo", "--pace", "0") as terminal:
        terminal.waits_for("Ctrl-C ends everything.", 120)
        ports = {int(port) for port in ADDRESS.findall(terminal.shown)}
        assert len(ports) == 2
        assert all(answers(port) for port in ports)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ends(10) == 0
    assert not any(answers(port) for port in ports)


def test_without_colour_a_terminal_gets_none(place: Place) -> None:
    """``NO_COLOR`` is heeded on a terminal; with colours allowed the same answer has some."""
    for environ, coloured in (({"NO_COLOR": "1"}, False), ({}, True)):
        with a_terminal(place, "check", **environ) as terminal:
            assert terminal.ends() == 0
        assert "read from the variable REMEDY_PASSWORD" in terminal.shown
        assert bool(COLOUR.search(terminal.shown)) is coloured


def test_the_simulators_are_served_until_ctrl_c(place: Place) -> None:
    """The printed addresses answer, the printed accounts log in, a taken port is told, and Ctrl-C frees both."""
    with a_terminal(place, "simulate", "--desk-port", "0", "--tracker-port", "0") as terminal:
        terminal.waits_for("ask for a ticket as Ann")
        desk, tracker = dict.fromkeys(ADDRESS.findall(terminal.shown))
        login = {"username": "svc-bridge", "password": "desk-password"}
        token = requests.post(f"http://127.0.0.1:{desk}/api/jwt/login", data=login, timeout=10)
        assert token.status_code == 200
        info = requests.get(f"http://127.0.0.1:{tracker}/rest/api/2/serverInfo", timeout=10)
        assert info.json()["deploymentType"] == "Cloud"
        taken = place.run("simulate", "--desk-port", desk)
        assert taken.code == 1
        assert f"the simulators cannot be served at port {desk} why:" in taken.told
        assert "next: name other ports with --desk-port and --tracker-port" in taken.told
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ends(10) == 0
    assert "Stopped." in terminal.shown
    assert not answers(int(desk))
    assert not answers(int(tracker))


def test_the_printed_rehearsal_works_as_it_stands(place: Place) -> None:
    """The configuration that ``simulate`` prints, saved as it says, passes ``check --live``."""
    with a_terminal(place, "simulate", "--desk-port", "0", "--tracker-port", "0") as terminal:
        terminal.waits_for("ask for a ticket as Ann")
        lines = terminal.shown.replace("\r", "").splitlines()
        first = next(index for index, line in enumerate(lines) if line.startswith("  state:"))
        last = next(index for index, line in enumerate(lines) if line.startswith("  export"))
        text = "\n".join(line[2:] for line in lines[first:last])
        (place.folder / "rehearsal.yaml").write_text(text, encoding="utf-8")
        (place.folder / "rules").mkdir()
        rules = (place.folder / "rules.yaml").read_text(encoding="utf-8")
        (place.folder / "rules" / "frontline.yaml").write_text(rules, encoding="utf-8")
        checked = place.run("-c", "rehearsal.yaml", "check", "--live")
    assert checked.code == 0, checked.told + text
