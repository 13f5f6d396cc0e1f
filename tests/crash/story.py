"""The standard story: what people do to one incident and its ticket, deed by deed, each once the bridge is at rest.

It makes the bridge do every kind of write.  No deed can be seen half done, so that it does not matter when the bridge
looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.rehearsal.world import World

Deed = Callable[[], None]


@dataclass(kw_only=True)
class Story:
    """People at work in a world; the incident is the world's first."""

    world: World

    @property
    def number(self) -> str:
        """The incident's number."""
        return self.world.desk.people.numbers()[0]

    @property
    def key(self) -> str:
        """The ticket's key."""
        return self.world.tracker.keys("FRONT")[0]

    def asks(self) -> None:
        """Ann opens an incident, writes what she tried, and asks for a ticket."""
        people = self.world.desk.people
        number = people.opens(
            {
                "Description": "Payment page shows a blank sum",
                "Detailed Decription": "The customer sees no sum.",
                "Assigned Group": "Frontline Retail",
                "Assignee Login ID": "ann",
                "Status": "In Progress",
                "Impact": "2-Significant/Large",
                "Urgency": "2-High",
                "Categorization Tier 1": "Defect",
                "Product Name": "Mobile Bank",
            },
            by="ann",
        )
        people.writes(number, "Tried another browser, same result.", by="ann")
        people.writes(number, "#ticket the sum is blank", by="ann")

    def talk(self) -> None:
        """Ana and Bob write, each in their own tool, and Ann resolves too early."""
        self.world.tracker.people.comments(self.key, "Which *browser* is it?", "dev.ana")
        self.world.desk.people.writes(self.number, "Another customer called.", by="bob")
        self.world.desk.people.resolves(self.number, "ann")

    def becomes_urgent(self) -> None:
        """Bob makes the incident more urgent, which the ticket has to show."""
        fields = {"Impact": "1-Extensive/Widespread", "Urgency": "1-Critical"}
        self.world.desk.people.sets(self.number, fields, by="bob")

    def is_planned(self) -> None:
        """Ana plans the fix for a version."""
        self.world.tracker.people.plans_for(self.key, "4.2", "dev.ana")

    def is_fixed(self) -> None:
        """Ana finishes the patch."""
        self.world.tracker.people.moves_to(self.key, "Done", "dev.ana", "Done")

    def is_released(self) -> None:
        """Second line releases the version."""
        self.world.tracker.people.releases("4.2", "FRONT")

    def is_deployed(self) -> None:
        """Second line moves the ticket on."""
        self.world.tracker.people.moves_to(self.key, "Deployed", "igor")

    def is_installed(self) -> None:
        """Second line finishes the ticket and installs it in one."""
        self.world.tracker.people.moves_to(self.key, "Deployed", "igor", "Done", force=True)

    def failed(self) -> None:
        """Bob finds it still broken."""
        self.world.desk.people.writes(self.number, "#failed still blank in Safari", by="bob")

    def verified(self) -> None:
        """Bob verifies the fix."""
        self.world.desk.people.writes(self.number, "#verified sums are shown", by="bob")

    def is_resolved(self) -> None:
        """Ann resolves with a cause."""
        self.world.desk.people.resolves(self.number, "ann", fields={"Resolution Category Tier 2": "Code"})

    def short(self) -> tuple[Deed, ...]:
        """The shortest road that has every kind of write but fields of the ticket; the last resolve is the answer."""
        return (self.asks, self.talk, self.is_installed, self.is_resolved)

    def long(self) -> tuple[Deed, ...]:
        """Two rounds: released and failed, deployed and verified."""
        return (
            self.asks,
            self.talk,
            self.becomes_urgent,
            self.is_planned,
            self.is_fixed,
            self.is_released,
            self.failed,
            self.is_fixed,
            self.is_deployed,
            self.verified,
            self.is_resolved,
        )
