"""A scene: both worlds, people, and the bridge, at a pace that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bridge.decide.explain import Explanation, explain
from bridge.engine.observe import Observer
from bridge.engine.reconcile import Reconciler, Summary
from bridge.rehearsal.world import DESK_ACCOUNT, Cast, Flavour, World
from bridge.rules.load import load_rules
from bridge.rules.shape import RuleFile, RuleSet
from bridge.simulators.jira import CustomField, ProjectSpec
from bridge.simulators.wire import Request
from bridge.state.store import Store

RULES = Path(__file__).with_name("rules.yaml")
FLAVOURS: tuple[Flavour, ...] = ("cloud", "datacenter")

CAST = Cast(
    groups={
        "Frontline Retail": {"ann": "Ann Owner", "bob": "Bob Second", "lena": "Lena Lead"},
        "Frontline Cards": {"carl": "Carl Cards"},
        "L2 Retail": {"igor": "Igor Installer"},
        "Frontline Leads": {"lena": "Lena Lead"},
        "Back Office": {"zoe": "Zoe Elsewhere"},
    },
    developers=("dev.ana", "dev.max"),
    projects=(
        ProjectSpec(
            key="FRONT",
            name="Front Office",
            components=("Mobile", "Cards", "Front Office"),
            versions=("4.2", "4.3"),
        ),
        ProjectSpec(key="CORE", name="Core"),
    ),
    custom_fields=(
        CustomField(id="customfield_10101", name="Workaround", kind="textarea"),
        CustomField(id="customfield_10102", name="Root cause", kind="string"),
    ),
)

POLL = timedelta(seconds=30)


def creates(request: Request) -> bool:
    """Whether a request opens a ticket."""
    return request.method == "POST" and request.path.endswith("/issue")


@dataclass(kw_only=True)
class Scene:
    """One scene; the bridge looks only when told to."""

    world: World
    rules: RuleSet
    store: Store
    bridge: Reconciler = field(init=False)

    def __post_init__(self) -> None:
        self.bridge = self.world.reconciler(self.rules, self.store)

    # -- time

    def look(self, cycles: int = 1) -> Summary:
        """Let the bridge look; a poll interval passes before each look."""
        for _ in range(cycles):
            self.world.clock.advance(POLL)
            summary = self.bridge.cycle()
        return summary

    def wait(self, **span: float) -> Summary:
        """Let time pass, then let the bridge look."""
        self.world.clock.advance(timedelta(**span))
        return self.look()

    def settle(self, most: int = 12) -> None:
        """Look until the bridge does nothing any more."""
        self.look()  # what just happened may be seen only now
        for _ in range(most):
            if self.look().done == 0:
                return
        raise AssertionError("the bridge does not come to rest")

    def restart(self) -> None:
        """Start the bridge anew over the same state."""
        self.bridge = self.world.reconciler(self.rules, self.store, begin=self.bridge.begin)

    def forgets(self) -> None:
        """Lose the state altogether and start the bridge anew, as after a disk that died; it looks back an hour."""
        self.store = Store.open("sqlite://", exclusive=True)
        begin = self.world.clock() - timedelta(hours=1)
        self.bridge = self.world.reconciler(self.rules, self.store, begin=begin)

    # -- the desk

    def opens(self, **fields: Any) -> str:
        """Ann opens an incident in Frontline Retail."""
        ordinary = {
            "Description": "Payment page shows a blank sum",
            "Detailed Decription": "The customer sees no sum on the payment page.",
            "Assigned Group": "Frontline Retail",
            "Assignee Login ID": "ann",
            "Status": "In Progress",
            "Impact": "2-Significant/Large",
            "Urgency": "2-High",
            "Categorization Tier 1": "Defect",
            "Product Name": "Mobile Bank",
        }
        return self.world.desk.people.opens({**ordinary, **fields}, by="ann")

    def asks(
        self, number: str, text: str = "#ticket sum is blank since this morning", by: str = "ann"
    ) -> None:
        """Somebody asks for a ticket."""
        self.world.desk.people.writes(number, text, by=by)

    def writes(self, number: str, text: str, by: str = "ann") -> str:
        """Somebody writes into the incident."""
        return self.world.desk.people.writes(number, text, by=by)

    def resolves(self, number: str, by: str = "ann", **fields: Any) -> None:
        """Somebody resolves the incident."""
        self.world.desk.people.resolves(number, by, fields=fields)

    def incident(self, number: str) -> dict[str, Any]:
        """The incident as the desk has it."""
        return self.world.desk.people.incident(number)

    def status(self, number: str) -> str:
        """The incident's status."""
        return str(self.incident(number)["Status"])

    def notes(self, number: str, by: str | None = DESK_ACCOUNT) -> list[str]:
        """The texts of an incident's notes, the bridge's own unless said otherwise."""
        return [
            str(note["Detailed Description"])
            for note in self.world.desk.people.notes(number)
            if by is None or note["Submitter"] == by
        ]

    def note_with(self, number: str, words: str) -> list[str]:
        """The bridge's notes that contain these words."""
        return [text for text in self.notes(number) if words in text]

    # -- the tracker

    def key(self, number: str) -> str:
        """The key in the incident's ticket field."""
        return str(self.incident(number)["Vendor Ticket Number"] or "")

    def ticket(self, key: str) -> dict[str, Any]:
        """The ticket as the tracker has it."""
        return self.world.tracker.issue(key)

    def ticket_status(self, key: str) -> str:
        """The ticket's status."""
        return str(self.ticket(key)["status"])

    def explained(self, number: str) -> Explanation:
        """What `bridge explain` says of the incident."""
        pair = self.bridge.pair
        seen = Observer(pair=pair, store=self.store).take(number)
        assert seen is not None
        return explain(seen, pair.rules, pair.voice, pair.clock())

    def fact(self, number: str, name: str) -> str:
        """The evidence of one fact in the explanation."""
        return next(fact.evidence for fact in self.explained(number).facts if fact.name == name)

    def flags(self, number: str) -> dict[str, str]:
        """What is put before a person, by its name."""
        return {flag.what: flag.detail for flag in self.explained(number).flags}

    def living(self, number: str) -> str:
        """The one living note."""
        (text,) = self.note_with(number, "LINKED FIX")
        return text

    def to_verification(self) -> tuple[str, str]:
        """An incident whose fix is released and whose owner was asked."""
        number, key = self.linked()
        self.fixes(key)
        self.settle()
        self.releases()
        self.wait(minutes=6)
        self.settle()
        assert self.note_with(number, "Please check it")
        return number, key

    def comments(self, key: str) -> list[str]:
        """The texts of a ticket's comments."""
        return [str(comment["body"]) for comment in self.world.tracker.comments(key)]

    def keys(self, project: str = "FRONT") -> list[str]:
        """Every ticket of a project."""
        return self.world.tracker.keys(project)

    def fixes(self, key: str, version: str | None = "4.2") -> None:
        """Ana fixes the ticket, planned for a version."""
        people = self.world.tracker.people
        people.starts(key, "dev.ana")
        if version:
            people.plans_for(key, version, "dev.ana")
        people.moves_to(key, "Done", "dev.ana", "Done")

    def fixes_again(self, key: str, version: str | None = None) -> None:
        """Ana fixes a ticket that was sent back to her."""
        people = self.world.tracker.people
        if version:
            people.plans_for(key, version, "dev.ana")
        people.moves_to(key, "Done", "dev.ana", "Done")

    def releases(self, version: str = "4.2") -> None:
        """Second line releases a version."""
        self.world.tracker.people.releases(version, "FRONT")

    def linked(self, **fields: Any) -> tuple[str, str]:
        """An incident with its ticket, everything at rest."""
        number = self.opens(**fields)
        self.asks(number)
        self.settle()
        return number, self.key(number)


def rules_with(
    *, hold: dict[str, Any] | None = None, mirror: dict[str, Any] | None = None, **maps: dict[str, str]
) -> RuleSet:
    """The usual rule with some keys of its hold and mirror replaced, and further maps."""
    data = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    rule = data["rules"][0]
    rule["hold"] |= hold or {}
    rule["mirror"] |= mirror or {}
    file = RuleFile.model_validate({**data, "maps": {**data["maps"], **maps}})
    return RuleSet(maps=file.maps, rules=file.rules)


def verify_with(**keys: Any) -> dict[str, Any]:
    """The usual way to verify with some keys replaced."""
    data = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return {**data["rules"][0]["hold"]["verify"], **keys}


@cache
def usual_rules() -> RuleSet:
    """The rules of most scenes, read once."""
    return load_rules([RULES])


def a_scene(
    flavour: Flavour = "cloud", rules: RuleSet | None = None, cast: Cast = CAST, **world: Any
) -> Scene:
    """A fresh scene with the usual cast."""
    return Scene(
        world=World.build(cast, flavour=flavour, **world),
        rules=rules or usual_rules(),
        store=Store.open("sqlite://", exclusive=True),
    )
