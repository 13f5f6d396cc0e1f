"""Side roads at the desk: changes, files, causes, days that pass, scripts that end everything, groups and people that go."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bridge.simulators.remedy.refusal import Rejected
from tests.property.machine import Life, logins, which
from tests.property.texts import shapes

#: (status, reason) of a change at its end.
_ENDS = (
    ("Completed", "Successful"),
    ("Completed", "Unsuccessful"),
    ("Closed", "Successful with Issues"),
    ("Cancelled", "No Longer Required"),
    ("Rejected", None),
)


class DeskRoads(Life):
    """People at the desk leave the straight road."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: list[str] = []

    @precondition(lambda self: len(self.town.numbers()) < 3)
    @rule()
    def opens_payment(self) -> None:
        """An incident comes in that second and third line share, and its owner asks for a ticket."""
        number = self.town.scene.opens(**{"Categorization Tier 1": "Payment"})
        self.town.commands(number, "#ticket", "payments {w}", "ann")

    @precondition(lambda self: self.some_incident() and len(self.planned) < 4)
    @rule(at=which, kind=st.sampled_from(("Related To", "Related To", "Caused By")), turned=st.booleans())
    def plans_change(self, at: int, kind: str, turned: bool) -> None:
        """Somebody plans a change and relates the incident to it."""
        people = self.town.world.desk.people
        change = people.plans_change("Install the patch", by="igor")
        people.relates_change(self.incident(at), change, kind=kind, turned=turned)
        self.planned.append(change)

    @precondition(lambda self: self.some_incident() and bool(self.planned))
    @rule(at=which, change=which)
    def relates_change(self, at: int, change: int) -> None:
        """Somebody relates another incident to a change that is there."""
        planned = self.planned[change % len(self.planned)]
        self.town.world.desk.people.relates_change(self.incident(at), planned)

    @precondition(lambda self: bool(self.planned))
    @rule(change=which, end=st.sampled_from(_ENDS))
    def ends_change(self, change: int, end: tuple[str, str | None]) -> None:
        """A change is completed, fails or is cancelled; whose it is matters to the incidents it may cure."""
        status, reason = end
        self.town.world.desk.people.sets_change(
            self.planned[change % len(self.planned)], status, reason, by="igor"
        )
        if reason in ("Successful", "Successful with Issues"):
            self.town.ledger.changed.update(self.town.numbers())

    @precondition(lambda self: self.some_incident())
    @rule(who=logins, at=which, shape=shapes(), files=st.sampled_from((("a.png",), ("a.png", "b c.txt"))))
    def fails_with_files(self, who: str, at: int, shape: str, files: tuple[str, ...]) -> None:
        """Somebody rejects the fix and shows files."""
        self.town.commands(self.incident(at), "#failed", shape, who, files)

    @precondition(lambda self: self.some_incident())
    @rule(who=logins, at=which, cause=st.sampled_from((None, "Code", "Integration", "Weather")))
    def sets_cause(self, who: str, at: int, cause: str | None) -> None:
        """Somebody sets, changes or empties the cause."""
        self.town.sets(self.incident(at), who, Resolution_Category_Tier_2=cause)

    @precondition(lambda self: self.some_incident())
    @rule(
        who=logins,
        at=which,
        fields=st.sampled_from(
            (
                {"Product_Name": "Cards"},
                {"Product_Name": "Web Bank"},
                {"Urgency": "1-Critical"},
                {"Urgency": "4-Low"},
                {"Categorization_Tier_3": "Sums"},
                {"Categorization_Tier_3": None},
            )
        ),
    )
    def sets_shared(self, who: str, at: int, fields: dict[str, str | None]) -> None:
        """Somebody changes what is mirrored."""
        self.town.sets(self.incident(at), who, **fields)

    @precondition(lambda self: self.some_incident())
    @rule(status=st.sampled_from(("Resolved", "Resolved", "Closed")), who=logins)
    def script_ends_all(self, status: str, who: str) -> None:
        """A script resolves or closes every incident in one breath."""
        for number in self.town.numbers():
            if status == "Resolved":
                self.town.resolves(number, who, None)
            else:
                self.town.closes(number, who, status)

    @rule(days=st.sampled_from((1, 1, 2, 3, 16)))
    def days_pass(self, days: int) -> None:
        """Days go by at a bridge that looks every few hours; what rests resolved is closed by the desk itself."""
        for wire in (self.town.world.desk_wire, self.town.world.tracker_wire):
            wire.faults = [fault for fault in wire.faults if fault.times is None]
        self.town.store.spare()
        self._rests()
        for _ in range(min(days, 4)):
            self.town.world.clock.advance(timedelta(days=max(1, days // 4)) - timedelta(hours=1))
            self._rests()

    @precondition(lambda self: len(self.town.numbers()) > 2)  # into a retired one nobody opens anything
    @rule(group=st.sampled_from(("Frontline Cards", "Frontline Retail")))
    def retires_group(self, group: str) -> None:
        """A support group is taken out of use."""
        self.town.world.desk.retire_group(group)
        self.town.ledger.retired.add(group)

    @rule(who=st.sampled_from(("ann", "bob", "carl")), leaves=st.booleans())
    def changes_group(self, who: str, leaves: bool) -> None:
        """Somebody leaves the group, or joins one."""
        desk, group = self.town.world.desk, "Frontline Cards" if who == "carl" else "Frontline Retail"
        try:
            if leaves:
                desk.leave_group(who, group)
            else:
                desk.join_group(who, "Frontline Cards")
        except (LookupError, ValueError, Rejected):
            return
