"""What every tracker promises, as one suite: subclass it, and give it a world of that tracker.

A world is the tracker's side as its own people know it; the suite drives people there, calls the connector,
and looks at what the world holds afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from bridge.connectors.base import Tracker
from bridge.decide.text import clean
from bridge.model.actions import CreateTicket, ShowIncident
from bridge.model.errors import Ambiguous, BridgeError, Gone, LostCredentials, Refused
from bridge.model.note import mark
from bridge.model.ticket import Ticket

LABEL = "bridge-acme-INC1-1"
MARK = mark("acme", "INC1/note/remedy/WLG7/10001")
NASTY = [
    "*bold* _it_ -struck- +under+ ^up^ ~down~ ??cite??",
    "h1. heading\n# one\n* two\n|| a || b ||\n----",
    "{code}\nrm -rf /\n{code} {noformat}x{noformat} {color:red}red{color}",
    "[~admin] [a|https://evil.example] !image.png! @somebody",
    'project = "APP" OR summary ~ "x" ORDER BY created',
    "C:\\temp\\new \\{x\\}",
    "emoji \U0001f600 \U0001f468‍\U0001f469‍\U0001f467 and \U00020bb7",
    "Українською, по-русски, עברית",
    "tab\there\r\nnext\rlast   ",
    "(bridge:acme/INC9/x) is not at the end",
    "&amp; &lt;b&gt; <script>alert(1)</script> https://example.com/a_b_c?x=1&y=*z*",
]


class TrackerWorld(Protocol):
    """One tracker's side, as its own people know it."""

    project: str
    secret: str

    def now(self) -> datetime: ...
    def wait(self, seconds: float) -> None: ...
    def tracker(self) -> Tracker: ...
    def opens(self, summary: str) -> str: ...
    def says(self, ticket_id: str, text: str) -> str: ...
    def deletes(self, ticket_id: str) -> None: ...
    def hides(self, ticket_id: str) -> None: ...
    def moves_away(self, ticket_id: str) -> str: ...
    def finishes(self, ticket_id: str) -> None: ...
    def plans(self, ticket_id: str, version: str) -> None: ...
    def releases(self, version: str) -> None: ...
    def revokes(self) -> None: ...
    def loses_the_next_answer(self) -> None: ...
    def titles(self) -> list[str]: ...
    def comments(self, ticket_id: str) -> list[str]: ...
    def links(self, ticket_id: str) -> list[tuple[str, bool]]: ...
    def silences(self, ticket_id: str, note_id: str) -> None: ...
    def points(self, ticket_id: str, url: str, title: str) -> None: ...


def draft(**changes: Any) -> CreateTicket:
    """Return a ticket to open."""
    given: dict[str, Any] = {
        "key": "INC1/create/WLG1",
        "reason": "Ann asked for it",
        "project": "APP",
        "type": "Bug",
        "summary": "[INC1] Mail is down",
        "description": "Nobody can send *mail*.",
        "mark_label": LABEL,
    }
    return CreateTicket(**(given | changes))


def link(ticket_id: str, **changes: Any) -> ShowIncident:
    """Return a remote link to write."""
    given: dict[str, Any] = {
        "key": "INC1/show",
        "reason": "linked",
        "ticket_id": ticket_id,
        "ticket_key": "APP-1",
        "global_id": "remedy:INC1",
        "title": "INC1 Mail is down",
    }
    return ShowIncident(**(given | changes))


def seen(tracker: Tracker, ticket_id: str) -> Ticket:
    """Return a ticket that must be there."""
    found = tracker.ticket(ticket_id)
    assert found is not None
    return found[0]


class TrackerContract:
    """The promises of ``bridge.connectors.base.Tracker``; a subclass gives the fixture ``world``."""

    def test_a_poll_yields_what_changed_oldest_first_with_its_notes(self, world: TrackerWorld) -> None:
        """A poll yields the tickets changed since a moment in order of change, each with all its notes."""
        old, first, second = (world.opens(name) for name in ("old", "first", "second"))
        world.wait(60)
        since = world.now()
        world.says(second, "one")
        world.wait(5)
        world.says(first, "two")
        found = list(world.tracker().tickets_since(since, [world.project]))
        assert [ticket.id for ticket, _ in found] == [second, first]
        assert [[note.text for note in notes] for _, notes in found] == [["one"], ["two"]]
        assert old not in {ticket.id for ticket, _ in found}

    def test_a_poll_yields_each_of_many_once(self, world: TrackerWorld) -> None:
        """A poll of more tickets than fit a page, many changed in one second, misses and repeats none."""
        made = []
        for number in range(230):
            made.append(world.opens(f"number {number}"))
            world.wait(1.0 if number % 60 == 0 else 0.0)
        found = [
            ticket.id
            for ticket, _ in world.tracker().tickets_since(world.now() - timedelta(hours=1), [world.project])
        ]
        assert sorted(found) == sorted(made)

    def test_a_poll_of_no_projects_yields_nothing(self, world: TrackerWorld) -> None:
        """Without projects there is nothing to poll."""
        world.opens("one")
        assert list(world.tracker().tickets_since(world.now() - timedelta(days=1), [])) == []

    def test_a_poll_of_an_unknown_project_is_refused(self, world: TrackerWorld) -> None:
        """A project that is not there fails the poll aloud, as does one that is no project key."""
        tracker = world.tracker()
        for project in ("NOPE", 'A" OR project = "APP'):
            with pytest.raises(Refused):
                list(tracker.tickets_since(world.now(), [project]))

    def test_tickets_by_id_leave_out_the_missing(self, world: TrackerWorld) -> None:
        """Reading by ids yields those that are there, without the deleted, the hidden and the senseless."""
        here, gone, hidden = (world.opens(name) for name in ("here", "gone", "hidden"))
        world.deletes(gone)
        world.hides(hidden)
        found = list(world.tracker().tickets([gone, here, hidden, "999999", "no id", here]))
        assert [ticket.id for ticket, _ in found] == [here]

    def test_more_tickets_by_id_than_fit_a_page(self, world: TrackerWorld) -> None:
        """Reading more ids than one request takes yields all of them."""
        made = [world.opens(f"number {number}") for number in range(130)]
        assert {ticket.id for ticket, _ in world.tracker().tickets(made)} == set(made)

    def test_a_ticket_is_read_by_id_and_by_key(self, world: TrackerWorld) -> None:
        """A ticket answers to its id and to its key however it is written, with its notes."""
        ticket_id = world.opens("here")
        world.says(ticket_id, "hello")
        tracker = world.tracker()
        ticket, notes = next(iter(tracker.tickets([ticket_id])))
        assert tracker.ticket(ticket_id) == tracker.ticket(f" {ticket.key.lower()} ") == (ticket, notes)
        assert (ticket.summary, ticket.project, ticket.done) == ("here", world.project, False)
        assert [(note.text, note.parent, note.origin) for note in notes] == [("hello", ticket_id, "person")]

    @pytest.mark.parametrize(
        "reference", ["APP-999", "999999", "", "no key", "APP-1/../../myself", "APP-1?x=1", "%41PP-1"]
    )
    def test_a_missing_ticket_is_none(self, world: TrackerWorld, reference: str) -> None:
        """What names no ticket, or none that is there, is None to verified credentials."""
        world.opens("here")
        assert world.tracker().ticket(reference) is None

    def test_deleted_and_hidden_tickets_are_none(self, world: TrackerWorld) -> None:
        """A ticket that was deleted or hidden is None, and its notes are gone."""
        tracker = world.tracker()
        for leaves in (world.deletes, world.hides):
            ticket_id = world.opens("here")
            leaves(ticket_id)
            assert tracker.ticket(ticket_id) is None
            with pytest.raises(Gone):
                tracker.notes(ticket_id)

    def test_a_moved_ticket_answers_under_its_new_key(self, world: TrackerWorld) -> None:
        """A ticket that moved keeps its id and answers under its new key, also to its old one."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        old = seen(tracker, ticket_id).key
        new = world.moves_away(ticket_id)
        assert old != new
        assert seen(tracker, ticket_id).key == seen(tracker, old).key == new
        assert [ticket.key for ticket, _ in tracker.tickets([ticket_id])] == [new]

    def test_all_notes_oldest_first(self, world: TrackerWorld) -> None:
        """Every note is read, however many there are, oldest first, by itself and with its ticket."""
        ticket_id = world.opens("here")
        for number in range(240):
            world.says(ticket_id, f"note {number}")
            world.wait(1)
        tracker = world.tracker()
        texts = [note.text for note in tracker.notes(ticket_id)]
        assert texts == [f"note {number}" for number in range(240)]
        [(_, notes)] = tracker.tickets_since(world.now() - timedelta(hours=1), [world.project])
        assert [note.text for note in notes] == texts

    def test_a_created_ticket_is_there_and_is_found(self, world: TrackerWorld) -> None:
        """A created ticket is there at once by the receipt's id, and by its mark once the search shows it."""
        tracker = world.tracker()
        assert tracker.find_created(draft()) is None
        receipt = tracker.create_ticket(draft())
        ticket = seen(tracker, receipt.id)
        assert (ticket.key, ticket.summary, ticket.type) == (receipt.key, "[INC1] Mail is down", "Bug")
        world.wait(tracker.search_grace)
        assert tracker.find_created(draft()) == receipt
        assert tracker.find_created(draft(mark_label="bridge-acme-INC1-2")) is None

    def test_the_oldest_of_several_created_is_found(self, world: TrackerWorld) -> None:
        """Where two tickets carry the mark, the older one is ours."""
        tracker = world.tracker()
        first = tracker.create_ticket(draft())
        second = tracker.create_ticket(draft())
        other = tracker.create_ticket(draft(mark_label="bridge-acme-INC1-2"))
        world.wait(tracker.search_grace)
        assert tracker.find_created(draft()) == first
        further = [f"bridge-acme-INC2-{count}" for count in range(60)]
        assert dict(tracker.bearers([LABEL, "bridge-acme-INC1-2", *further])) == {
            LABEL: (first, second),
            "bridge-acme-INC1-2": (other,),
        }

    def test_a_lost_answer_to_a_create_makes_one_ticket(self, world: TrackerWorld) -> None:
        """A create whose answer is lost is in doubt and not repeated, and its ticket is found."""
        tracker = world.tracker()
        assert tracker.account
        world.loses_the_next_answer()
        with pytest.raises(Ambiguous):
            tracker.create_ticket(draft())
        assert world.titles() == ["[INC1] Mail is down"]
        world.wait(tracker.search_grace)
        assert tracker.find_created(draft()) is not None

    def test_a_lost_answer_to_a_note_makes_one_note(self, world: TrackerWorld) -> None:
        """Where the answer to a note is lost, the outcome is in doubt and the note shows its mark at once."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        assert tracker.account
        world.loses_the_next_answer()
        with pytest.raises(Ambiguous):
            tracker.add_note(ticket_id, "hello", mark=MARK)
        assert [note.mark for note in tracker.notes(ticket_id)] == ["INC1/note/remedy/WLG7/10001"]

    @pytest.mark.parametrize("text", NASTY)
    def test_a_note_arrives_word_for_word(self, world: TrackerWorld, text: str) -> None:
        """Whatever is typed arrives as it was typed, with the mark taken off again."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        receipt = tracker.add_note(ticket_id, text, mark=MARK)
        [note] = tracker.notes(ticket_id)
        assert (note.id, note.text) == (receipt.id, clean(text))
        assert (note.origin, note.mark, note.author) == (
            "bridge",
            "INC1/note/remedy/WLG7/10001",
            tracker.account,
        )
        assert note.internal

    @pytest.mark.parametrize("text", NASTY)
    def test_a_note_of_ours_is_rewritten_in_its_place(self, world: TrackerWorld, text: str) -> None:
        """Rewriting a note leaves one note, with the new words and mark, still internal."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        receipt = tracker.add_note(ticket_id, "first", mark=MARK)
        world.wait(5)
        tracker.edit_note(ticket_id, receipt.id, text, mark=mark("acme", "board/10001"))
        [note] = tracker.notes(ticket_id)
        assert (note.id, note.text, note.mark) == (receipt.id, clean(text), "board/10001")
        assert (note.origin, note.internal) == ("bridge", True)

    def test_a_deleted_note_cannot_be_rewritten(self, world: TrackerWorld) -> None:
        """Rewriting a note that somebody deleted, or that never was, says that it is gone."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        receipt = tracker.add_note(ticket_id, "first", mark=MARK)
        world.silences(ticket_id, receipt.id)
        for note_id in (receipt.id, "999999"):
            with pytest.raises(Gone):
                tracker.edit_note(ticket_id, note_id, "again", mark=MARK)
        with pytest.raises(Refused):
            tracker.edit_note(ticket_id, "../x", "again", mark=MARK)
        assert world.comments(ticket_id) == []

    def test_a_lost_answer_to_a_rewriting_shows_in_the_note(self, world: TrackerWorld) -> None:
        """Where the answer to a rewriting is lost, the outcome is in doubt and the note itself tells it."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        receipt = tracker.add_note(ticket_id, "first", mark=MARK)
        world.loses_the_next_answer()
        with pytest.raises(Ambiguous):
            tracker.edit_note(ticket_id, receipt.id, "again", mark=MARK)
        assert [note.text for note in tracker.notes(ticket_id)] == ["again"]

    def test_the_links_of_people_are_told(self, world: TrackerWorld) -> None:
        """The links that people made in a ticket are told with their titles, the bridge's own are not."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        assert tracker.web_links(ticket_id) == ()
        shown = link(ticket_id, global_id="bridge=acme&incident=INC1")
        tracker.show_incident(shown, "https://remedy.example/INC1")
        world.points(ticket_id, "https://remedy.example/INC7", "Incident INC7")
        assert tracker.web_links(ticket_id) == ("https://remedy.example/INC7", "Incident INC7")
        assert tracker.incidents_shown(ticket_id, "acme") == ("INC1",)
        assert tracker.incidents_shown(ticket_id, "ac") == ()

    @pytest.mark.parametrize("text", NASTY)
    def test_a_summary_arrives_on_one_line(self, world: TrackerWorld, text: str) -> None:
        """Whatever is typed becomes a summary of one line."""
        tracker = world.tracker()
        receipt = tracker.create_ticket(draft(summary=text))
        assert seen(tracker, receipt.id).summary == " ".join(clean(text).split())

    def test_a_text_that_is_too_long_is_cut_and_says_so(self, world: TrackerWorld) -> None:
        """A text of 40,000 characters is cut to what the tracker takes, says so, and keeps its mark."""
        tracker = world.tracker()
        receipt = tracker.create_ticket(draft(description="\U0001f600*" * 20_000, summary="s" * 300))
        tracker.add_note(receipt.id, "{*}" * 13_400, mark=MARK)
        [note] = tracker.notes(receipt.id)
        assert "cut" in note.text
        assert note.mark == "INC1/note/remedy/WLG7/10001"
        assert note.text.startswith("{*}" * 100)
        assert len(seen(tracker, receipt.id).summary) <= 255

    def test_a_mark_under_a_persons_words_is_a_persons_words(self, world: TrackerWorld) -> None:
        """Nobody makes a note a bridge's by ending it like one, with a mark of this pair or of another."""
        ticket_id = world.opens("here")
        said = [f"hello\n\n{own}" for own in (MARK, mark("other", "INC5/note/remedy/WLG1/7"))]
        for text in said:
            world.says(ticket_id, text)
        notes = world.tracker().notes(ticket_id)
        assert [(note.origin, note.mark, note.text) for note in notes] == [
            ("person", "", text) for text in said
        ]

    def test_a_ticket_moves_to_a_status_by_name(self, world: TrackerWorld) -> None:
        """A move leads to the status whatever case it is written in, and a second one changes nothing."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        tracker.move(ticket_id, "in progress")
        moved = seen(tracker, ticket_id)
        assert moved.status == "In Progress"
        world.wait(5)
        tracker.move(ticket_id, "In Progress")
        assert seen(tracker, ticket_id) == moved

    def test_a_move_that_nothing_leads_to_is_refused(self, world: TrackerWorld) -> None:
        """A move to where no transition leads is refused, says what is offered, and changes nothing."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        before = seen(tracker, ticket_id)
        with pytest.raises(Refused) as refusal:
            tracker.move(ticket_id, "Deployed")
        assert "In Progress" in str(refusal.value)
        assert seen(tracker, ticket_id) == before

    def test_moving_into_done_gives_a_resolution_that_is_demanded(self, world: TrackerWorld) -> None:
        """A move into a status that demands a resolution gives one."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        tracker.move(ticket_id, "Done")
        moved = seen(tracker, ticket_id)
        assert (moved.status, moved.done, moved.resolution) == ("Done", True, "Done")

    def test_fields_are_set_and_cleared(self, world: TrackerWorld) -> None:
        """Fields are set by name, and an empty value clears."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        tracker.set_fields(
            ticket_id, [("summary", "there"), ("priority", "High"), ("labels", ("red", "dark blue"))]
        )
        changed = seen(tracker, ticket_id)
        assert (changed.summary, changed.priority, changed.labels) == ("there", "High", ("dark_blue", "red"))
        tracker.set_fields(ticket_id, [("priority", ""), ("labels", ())])
        cleared = seen(tracker, ticket_id)
        assert (cleared.summary, cleared.priority, cleared.labels) == ("there", "", ())

    def test_an_unknown_field_is_refused_and_nothing_is_set(self, world: TrackerWorld) -> None:
        """One unknown field refuses the whole call."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        with pytest.raises(Refused):
            tracker.set_fields(ticket_id, [("summary", "there"), ("No Such Field", "x")])
        assert seen(tracker, ticket_id).summary == "here"

    def test_the_incident_is_shown_once(self, world: TrackerWorld) -> None:
        """Showing an incident again replaces what was shown."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        tracker.show_incident(link(ticket_id), "https://remedy.example/INC1")
        tracker.show_incident(link(ticket_id, resolved=True), "https://remedy.example/INC1")
        assert world.links(ticket_id) == [("https://remedy.example/INC1", True)]

    def test_an_incident_without_an_address_cannot_be_shown(self, world: TrackerWorld) -> None:
        """Without an address nothing is written."""
        ticket_id = world.opens("here")
        with pytest.raises(Refused):
            world.tracker().show_incident(link(ticket_id), "")
        assert world.links(ticket_id) == []

    def test_versions_tell_what_is_released(self, world: TrackerWorld) -> None:
        """A release shows in the project's versions and in the tickets planned for it."""
        ticket_id = world.opens("here")
        world.plans(ticket_id, "2.0")
        tracker = world.tracker()
        before = [(version.name, version.released) for version in tracker.versions(world.project)]
        world.releases("2.0")
        after = [(version.name, version.released) for version in tracker.versions(world.project)]
        assert (before, after) == ([("1.0", False), ("2.0", False)], [("1.0", False), ("2.0", True)])
        assert [version.released for version in seen(tracker, ticket_id).fix_versions] == [True]

    def test_a_finished_ticket_is_done(self, world: TrackerWorld) -> None:
        """What the developers finished is done, with their resolution."""
        ticket_id = world.opens("here")
        world.finishes(ticket_id)
        ticket = seen(world.tracker(), ticket_id)
        assert (ticket.done, ticket.category, ticket.resolution) == (True, "done", "Fixed")

    def test_writes_to_a_missing_ticket_are_gone(self, world: TrackerWorld) -> None:
        """Every write to a ticket that is not there says so."""
        ticket_id = world.opens("here")
        world.deletes(ticket_id)
        tracker = world.tracker()
        for write in (
            lambda: tracker.add_note(ticket_id, "x", mark=MARK),
            lambda: tracker.edit_note(ticket_id, "10001", "x", mark=MARK),
            lambda: tracker.set_fields(ticket_id, [("summary", "x")]),
            lambda: tracker.move(ticket_id, "Done"),
            lambda: tracker.show_incident(link(ticket_id), "https://remedy.example/INC1"),
        ):
            with pytest.raises(Gone):
                write()

    @pytest.mark.parametrize("reference", ["", "../myself", "APP-1/comment", "10001?x=1"])
    def test_a_write_takes_nothing_but_an_id_or_key(self, world: TrackerWorld, reference: str) -> None:
        """What is neither an id nor a key never becomes part of an address."""
        ticket_id = world.opens("here")
        with pytest.raises(Refused):
            world.tracker().add_note(reference, "x", mark=MARK)
        assert world.comments(ticket_id) == []

    def test_lost_credentials_are_no_empty_world(self, world: TrackerWorld) -> None:
        """A token that stops working in mid-run is told apart from a world without tickets, by every call."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        since = world.now() - timedelta(hours=1)
        assert len(list(tracker.tickets_since(since, [world.project]))) == 1
        world.revokes()
        for call in (
            lambda: list(tracker.tickets_since(since, [world.project])),
            lambda: list(tracker.tickets([ticket_id])),
            lambda: tracker.ticket(ticket_id),
            lambda: tracker.ticket("APP-999"),
            lambda: tracker.notes(ticket_id),
            lambda: tracker.versions(world.project),
            lambda: tracker.find_created(draft()),
            lambda: tracker.bearers([LABEL]),
            lambda: tracker.create_ticket(draft()),
            lambda: tracker.add_note(ticket_id, "x", mark=MARK),
            lambda: tracker.edit_note(ticket_id, "10001", "x", mark=MARK),
            lambda: tracker.web_links(ticket_id),
            lambda: tracker.incidents_shown(ticket_id, "acme"),
            lambda: tracker.set_fields(ticket_id, [("summary", "x")]),
            lambda: tracker.move(ticket_id, "Done"),
            lambda: tracker.show_incident(link(ticket_id), "https://remedy.example/INC1"),
        ):
            with pytest.raises(LostCredentials) as lost:
                call()
            assert world.secret not in str(lost.value)
        assert (world.titles(), world.comments(ticket_id)) == (["here"], [])

    def test_a_probe_of_a_healthy_site_finds_nothing_wrong(self, world: TrackerWorld) -> None:
        """A probe finds a healthy site healthy and writes nothing."""
        ticket_id = world.opens("here")
        tracker = world.tracker()
        before = seen(tracker, ticket_id)
        findings = tracker.probe([world.project])
        assert {finding.verdict for finding in findings} == {"ok"}
        assert (seen(tracker, ticket_id), world.titles()) == (before, ["here"])

    def test_a_probe_names_what_is_wrong_and_what_to_do(self, world: TrackerWorld) -> None:
        """A probe of a project that is not there, and one with a lost token, say what to do next."""
        tracker = world.tracker()
        errors = [finding for finding in tracker.probe([world.project, "NOPE"]) if finding.verdict == "error"]
        assert [finding.what for finding in errors] == ["project NOPE"]
        world.revokes()
        errors += [finding for finding in tracker.probe([world.project]) if finding.verdict == "error"]
        assert len(errors) == 2
        assert all(finding.next_step and world.secret not in finding.detail for finding in errors)

    def test_closing_twice_is_harmless(self, world: TrackerWorld) -> None:
        """Closing never raises, neither before the first call nor twice."""
        world.tracker().close()
        tracker = world.tracker()
        assert tracker.account
        tracker.close()
        tracker.close()

    def test_every_error_says_what_why_and_what_next(self, world: TrackerWorld) -> None:
        """Errors that people see have a sentence for what happened."""
        with pytest.raises(BridgeError) as error:
            world.tracker().notes("999999")
        assert error.value.what
        assert error.value.why
        assert error.value.next_step
