"""What people write stays one literal in every query: read back by parsers of our own that know the grammar only.

The parsers follow the published grammars (Atlassian: JQL, quoted strings; BMC: qualifications) and nothing that the
bridge or its simulators share.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.connectors.jira import jql
from bridge.connectors.remedy import qualification
from bridge.model.errors import Refused

pytestmark = pytest.mark.promise("injection")

TRIED = settings(max_examples=500, derandomize=True, deadline=None)

#: Pieces that end a literal, begin another one, or mean something to a query.
PIECES = st.sampled_from(
    (
        *(
            '"',
            "'",
            "\\",
            '\\"',
            "\\\\",
            '""',
            "''",
            '"""',
            "\\u0022",
            "\\x22",
            "\\n",
            "\n",
            "\r",
            "\t",
            "\x00",
        ),
        *(
            "\x07",
            "\x7f",
            "\u2028",
            "\ufeff",
            "\u202e",
            "\uff02",
            "“",
            "´",
            "$NULL$",
            "$USER$",
            "%",
            "_",
            "[a-z]",
        ),
        *(
            ' OR "1" = "1',
            '" OR project = X',
            "' OR 'Status' = 0",
            " ORDER BY key",
            "--",
            ";",
            "/*",
            "(",
            ")",
            ",",
        ),
        *("a", "INC1", "я", "🦊", "\ud800"),
    )
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=10).map("".join))
NAMES = TEXTS

_JQL_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'", " ": " "}


def jql_tokens(query: str) -> list[tuple[str, str]]:
    """Split a query into strings, with their values, and everything else, word by word."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(query):
        if query[at] in "\"'":
            value, at = _jql_string(query, at)
            found.append(("string", value))
        elif query[at].isspace():
            at += 1
        elif query[at] in "(),=<>!~":
            found.append(("sign", query[at]))
            at += 1
        else:
            end = at
            while end < len(query) and not query[end].isspace() and query[end] not in "\"'(),=<>!~":
                end += 1
            found.append(("word", query[at:end]))
            at = end
    return found


def _jql_string(query: str, at: int) -> tuple[str, int]:
    quote, value = query[at], ""
    at += 1
    while query[at] != quote:
        sign = query[at]
        # The grammar has no bare control characters in a quoted string.
        assert sign >= " ", f"a control character stands in a string: {query!r}"
        assert sign != "\x7f", f"a control character stands in a string: {query!r}"
        if sign != "\\":
            value, at = value + sign, at + 1
        elif query[at + 1] == "u":
            value, at = value + chr(int(query[at + 2 : at + 6], 16)), at + 6
        else:
            value, at = value + _JQL_ESCAPES[query[at + 1]], at + 2
    return value, at + 1


@TRIED
@given(TEXTS)
@example('\\" OR project = X --')
@example("\\")
def test_any_text_is_one_string_of_jql(text: str) -> None:
    """Whatever a label holds, the query is one clause with one string that reads back as it is."""
    tokens = jql_tokens(jql.labelled(text))
    order = [("word", word) for word in ("ORDER", "BY", "created", "ASC")]
    assert tokens[:3] == [("word", "labels"), ("sign", "="), ("string", text)]
    assert tokens[3:] == [*order, ("sign", ","), ("word", "key"), ("word", "ASC")]


@TRIED
@given(TEXTS)
def test_a_project_is_a_key_or_refused(text: str) -> None:
    """A project's name never reaches a query or a path unless it is a plain key."""
    try:
        query = jql.updated_since([text], 0)
    except Refused:
        return
    strings = [value for kind, value in jql_tokens(query) if kind == "string"]
    assert strings == [text.strip().upper()]
    assert all(sign.isascii() and (sign.isalnum() or sign == "_") for sign in strings[0])


@TRIED
@given(TEXTS)
@example("FRONT-1/../../myself")
@example("1?expand=x")
@example("１２")
def test_a_reference_is_an_id_or_a_key_or_none(text: str) -> None:
    """What people write into the ticket field reaches a path as an id or a key, or not at all."""
    reference = jql.reference(text)
    assert reference is None or all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in reference)


def ar_tokens(text: str) -> list[tuple[str, str]]:
    """Split a qualification into fields, values and everything else; a doubled quote is one quote."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        if text[at] in "\"'":
            value, at = _ar_quoted(text, at)
            found.append(value)
        elif text[at] == " ":
            at += 1
        else:
            end = at
            while end < len(text) and text[end] not in " \"'":
                end += 1
            found.append(("word", text[at:end]))
            at = end
    return found


def _ar_quoted(text: str, at: int) -> tuple[tuple[str, str], int]:
    quote, value = text[at], ""
    at += 1
    while True:
        if text[at] != quote:
            value, at = value + text[at], at + 1
        elif text[at + 1 : at + 2] == quote:
            value, at = value + quote, at + 2
        else:
            return ("value" if quote == '"' else "field", value), at + 1


@TRIED
@given(NAMES, TEXTS)
@example("Status", '" OR "1" = "1')
@example("' OR 'Status", "\\")
def test_any_field_and_value_are_one_comparison(name: str, value: str) -> None:
    """Whatever a field is called and a value holds, a qualification is one field, one operator, one value."""
    assert ar_tokens(qualification.equals(name, value)) == [("field", name), ("word", "="), ("value", value)]


@TRIED
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_any_values_are_as_many_alternatives(values: list[str]) -> None:
    """A list of values is read as exactly as many comparisons joined by OR."""
    tokens = ar_tokens(qualification.one_of("Incident Number", values))
    one_by_one = [[("field", "Incident Number"), ("word", "="), ("value", value)] for value in values]
    joined = [token for one in one_by_one for token in (("word", "OR"), *one)][1:]
    assert tokens == joined


@TRIED
@given(TEXTS, st.integers(0, 2**40))
def test_any_place_in_a_page_is_one_value(after: str, second: int) -> None:
    """The rest of a second is two comparisons, whatever the last id was."""
    tokens = ar_tokens(qualification.rest_of_second("Modified", second, "Number", after))
    assert tokens == [
        *(("field", "Modified"), ("word", "="), ("word", str(second)), ("word", "AND")),
        *(("field", "Number"), ("word", ">"), ("value", after)),
    ]


def test_the_parser_of_jql_sees_what_got_out() -> None:
    """The parser above does tell a query whose text got out of its string, or never ends it."""
    assert sum(kind == "string" for kind, _ in jql_tokens('labels = "a" OR project = "b"')) == 2
    with pytest.raises(IndexError):
        jql_tokens('labels = "a\\" ORDER BY created')


def test_the_parser_of_qualifications_sees_what_got_out() -> None:
    """The parser above does tell a qualification whose value got out of its quotes."""
    assert len(ar_tokens('\'Status\' = "a" OR "1" = "1"')) == 7
