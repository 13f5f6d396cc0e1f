"""A town of people at both trackers with the bridge between them: what they can do, and a ledger of what they did.

The ledger holds only what people did, never what the bridge was expected to do; ``laws.py`` compares it with
the two worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from bridge.model.errors import StateError
from bridge.rehearsal.world import Cast, Flavour, World
from bridge.rules.load import load_rules
from bridge.rules.shape import RuleSet
from bridge.simulators.jira import CustomField, NotAllowed, ProjectSpec
from bridge.simulators.remedy import Rejected
from bridge.state.store import Store
from tests.flow.scene import Scene
from tests.property.death import Death, MortalStore
from tests.property.texts import spelt

RULES = Path(__file__).with_name("rules.yaml")
PAIR = "retail"
LOGINS = ("ann", "bob", "carl", "igor", "lena", "zoe")
DEVELOPERS = ("dev.ana", "dev.max")
GROUPS = ("Frontline Retail", "Frontline Cards", "Back Office")
PROJECTS = ("FRONT", "CORE", "ELSE", "SUP")
VERSIONS = {"FRONT": ("4.2", "4.3"), "CORE": ("c1",), "ELSE": ("e1",), "SUP": ("s1",)}
#: Fields of tickets by what people call them, with the ids under which the tracker keeps them.
CUSTOM = {
    "Workaround": "customfield_10101",
    "Product": "customfield_10102",
    "Severity": "customfield_10103",
    "Area": "customfield_10104",
}
CAST = Cast(
    groups={
        "Frontline Retail": {"ann": "Ann Owner", "bob": "Bob Second", "lena": "Lena Lead"},
        "Frontline Cards": {"carl": "Carl Cards"},
        "L2 Retail": {"igor": "Igor Installer"},
        "Frontline Leads": {"lena": "Lena Lead"},
        "Back Office": {"zoe": "Zoe Elsewhere"},
    },
    developers=(*DEVELOPERS, "igor"),
    projects=tuple(
        ProjectSpec(
            key=key,
            name=f"Project {key}",
            components=("Mobile", "Cards", "Front Office") if key == "FRONT" else (),
            versions=VERSIONS[key],
        )
        for key in PROJECTS
    ),
    custom_fields=tuple(CustomField(id=id_, name=name) for name, id_ in CUSTOM.items()),
)

#: What a server says that refuses whatever belongs to one incident.
POISONOUS = "This incident is poisonous."

Kind = Literal["note", "ask", "command"]


@cache
def the_rules() -> RuleSet:
    """The rules of every town, read once."""
    return load_rules([RULES])


@dataclass(kw_only=True)
class Said:
    """Something that a person wrote: ``place`` is an incident's number or a ticket's id.

    ``linked`` are the incidents that the bridge knew to be linked to the ticket when it was written there;
    ``internal`` says that a note must not be seen outside the desk where the rule carries public ones only.
    """

    number: int
    text: str
    kind: Kind
    by: str
    place: str
    id: str
    linked: frozenset[str] = frozenset()
    internal: bool = True

    @property
    def is_evidence(self) -> bool:
        """Whether it may count as evidence, which is quoted in questions."""
        return self.text.startswith(("#deployed", "#workaround"))


@dataclass(kw_only=True)
class Ledger:
    """What people did that matters to the laws.

    ``excused`` are incidents whose hold a person may have ended, or that were resolved before they were linked;
    ``delivered`` tickets (by id) that ever showed evidence of an end; ``gone`` those that were ever out of sight.
    ``unlinked`` are incidents that people ended before they were linked; ``deployed`` tickets that ever showed that the
    fix is there, ``declined`` those that ever said that there will be none, ``freeing`` those that ever told a
    workaround, ``duplicates`` of which others each one was ever closed as a duplicate; ``changed`` incidents that ever
    had a finished change.  ``retired`` are the groups taken out of use, ``poisoned`` the incidents whose writes a
    server refused for long, ``forgone`` (word, place) what an operator did without, ``dropped`` the keys of all that,
    ``losses`` how often the state was lost, ``edits`` what an administrator ever changed in the first rule.
    """

    said: list[Said] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    unlinked: set[str] = field(default_factory=set)
    deployed: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    freeing: set[str] = field(default_factory=set)
    duplicates: dict[str, set[str]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    retired: set[str] = field(default_factory=set)
    poisoned: set[str] = field(default_factory=set)
    forgone: set[tuple[int, str]] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    losses: int = 0
    edits: set[str] = field(default_factory=set)


#: No search index of a history is later than this.
LATEST_INDEX = timedelta(seconds=240)


@dataclass(kw_only=True)
class Town:
    """Both worlds, the people and the bridge."""

    world: World
    scene: Scene
    store: MortalStore
    ledger: Ledger = field(default_factory=Ledger)
    deaths: int = 0

    @classmethod
    def founded(cls, flavour: Flavour, index_lag: timedelta) -> Town:
        """A town where nothing has happened yet."""
        world = World.build(CAST, flavour=flavour, index_lag=index_lag)
        store = MortalStore(Store.open("sqlite://", exclusive=True))
        scene = Scene(world=world, rules=the_rules(), store=cast(Store, store))
        return cls(world=world, scene=scene, store=store)

    # -- the bridge

    def looks(self, **later: float) -> int:
        """Let the bridge look after a while; where the process dies, it is started anew.  Returns effects done."""
        self.world.clock.advance(timedelta(**later))
        try:
            return self.scene.bridge.cycle().done
        except (Death, StateError):
            self.deaths += 1
            self.scene.restart()
            return 1

    def linked_to(self, ticket_id: str) -> frozenset[str]:
        """The incidents that the bridge holds to be linked to a ticket."""
        with self.store.reading() as tx:
            return frozenset(tx.links.incidents_of_ticket(PAIR, ticket_id))

    def is_linked(self, number: str) -> bool:
        """Whether the bridge holds an incident to be linked."""
        with self.store.reading() as tx:
            dossier = tx.dossiers.get(PAIR, number)
        return dossier is not None and bool(dossier.links)

    def forgets(self) -> None:
        """Lose the state altogether and start the bridge anew; it looks back to the beginning."""
        self.ledger.losses += 1
        self.store.begins_anew(Store.open("sqlite://", exclusive=True))
        self.scene.restart()

    def shows_a_ticket(self) -> bool:
        """Whether a search of the tracker shows a ticket that the bridge opened, however late the index is."""
        long_ago = self.world.clock() - LATEST_INDEX
        tickets = (self.world.tracker.issue(key) for key in self.world.tracker.keys("FRONT"))
        return any(
            ticket["created"] < long_ago
            for ticket in tickets
            if any(label.startswith("bridge-") for label in ticket["labels"])
        )

    # -- the desk

    def numbers(self) -> list[str]:
        """Every incident."""
        return self.world.desk.people.numbers()

    def writes(
        self,
        number: str,
        shape: str,
        by: str,
        kind: Kind = "note",
        internal: bool = True,
        files: tuple[str, ...] = (),
    ) -> None:
        """Somebody writes a note, with files of these names."""
        word = len(self.ledger.said)
        text = spelt(shape, word)
        try:
            shown = [(name, f"{name} of word{word}x".encode()) for name in files]
            made = self.world.desk.people.writes(number, text, by=by, internal=internal, files=shown)
        except Rejected:
            return
        self.ledger.said.append(
            Said(number=word, text=text, kind=kind, by=by, place=number, id=made, internal=internal)
        )

    def commands(self, number: str, command: str, shape: str, by: str, files: tuple[str, ...] = ()) -> None:
        """Somebody begins a note with a command."""
        if command in ("#verified", "#release", "#deployed"):
            self.ledger.excused.add(number)
        kind: Kind = "ask" if command == "#ticket" else "note" if command == "#deployed" else "command"
        self.writes(number, f"{command} {shape}", by, kind, files=files)

    def sets(self, number: str, by: str, **fields: Any) -> None:
        """Somebody changes an incident as far as the desk lets him."""
        with _as_far_as_allowed():
            self.world.desk.people.sets(
                number, {_field(name): value for name, value in fields.items()}, by=by
            )

    def resolves(self, number: str, by: str, cause: str | None) -> None:
        """Somebody resolves an incident."""
        if not self.is_linked(number):
            self.ledger.excused.add(number)
            self.ledger.unlinked.add(number)
        with _as_far_as_allowed():
            fields = {"Resolution Category Tier 2": cause} if cause else {}
            self.world.desk.people.resolves(number, by, fields=fields)

    def closes(self, number: str, by: str, status: str) -> None:
        """Somebody closes or cancels an incident."""
        if not self.is_linked(number):
            self.ledger.excused.add(number)
            self.ledger.unlinked.add(number)
        with _as_far_as_allowed():
            resolved = {"Status_Reason": "No Further Action Required", "Resolution": "Enough."}
            self.world.desk.people.sets(
                number, {"Status": status, **(resolved if status == "Closed" else {})}, by=by
            )

    def clears_field(self, number: str, by: str, text: str | None) -> None:
        """Somebody clears the ticket field, which ends the hold where he is entitled to, or overwrites it."""
        self.ledger.excused.add(number)
        self.sets(number, by, Vendor_Ticket_Number=text)

    # -- the tracker

    def ticket_keys(self) -> list[str]:
        """Every ticket that there is."""
        return [key for project in PROJECTS for key in self.world.tracker.keys(project)]

    def comments(self, key: str, shape: str, by: str) -> None:
        """A developer comments."""
        word = len(self.ledger.said)
        text = spelt(shape, word)
        ticket_id = self.id_of(key)
        made = self.world.tracker.people.comments(key, text, by)
        self.ledger.said.append(
            Said(
                number=word,
                text=text,
                kind="note",
                by=by,
                place=ticket_id,
                id=made,
                linked=self.linked_to(ticket_id),
            )
        )

    def id_of(self, key: str) -> str:
        """The id of a ticket."""
        return str(self.world.tracker.issue(key)["id"])

    def develops(self, act: Callable[[], object]) -> None:
        """A developer does something as far as Jira lets him."""
        with _as_far_as_allowed():
            act()

    def deletes(self, key: str) -> None:
        """Somebody deletes a ticket."""
        self.ledger.gone.add(self.id_of(key))
        self.world.tracker.people.deletes(key)

    def hides(self, key: str, hidden: bool) -> None:
        """Somebody hides a ticket from the bridge, or shows it again."""
        self.ledger.gone.add(self.id_of(key))
        self.world.tracker.people.hides(key, hidden=hidden)

    def notices(self) -> None:
        """Write down which tickets show evidence of an end now."""
        released = {
            project: {name for name, done in self.world.tracker.versions(project).items() if done}
            for project in PROJECTS
        }
        for key in self.ticket_keys():
            issue = self.world.tracker.issue(key)
            ended = (
                issue["status"] in ("Deployed", "Released")
                or issue["resolution"] in ("Won't Do", "Cannot Reproduce", "Duplicate")
                or released[issue["project"]] & set(issue["fixVersions"])
                or issue["hidden"]
            )
            if ended:
                self.ledger.delivered.add(str(issue["id"]))
            if issue["status"] in ("Deployed", "Released") or released[issue["project"]] & set(
                issue["fixVersions"]
            ):
                self.ledger.deployed.add(str(issue["id"]))
            if issue["resolution"] in ("Won't Do", "Cannot Reproduce"):
                self.ledger.declined.add(str(issue["id"]))
            if "has-workaround" in issue["labels"] or issue[CUSTOM["Workaround"]]:
                self.ledger.freeing.add(str(issue["id"]))
            self._notices_duplicates(issue)

    def _notices_duplicates(self, issue: dict[str, Any]) -> None:
        known = self.ledger.duplicates.setdefault(str(issue["id"]), set())
        known.update(self.id_of(key) for reading, key in issue["links"] if reading == "duplicates")

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.world.clock()


@contextmanager
def _as_far_as_allowed() -> Iterator[None]:
    try:
        yield
    except (Rejected, NotAllowed, LookupError):
        return


def _field(name: str) -> str:
    return name if name == "Status_Reason" else name.replace("_", " ")
