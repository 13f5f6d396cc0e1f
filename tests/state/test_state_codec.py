"""Bodies and actions survive being stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model.actions import Action, SetTicketFields
from bridge.model.dossier import Dossier
from bridge.model.errors import StateError
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.state.codec import decode, decode_action, encode, encode_action
from tests.state.state_samples import action, dossier, incident, link, note, of


@settings(max_examples=60, deadline=None)
@given(st.one_of(of(Dossier), of(Incident), of(Ticket), of(Note)))
def test_every_body_comes_back_equal(body: Any) -> None:
    """Whatever a dossier, incident, ticket or note holds, decoding gives it back."""
    assert decode(type(body), encode(body)) == body


@settings(max_examples=60, deadline=None)
@given(st.one_of([of(kind) for kind in get_args(Action)]))
def test_every_action_comes_back_as_its_own_kind(planned: Action) -> None:
    """An action comes back equal and of the same class, told by its kind."""
    found = decode_action(encode_action(planned))
    assert found == planned
    assert type(found) is type(planned)


def test_tuples_stay_tuples_and_texts_stay_texts() -> None:
    """A field of one value and a field of several values keep their difference."""
    several = (("labels", ("a", "b")), ("summary", "a"), ("components", ()))
    planned = SetTicketFields(key="k", reason="", ticket_id="1", ticket_key="A-1", fields=several)
    found = decode_action(encode_action(planned))
    assert isinstance(found, SetTicketFields)
    assert found.fields == several


def test_moments_come_back_in_utc() -> None:
    """A moment in any zone comes back as the same moment with no offset where it was given in UTC."""
    paris = datetime(2026, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    kept = decode(Incident, encode(incident(modified_at=paris.astimezone(UTC)))).modified_at
    assert kept == paris
    assert kept.utcoffset() == timedelta(0)


def test_half_of_a_surrogate_pair_becomes_a_question_mark() -> None:
    """Text that no UTF-8 can hold does not stop the bridge."""
    assert decode(Note, encode(note(text="broken \ud83d smile 🙂"))).text == "broken ? smile 🙂"
    assert decode_action(encode_action(action(text="\udc00"))) == action(text="?")


def test_a_field_that_was_unknown_then_takes_its_default() -> None:
    """A body written before a field existed can still be read."""
    older = encode(dossier("INC1", link())).replace('"put_backs":0,', "")
    assert decode(Dossier, older) == dossier("INC1", link())


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"incident": 7}', '{"incident":"x","waited":"1"}'])
def test_unreadable_text_is_a_state_error(text: str) -> None:
    """Text that is no dossier says what to do and does not repeat itself."""
    with pytest.raises(StateError, match="dossier data that cannot be read") as raised:
        decode(Dossier, text)
    assert raised.value.next_step
    assert "nonsense" not in str(raised.value)


def test_an_unknown_kind_of_action_is_a_state_error() -> None:
    """An action of a kind that this version does not know is refused."""
    text = encode_action(action()).replace("add_incident_note", "delete_everything")
    with pytest.raises(StateError, match="action data"):
        decode_action(text)


def test_equal_bodies_have_equal_texts() -> None:
    """The same content always gives the same text, so that texts can be compared."""
    assert encode(incident()) == encode(replace(incident(), summary=""))
