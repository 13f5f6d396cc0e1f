"""The people of a bank's front office, their developers and second line, at work in the two simulated tools.

Everything they do is told in one line, in the order in which it happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bridge.rehearsal.world import DESK_ACCOUNT, Cast, World
from bridge.simulators.faults import Fault
from bridge.simulators.jira import ProjectSpec

Voice = Literal["frontline", "development", "second line", "bridge", "world"]

NAMES = {
    "ann": "Ann Orlova",
    "bob": "Bohdan Melnyk",
    "kate": "Kate Brown",
    "lena": "Lena Petrenko",
    "igor": "Igor Sokolov",
    "dev.ana": "Ana Ruiz",
    "dev.max": "Max Weber",
}

CAST = Cast(
    groups={
        "Frontline Retail": {name: NAMES[name] for name in ("ann", "bob", "kate", "lena")},
        "L2 Retail": {"igor": NAMES["igor"]},
        "Frontline Leads": {"lena": NAMES["lena"]},
    },
    developers=("dev.ana", "dev.max", "igor"),
    names=NAMES,
    projects=(
        ProjectSpec(
            key="FRONT",
            name="Front Office",
            components=("Mobile", "Cards", "Front Office"),
            versions=("4.2", "4.2.1"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the story: when, by whom, what, about which incident or ticket."""

    at: datetime
    voice: Voice
    text: str
    about: str = ""


@dataclass(kw_only=True)
class Office:
    """What the people can do and see; ``tell`` gets every line of the story."""

    world: World
    tell: Callable[[Line], None]
    _outage: Fault | None = field(default=None)

    def _say(self, voice: Voice, text: str, about: str = "") -> None:
        self.tell(Line(at=self.world.clock(), voice=voice, text=text, about=about))

    # -- Frontline and second line, in Remedy

    def opens(
        self, who: str, summary: str, *, product: str, category: str = "Defect", urgent: bool = False
    ) -> str:
        """Open an incident for a customer who calls."""
        number = self.world.desk.people.opens(
            {
                "Description": summary,
                "Detailed Decription": f"Customer reports: {summary}. Phone +7 916 123-45-67.",
                "Assigned Group": "Frontline Retail",
                "Assignee Login ID": who,
                "Status": "In Progress",
                "Impact": "2-Significant/Large" if urgent else "3-Moderate/Limited",
                "Urgency": "1-Critical" if urgent else "2-High",
                "Categorization Tier 1": category,
                "Product Name": product,
            },
            by=who,
        )
        self._say("frontline", f"{NAMES[who]} opens an incident: {summary}", number)
        return number

    def asks(self, number: str, who: str, text: str) -> None:
        """Ask for a ticket in a note."""
        self.notes(number, who, text)

    def notes(self, number: str, who: str, text: str) -> None:
        """Write into the incident."""
        self.world.desk.people.writes(number, text, by=who)
        voice: Voice = "second line" if who == "igor" else "frontline"
        self._say(voice, f"{NAMES[who]} writes: {text}", number)

    def changes(self, number: str, who: str, fields: dict[str, Any], words: str) -> None:
        """Change fields of the incident."""
        self.world.desk.people.sets(number, fields, by=who)
        self._say("frontline", f"{NAMES[who]} {words}", number)

    def resolves(self, number: str, who: str, *, cause: str) -> None:
        """Resolve the incident with a cause."""
        fields = {"Resolution Category Tier 2": cause}
        self.world.desk.people.resolves(number, who, resolution="Fixed for the customer.", fields=fields)
        self._say("frontline", f"{NAMES[who]} resolves it, cause: {cause}", number)

    # -- developers and second line, in Jira

    def developer_finds(self, who: str, summary: str) -> str:
        """Let a developer open a ticket on their own account."""
        key = self.world.tracker.people.creates("FRONT", summary, by=who)
        self._say("development", f"{NAMES[who]} opens {key}: {summary}", key)
        return key

    def starts(self, key: str, who: str) -> None:
        """Take up a ticket."""
        self.world.tracker.people.starts(key, who)
        self._say("development", f"{NAMES[who]} starts work", key)

    def comments(self, key: str, who: str, text: str) -> None:
        """Comment on a ticket."""
        self.world.tracker.people.comments(key, text, who)
        self._say("development", f"{NAMES[who]} comments: {text}", key)

    def finishes(self, key: str, who: str, *, version: str | None) -> None:
        """Finish the patch, perhaps planned for a version."""
        people = self.world.tracker.people
        if version:
            people.plans_for(key, version, who)
        people.moves_to(key, "Done", who, "Done")
        planned = f", planned for {version}" if version else ""
        self._say("development", f"{NAMES[who]} is done{planned}", key)

    def declines(self, key: str, who: str) -> None:
        """Close a ticket unfixed."""
        self.world.tracker.people.moves_to(key, "Done", who, "Won't Do")
        self._say("development", f"{NAMES[who]} closes it as Won't Do", key)

    def moves(self, key: str, status: str, who: str) -> None:
        """Move a ticket."""
        self.world.tracker.people.moves_to(key, status, who)
        self._say("second line", f"{NAMES[who]} moves it to {status}", key)

    def releases(self, version: str) -> None:
        """Install a version in production and release it in Jira."""
        self.world.tracker.people.releases(version, "FRONT")
        self._say("second line", f"{NAMES['igor']} installs {version} in production and releases it")

    # -- the world

    def jira_goes_away(self) -> None:
        """Make Jira unreachable."""
        self._outage = self.world.tracker_wire.add(Fault(kind="drop_before", times=None))
        self._say("world", "Jira is down")

    def jira_comes_back(self) -> None:
        """Make Jira reachable again."""
        if self._outage is not None:
            self.world.tracker_wire.faults.remove(self._outage)
        self._say("world", "Jira is back")

    # -- what people see in their own tool

    def key_of(self, number: str) -> str:
        """Return what stands in the ticket field."""
        return str(self.world.desk.people.incident(number)["Vendor Ticket Number"] or "")

    def times(self, number: str, words: str) -> int:
        """Return in how many of the bridge's notes these words stand."""
        notes = self.world.desk.people.notes(number)
        return sum(
            1
            for note in notes
            if note["Submitter"] == DESK_ACCOUNT and words in (note["Detailed Description"] or "")
        )

    def reads(self, number: str, words: str) -> bool:
        """Whether the bridge told these words."""
        return self.times(number, words) > 0

    def status_of_ticket(self, key: str) -> str:
        """Return a ticket's status."""
        return str(self.world.tracker.issue(key)["status"])
