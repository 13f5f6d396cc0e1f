"""Side roads at the tracker: workarounds, chains and circles of duplicates, decisions undone, lines, shared fields."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.property.machine import developers, which
from tests.property.roads_desk import DeskRoads
from tests.property.town import VERSIONS

_WAYS = ("clear the cache", "use the other browser", "clear the cache")


class TrackerRoads(DeskRoads):
    """Developers leave the straight road."""

    @precondition(lambda self: self.some_ticket())
    @rule(at=which)
    def goes_on(self, at: int) -> None:
        """A ticket goes the straight road for one station: fixed, or released and asked about."""
        key, people = self.ticket(at), self.town.world.tracker.people
        project = key.rpartition("-")[0]
        if self.town.world.tracker.issue(key)["category"] == "done":
            for version in self.town.world.tracker.issue(key)["fixVersions"] or VERSIONS[project][:1]:
                people.releases(version, project)
        else:
            self.town.develops(lambda: people.plans_for(key, VERSIONS[project][at % len(VERSIONS[project])]))
            self.town.develops(lambda: people.moves_to(key, "Done", "dev.ana", "Done"))
        self._rests()

    @precondition(lambda self: self.some_ticket())
    @rule(at=which, way=st.sampled_from(_WAYS), by_field=st.booleans(), labelled=st.booleans())
    def tells_workaround(self, at: int, way: str, by_field: bool, labelled: bool) -> None:
        """A developer tells a workaround in the field, or in a comment with or without the label."""
        key, people = self.ticket(at), self.town.world.tracker.people
        if by_field:
            self.town.develops(lambda: people.sets(key, {"Workaround": way}, "dev.ana"))
            return
        self.town.comments(key, f"#workaround {way} {{w}}", "dev.max")
        if labelled:
            self._labels(key, present=True)

    @precondition(lambda self: self.some_ticket())
    @rule(at=which, labelled=st.booleans())
    def takes_workaround_back(self, at: int, labelled: bool) -> None:
        """A developer empties the field and takes the label off, or puts the label on again."""
        key, people = self.ticket(at), self.town.world.tracker.people
        self.town.develops(lambda: people.sets(key, {"Workaround": None}, "dev.ana"))
        self._labels(key, present=labelled)

    def _labels(self, key: str, *, present: bool) -> None:
        others = [each for each in self.town.world.tracker.issue(key)["labels"] if each != "has-workaround"]
        labels = [*others, "has-workaround"] if present else others
        self.town.develops(lambda: self.town.world.tracker.people.sets(key, {"labels": labels}, "dev.ana"))

    @precondition(lambda self: self.some_ticket())
    @rule(at=which, words=st.sampled_from(("Won't Do", "Cannot Reproduce")), looks=st.booleans())
    def declines_and_thinks_again(self, at: int, words: str, looks: bool) -> None:
        """A ticket is declined, perhaps seen so, and taken up again."""
        key, people = self.ticket(at), self.town.world.tracker.people
        self.town.develops(lambda: people.moves_to(key, "Done", "dev.ana", words))
        self.town.notices()
        if looks:
            self._rests()
        self.town.develops(lambda: people.moves_to(key, "In Progress", "dev.ana"))

    @precondition(lambda self: len(self.town.ticket_keys()) > 1)
    @rule(at=which, circle=st.booleans())
    def chains_duplicates(self, at: int, circle: bool) -> None:
        """A ticket is closed as a duplicate of the next, that of the one after it, and perhaps the last of the first."""
        keys = self.town.ticket_keys()
        start = at % len(keys)
        row = [*keys[start:], *keys[:start]][:3]
        pairs = [*pairwise(row), *([(row[-1], row[0])] if circle else [])]
        people = self.town.world.tracker.people
        for key, target in pairs:
            self.town.develops(lambda key=key, target=target: people.links_duplicate(key, target, "dev.max"))
            self.town.develops(lambda key=key: people.moves_to(key, "Done", "dev.max", "Duplicate"))

    @precondition(lambda self: self.some_ticket())
    @rule(
        at=which,
        who=developers,
        fields=st.sampled_from(
            (
                {"Product": "Cards"},
                {"Product": "Phone Bank"},
                {"Severity": "1-Critical"},
                {"Severity": "2-High"},
                {"Area": "Sums"},
                {"Area": "Dates"},
                {"Product": None},
            )
        ),
    )
    def sets_shared_in_ticket(self, at: int, who: str, fields: dict[str, str | None]) -> None:
        """A developer changes what is mirrored."""
        key = self.ticket(at)
        self.town.develops(lambda: self.town.world.tracker.people.sets(key, fields, who))

    @precondition(lambda self: self.some_ticket())
    @rule(at=which, components=st.sampled_from((("Mobile",), ("Cards",), ("Front Office", "Cards"), ())))
    def sets_components(self, at: int, components: tuple[str, ...]) -> None:
        """A developer says which component it was, which proposes a cause."""
        key = self.ticket(at)
        self.town.develops(
            lambda: self.town.world.tracker.people.sets(key, {"components": list(components)}, "dev.ana")
        )

    @precondition(lambda self: self.some_ticket() and len(self.town.ticket_keys()) < 6)
    @rule(at=which, at_once=st.booleans())
    def hands_on(self, at: int, at_once: bool) -> None:
        """Second line hands a ticket on to third line, which works on it and perhaps returns it."""
        key, people = self.ticket(at), self.town.world.tracker.people
        target = people.creates("CORE", "Behind it", by="dev.max")
        self.town.develops(lambda: people.links(target, "Blocks", key, "dev.ana"))
        if at_once:
            self._rests()
            self.town.develops(lambda: people.moves_to(target, "Done", "dev.max", "Done"))
