"""The qualification language of the simulated Remedy: quoting, types, nulls, dates, refusals."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.simulators.remedy import RemedySettings
from bridge.simulators.remedy.fields import Row
from bridge.simulators.remedy.incident_forms import incident_forms
from bridge.simulators.remedy.predicates import Asking, condition
from bridge.simulators.remedy.qualification import FieldName, Text, parse
from bridge.simulators.remedy.refusal import Rejected
from tests.simulators.remedy_world import HELP_DESK, INTERFACE, START, World, refused, world

SETTINGS = RemedySettings()
FORM = incident_forms(SETTINGS)[2]
NOW = int(START.timestamp())


def passes(text: str, settings: RemedySettings = SETTINGS, **row: Any) -> bool | None:
    """Return what ``text`` says of a Help Desk row; underscores in the keys stand for blanks."""
    held: Row = {key.replace("_", " "): value for key, value in row.items()}
    return condition(text, FORM, settings).test(held, Asking(now=NOW, login="bridge"))


@given(st.text(max_size=60))
def test_any_text_quoted_by_doubling_is_found_exactly(text):
    """Doubling the double quote is all the quoting there is, whatever the text holds."""
    quoted = text.replace('"', '""')
    assert passes(f"'Description' = \"{quoted}\"", Description=text) is True
    assert passes(f"'Description' = \"{quoted}\"", Description=text + "x") is False


@given(st.text(max_size=40))
def test_any_name_quoted_by_doubling_is_read_exactly(text):
    """The same holds for field names and the single quote."""
    quoted = text.replace("'", "''")
    node = parse(f"'{quoted}'", syntax_number=1, status=400)
    assert isinstance(node, FieldName)
    assert node.name == text


@given(st.text(alphabet="'\"()=<>!&| %$ANDORnot1-\\", max_size=30))
def test_every_line_either_has_a_meaning_or_is_refused(text):
    """No text brings the parser down: it is a condition or a refusal."""
    answer: object
    try:
        answer = passes(text)
    except Rejected as error:
        answer = error.status
    assert answer in {True, False, None, 400}


@given(st.lists(st.text(max_size=12), max_size=4))
def test_adjacent_literals_never_run_into_each_other(texts):
    """A line of quoted terms joined by OR finds each of its texts and nothing else."""
    terms = ["'Description' = \"" + text.replace('"', '""') + '"' for text in [*texts, "last"]]
    line = " OR ".join(terms)
    assert all(passes(line, Description=text) for text in texts)
    assert passes(line, Description="none of them, longer than twelve") is False


def test_a_backslash_is_an_ordinary_character():
    """A backslash neither escapes nor vanishes."""
    assert passes(r"""'Description' = "a\b" """, Description=r"a\b") is True
    with pytest.raises(Rejected):
        passes(r"""'Description' = "a\"b" """, Description='a"b')


@pytest.mark.parametrize("literal", ['"Pending"', "3", '"3"'])
def test_a_selection_is_compared_by_label_code_or_numeric_text(literal):
    """All three spellings of a status mean the same."""
    assert passes(f"'Status' = {literal}", Status=3) is True
    assert passes(f"'Status' < {literal}", Status=1) is True
    assert passes(f"'Status' = {literal}", Status=4) is False


@pytest.mark.parametrize("stamp", [str(NOW), f'"{NOW}"'])
def test_a_date_is_compared_with_epoch_seconds_bare_or_quoted(stamp):
    """Production clients send both."""
    assert passes(f"'Submit Date' >= {stamp}", Submit_Date=NOW) is True
    assert passes(f"'Submit Date' > {stamp}", Submit_Date=NOW) is False


def test_a_date_may_be_a_text_of_the_default_locale():
    """Quoted dates are read in the server's zone."""
    assert passes("'Submit Date' = \"03/02/2026 09:00:00 AM\"", Submit_Date=NOW) is True
    with pytest.raises(Rejected) as error:
        passes("'Submit Date' = \"yesterday\"", Submit_Date=NOW)
    assert error.value.number == 310


def test_the_present_time_can_be_calculated_with():
    """``$TIMESTAMP$`` takes part in sums with the usual precedence."""
    line = "'Last Modified Date' > $TIMESTAMP$ - 60 * 10"
    assert passes(line, Last_Modified_Date=NOW - 599) is True
    assert passes(line, Last_Modified_Date=NOW - 600) is False


def test_null_is_neither_equal_nor_different():
    """Only ``$NULL$`` finds empty fields; even a negation of a comparison does not."""
    assert passes("'Assignee' = $NULL$") is True
    assert passes("'Assignee' != $NULL$", Assignee="Ann") is True
    assert passes("'Assignee' != \"Ann\"") is None
    assert passes("NOT 'Assignee' = \"Ann\"") is None
    assert passes("'Assignee' != \"Ann\" OR 'Status' = 1", Status=1) is True
    assert passes("'Assignee' != \"Ann\" AND 'Status' = 2", Status=1) is False


def test_not_binds_closer_than_and_and_and_closer_than_or():
    """The precedence is the usual one, and both spellings of each operator work."""
    assert passes("'Status' = 1 OR 'Status' = 2 AND 'Status' = 3", Status=1) is True
    assert passes("('Status' = 1 || 'Status' = 2) && 'Status' = 3", Status=1) is False
    assert passes("NOT 'Status' = 1 AND 'Status' = 1", Status=1) is False
    assert passes("!('Status' = 1 AND 'Status' = 2)", Status=1) is True


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("Mail%", True),
        ("%50[%]%", True),
        ("Mail_50%", True),
        ("mail%", False),
        ("M[a-f]il%", True),
        ("M[^a-f]il%", False),
        ("Mail", False),
    ],
)
def test_like_knows_wildcards_and_brackets(pattern, found):
    """A percent sign is any text, an underscore one character, brackets a set or a literal."""
    assert passes(f"'Description' LIKE \"{pattern}\"", Description="Mail 50% full") is found


def test_without_brackets_a_literal_percent_cannot_be_asked_for():
    """On a database without bracket sets the brackets are ordinary characters."""
    oracle = RemedySettings(like_brackets=False)
    assert passes("'Description' LIKE \"%[%]%\"", oracle, Description="50%") is False
    assert passes("'Description' LIKE \"%[%]%\"", oracle, Description="a[1]b") is True


def test_case_matters_only_where_the_database_says_so():
    """Comparison and LIKE fold case together."""
    folding = RemedySettings(case_sensitive=False)
    assert passes("'Description' = \"MAIL\"", Description="mail") is False
    assert passes("'Description' = \"MAIL\"", folding, Description="mail") is True
    assert passes("'Description' LIKE \"MA%\"", folding, Description="mail") is True


def test_a_field_may_be_named_by_its_number():
    """The incident number is field 1000000161 on every form."""
    assert passes("'1000000161' = \"INC1\"", Incident_Number="INC1") is True


def test_bare_field_names_are_refused_unless_allowed():
    """One production client omits the quotes; a strict server does not understand it."""
    with pytest.raises(Rejected):
        passes("Status = 3", Status=3)
    assert passes("Status=3", RemedySettings(bare_field_names=True), Status=3) is True


def test_an_unknown_field_is_refused_with_its_position():
    """The names of another form are unknown here; the text tells where."""
    desk = world()
    answer = desk.get(INTERFACE, q="'Status' = 1 AND 'Detailed_Decription' LIKE \"%x%\"")
    assert refused(answer, 1587, 400) == "at position 18 ( 'Detailed_Decription' )"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("'Status' = \"Waiting\"", 306),
        ("'Detailed Decription' = \"x\"", 552),
        ("'Status' LIKE \"P%\"", 564),
        ("'Description' = 5", 310),
        ("'Description' + 1 = 5", 310),
        ("'Status' = ", 1588),
        ("'Status'", 1588),
        ("'Status' = 1 'Status' = 2", 1588),
        ("('Status' = 1", 1588),
        ("'Status' = \"a", 1588),
        ("'Status' < $NULL$", 1588),
        ("'Status' = $NOTHING$", 1588),
        ("'Status' = 1 XOR 'Status' = 2", 1588),
        ("(" * 100 + "1 = 1" + ")" * 100, 1588),
    ],
)
def test_what_the_server_does_not_understand_it_refuses(line, number):
    """Bad labels, types and grammar are refused with HTTP 400, never guessed at."""
    refused(world().get(HELP_DESK, q=line), number, 400)


def test_the_asking_user_is_a_keyword():
    """``$USER$`` stands for the login of the session."""
    desk = world()
    number = desk.opened()
    assert [row["Incident Number"] for row in desk.found(HELP_DESK, "'Submitter' = $USER$")] == [number]
    assert desk.found(HELP_DESK, "'Submitter' != $USER$") == []


INDEXED = st.sampled_from(
    [
        "'Last Modified Date' >= {stamp}",
        "'Last Modified Date' < {stamp}",
        "{stamp} < 'Submit Date'",
        "'Submit Date' = {stamp}",
        "'Incident Number' = \"INC00000000100{digit}\"",
        "'Status' = {digit}",
        "'Assignee' = $NULL$",
    ]
)
TERM = st.builds(
    lambda text, offset, digit: text.format(stamp=NOW + offset, digit=digit),
    INDEXED,
    st.integers(-1, 9),
    st.integers(0, 9),
)
LINE = st.recursive(
    TERM,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a}) AND ({b})", inner, inner),
        st.builds(lambda a, b: f"({a}) OR ({b})", inner, inner),
        st.builds(lambda a: f"NOT ({a})", inner),
    ),
    max_leaves=6,
)


@functools.cache
def ten() -> World:
    """Return a world of nine incidents, a second or so apart."""
    desk = world()
    for turn in range(9):
        desk.server.people.opens({"Assigned Group": "Frontline"} if turn % 2 else {}, by="ann")
        desk.clock.advance(seconds=turn % 3)
    return desk


@given(LINE)
def test_an_index_never_changes_what_is_found(line):
    """The rows found through the indexes are those that pass when every row is tested."""
    asking = Asking(now=NOW, login="bridge")
    test = condition(line, FORM, SETTINGS).test
    stored = ten().server.people
    table = {number: stored.incident(number) for number in stored.numbers()}
    found = {row["Incident Number"] for row in ten().found(HELP_DESK, line, fields="values(Incident Number)")}
    assert found == {number for number, seen in table.items() if test(_as_row(seen), asking)}


def _as_row(seen: dict[str, Any]) -> Row:
    codes = {"New": 0, "Assigned": 1}
    stamps = {key: int(seen[key].timestamp()) for key in ("Submit Date", "Last Modified Date")}
    return {**seen, **stamps, "Status": codes[seen["Status"]]}


def test_a_poll_tests_only_the_rows_since_its_second():
    """A lower bound on a stamp, or a set of numbers, narrows the rows to test even beside other terms."""
    table = ten().server._desk.table(HELP_DESK)
    asking = Asking(now=NOW, login="bridge")
    stamps = [row["Last Modified Date"] for row in table.rows.values()]
    since = max(stamps)
    line = f"'Status' < 5 AND ('Last Modified Date' >= {since}) AND 'Submitter' != \"bridge\""
    near = condition(line, FORM, SETTINGS).near(table, asking)
    assert near is not None
    assert 0 < len(near) == stamps.count(since) < len(stamps)
    numbers = ten().server.people.numbers()[:2]
    either = " OR ".join(f"'Incident Number' = \"{number}\"" for number in numbers)
    assert len(condition(either, FORM, SETTINGS).near(table, asking) or ()) == 2


def test_text_literals_keep_their_blanks():
    """Blanks at the ends of a quoted text belong to it."""
    node = parse('  "  a  "  ', syntax_number=1, status=400)
    assert node == Text(value="  a  ")
