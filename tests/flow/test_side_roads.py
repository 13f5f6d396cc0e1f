"""Side roads of the flow: refusals, declined, duplicate and lost tickets, early closes, people in the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.rehearsal.world import DESK_ACCOUNT, DESK_PASSWORD, Flavour
from bridge.rules.values import FieldSource
from tests.flow.scene import FLAVOURS, Scene, a_scene, usual_rules

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)


def to_verification(scene: Scene) -> tuple[str, str]:
    """Bring an incident to the question."""
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    assert scene.note_with(number, "Please check it")
    return number, key


def test_a_request_that_no_rule_matches_is_answered(flavour: Flavour) -> None:
    """The refusal says what was seen; once the incident is corrected the ticket opens by itself."""
    scene = a_scene(flavour)
    number = scene.opens(**{"Categorization Tier 1": "Question"})
    scene.asks(number)
    scene.settle()
    refusal = scene.note_with(number, "no rule matches")
    assert len(refusal) == 1
    assert "Question" in refusal[0]
    assert scene.keys() == []

    scene.world.desk.people.sets(number, {"Categorization Tier 1": "Defect"}, by="ann")
    scene.settle()
    assert scene.keys() == [scene.key(number)]


def test_a_second_request_is_answered_with_the_key(flavour: Flavour) -> None:
    """Asking again opens nothing; the answer names the ticket."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.asks(number, "#ticket please hurry", by="bob")
    scene.settle()
    assert scene.keys() == [key]
    assert len(scene.note_with(number, f"already linked to {key}")) == 1


def test_a_key_that_does_not_exist_is_answered(flavour: Flavour) -> None:
    """A mistyped key links nothing, and the person is told."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": "FRONT-4711"}, by="ann")
    scene.settle()
    assert len(scene.note_with(number, "FRONT-4711 was not linked")) == 1
    assert scene.status(number) == "In Progress"


def test_vendor_numbers_are_nobodys_business(flavour: Flavour) -> None:
    """Text and keys of other projects in the ticket field cause nothing."""
    scene = a_scene(flavour)
    number = scene.opens(**{"Vendor Ticket Number": "VENDOR-77 / SAP 12"})
    scene.settle()
    assert scene.notes(number) == []


def test_outsiders_cannot_verify(flavour: Flavour) -> None:
    """Only members of the present queue can answer; the refusal says so."""
    scene = a_scene(flavour)
    number, key = to_verification(scene)
    scene.writes(number, "#verified", by="zoe")
    scene.settle()
    assert scene.ticket_status(key) == "Done"
    assert len(scene.note_with(number, "only members of Frontline Retail")) == 1


def test_unreadable_membership_refuses_all_but_the_owner(flavour: Flavour) -> None:
    """Where membership cannot be read the bridge says so, and the owner can still answer."""
    scene = a_scene(flavour)
    scene.world.desk.add_account(DESK_ACCOUNT, DESK_PASSWORD, reads_memberships=False)
    number, key = to_verification(scene)
    scene.writes(number, "#verified", by="bob")
    scene.settle()
    assert len(scene.note_with(number, "cannot read who belongs to")) == 1
    assert scene.ticket_status(key) == "Done"
    scene.writes(number, "#verified", by="ann")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"


def test_the_owner_may_verify_without_evidence(flavour: Flavour) -> None:
    """The owner's word counts even where no deployment is known, and is recorded as that."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key, version=None)
    scene.settle()
    scene.writes(number, "#verified", by="bob")
    scene.settle()
    assert len(scene.note_with(number, "is not there yet")) == 1
    scene.writes(number, "#Проверено!", by="ann")
    scene.settle()
    assert any("without evidence of a deployment" in text for text in scene.comments(key))


def test_quoted_commands_are_no_commands(flavour: Flavour) -> None:
    """A quoted answer of somebody else is not an answer."""
    scene = a_scene(flavour)
    number, key = to_verification(scene)
    scene.writes(number, "> #verified\nIs that right?")
    scene.settle()
    assert scene.ticket_status(key) == "Done"


def test_a_declined_ticket_can_be_sent_back(flavour: Flavour) -> None:
    """On a declined ticket #failed sends it back to development with the words."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Cannot Reproduce")
    scene.settle()
    scene.writes(number, "#failed happens every time on iOS 19")
    scene.settle()
    assert scene.ticket_status(key) == "In Progress"
    assert any("happens every time on iOS 19" in text for text in scene.comments(key))
    assert scene.status(number) == "Pending"


def test_a_duplicate_is_followed(flavour: Flavour) -> None:
    """The incident waits for the ticket that its own one duplicates."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    people = scene.world.tracker.people
    target = people.creates("CORE", "The real one", by="dev.max")
    people.links_duplicate(key, target, "dev.ana")
    people.moves_to(key, "Done", "dev.ana", "Duplicate")
    scene.settle()
    assert scene.status(number) == "Pending"
    assert len(scene.note_with(number, f"duplicate of {target}. The incident now waits")) == 1

    people.moves_to(target, "Done", "dev.max", "Done")
    people.moves_to(target, "Deployed", "dev.max")
    scene.settle()
    assert scene.status(number) == "In Progress"
    assert scene.note_with(number, "Please check it")


def test_an_unknown_resolution_is_asked_about(flavour: Flavour) -> None:
    """A resolution that the rule does not know neither frees nor declines; people are told once."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Duplicate")
    scene.settle()
    assert scene.status(number) == "Pending"
    assert scene.note_with(number, "Needs a person: duplicate without target")


def test_a_deleted_ticket_is_lost_only_after_two_looks(flavour: Flavour) -> None:
    """A deleted ticket is believed lost after two looks minutes apart, then Frontline decides."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.deletes(key)
    scene.writes(number, "Any news?")
    scene.look()
    assert scene.note_with(number, "was deleted") == []
    scene.wait(minutes=6)
    scene.settle()
    assert len(scene.note_with(number, "was deleted")) == 1
    assert len(scene.note_with(number, "No ticket is left that could bring a fix")) == 1
    assert scene.note_with(number, "development will not fix this") == []
    assert f"{key}: deleted or out of sight\n" in scene.living(number)
    assert "Next: resolve, or ask for a new ticket" in scene.living(number)
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"


def test_a_moved_ticket_keeps_its_link(flavour: Flavour) -> None:
    """A ticket that moved to another project is found again by its id."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    moved = scene.world.tracker.people.moves(key, "CORE")
    scene.writes(number, "Any news?")
    scene.settle()
    assert any("Any news?" in text for text in scene.comments(moved))


def test_a_closed_incident_is_flagged_and_the_ticket_told(flavour: Flavour) -> None:
    """Closing directly cannot be undone: it is flagged, the ticket learns that nobody waits."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    closing = {
        "Status": "Closed",
        "Status_Reason": "Automated Resolution Reported",
        "Resolution": "Customer gave up.",
    }
    scene.world.desk.people.sets(number, closing, by="ann")
    scene.settle()
    assert scene.status(number) == "Closed"
    assert any("before this fix was verified" in text for text in scene.comments(key))


def test_resolved_before_linking_is_left_alone(flavour: Flavour) -> None:
    """The hold begins at linking: an incident that was resolved before is never put back."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.resolves(number)
    scene.asks(number)
    scene.settle()
    assert scene.key(number) != ""
    assert scene.status(number) == "Resolved"


def test_a_reassignment_is_respected(flavour: Flavour) -> None:
    """A person's reassignment stands; the answer then counts from the new queue."""
    scene = a_scene(flavour)
    number, key = to_verification(scene)
    scene.world.desk.people.reassigns(number, "Frontline Cards", "carl", by="ann")
    scene.settle()
    assert scene.incident(number)["Assigned Group"] == "Frontline Cards"
    scene.writes(number, "#verified", by="carl")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"


def test_in_progress_needs_an_assignee(flavour: Flavour) -> None:
    """An incident without assignee comes back as Assigned."""
    scene = a_scene(flavour)
    number = scene.opens(**{"Assignee Login ID": None, "Status": "Assigned"})
    scene.asks(number)
    scene.settle()
    key = scene.key(number)
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    assert scene.status(number) == "Assigned"


def test_the_cause_is_asked_for(flavour: Flavour) -> None:
    """A verified incident without cause is told which field and values are wanted."""
    scene = a_scene(flavour)
    number, _ = to_verification(scene)
    scene.writes(number, "#verified")
    scene.settle()
    assert scene.note_with(number, "Before that, set Resolution Category Tier 2")
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"


def test_secrets_of_customers_stay_at_the_desk(flavour: Flavour) -> None:
    """Card numbers, phones and e-mail addresses are cut out before anything leaves Remedy."""
    scene = a_scene(flavour)
    number = scene.opens(
        **{"Detailed Decription": "Card 4111 1111 1111 1111, call +7 916 123-45-67 or mail a.b@example.com"}
    )
    scene.asks(number)
    scene.settle()
    key = scene.key(number)
    scene.writes(number, "She says 5500-0000-0000-0004 fails too")
    scene.settle()
    said = scene.ticket(key)["description"] + "\n".join(scene.comments(key))
    for private in ("4111", "916", "a.b@example.com", "5500"):
        assert private not in said


def test_a_tracker_that_is_down_is_waited_for(flavour: Flavour) -> None:
    """Nothing is lost while the tracker is away; it is caught up with when it is back."""
    from bridge.simulators.faults import Fault

    scene = a_scene(flavour)
    number = scene.opens()
    outage = scene.world.tracker_wire.add(Fault(kind="drop_before", times=None))
    scene.asks(number)
    summary = scene.look(5)
    assert "tracker cannot be asked" in summary.sentence
    assert scene.keys() == []
    scene.world.tracker_wire.faults.remove(outage)
    scene.wait(minutes=11)
    scene.settle()
    assert scene.keys() == [scene.key(number)]


def test_a_lost_answer_makes_no_second_ticket(flavour: Flavour) -> None:
    """The server opened the ticket but its answer was lost: it is found by its mark, not opened again."""
    from bridge.simulators.faults import Fault

    scene = a_scene(flavour, index_lag=timedelta(minutes=3))
    number = scene.opens()
    scene.world.tracker_wire.add(
        Fault(
            kind="drop_after",
            match=lambda request: request.method == "POST" and request.path.endswith("/issue"),
        )
    )
    scene.asks(number)
    scene.look()
    assert len(scene.keys()) == 1
    scene.wait(minutes=11)
    scene.settle()
    assert scene.keys() == [scene.key(number)]


def test_an_early_resolve_that_was_flagged_is_no_answer_later(flavour: Flavour) -> None:
    """A resolve that was only flagged verifies nothing when the fix is deployed afterwards; reopening starts anew."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    for _ in range(4):
        scene.resolves(number)
        scene.settle()
    assert scene.status(number) == "Resolved"
    scene.fixes(key)
    scene.world.tracker.people.moves_to(key, "Deployed", "dev.ana")
    scene.settle()
    assert scene.ticket_status(key) == "Deployed"
    assert scene.note_with(number, "Please check it")
    scene.writes(number, "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"


def test_what_failed_before_is_not_promised_again(flavour: Flavour) -> None:
    """In the second round the version that failed is not named as the one to be installed."""
    scene = a_scene(flavour)
    number, key = to_verification(scene)
    scene.writes(number, "#failed no change")
    scene.settle()
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Done")
    scene.settle()
    fixed = scene.note_with(number, "This incident stays open")
    assert "installs 4.2 " in fixed[0]
    assert "installs the patch" in fixed[-1]


def test_values_of_fields_are_redacted_too(flavour: Flavour) -> None:
    """A field of the ticket that is filled from the incident's text leaves as little behind as the text does."""
    rules = usual_rules()
    rule = rules.rules[0]
    fields = {**rule.ticket.fields, "environment": FieldSource(of="story")}
    changed = rule.model_copy(update={"ticket": rule.ticket.model_copy(update={"fields": fields})})
    scene = a_scene(flavour, rules.model_copy(update={"rules": (changed,)}))
    number = scene.opens(**{"Detailed Decription": "Call +7 916 123-45-67 about it"})
    scene.asks(number)
    scene.settle()
    assert "916" not in str(scene.ticket(scene.key(number))["environment"])


def test_changed_rules_are_followed_after_a_restart(flavour: Flavour) -> None:
    """A request that no rule matched is looked at again when the bridge starts with other rules."""
    scene = a_scene(flavour)
    number = scene.opens(**{"Categorization Tier 1": "Question"})
    scene.asks(number)
    scene.settle()
    assert scene.keys() == []
    rules = usual_rules()
    scene.rules = rules.model_copy(update={"rules": (rules.rules[0].model_copy(update={"when": ()}),)})
    scene.restart()
    scene.settle()
    assert scene.keys() == [scene.key(number)]
