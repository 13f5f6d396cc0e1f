"""Templates: what they may say, and that no value is ever more than text."""

# ruff: noqa: E501 - tables of messages read best in one line each

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.incident import OWN_NAMES
from bridge.rules.template import LENGTH_LIMIT, Template, TemplateProblem, compile_template

NAMES = {"incident", "round"}


def _template(text: str) -> Template:
    return compile_template(text, NAMES, {"incident": OWN_NAMES})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[{{ incident.number }}] {{ incident['Product Name'] }}", "[INC1] Cards & Loans"),
        ("{% if round > 1 %}round {{ round }}{% else %}first{% endif %}", "round 2"),
        ("{{ 'again' if round == 2 and not incident.summary else 'x' }}", "again"),
        ("{{ incident.number|lower|title|upper|trim }}", "INC1"),
        ("{{ incident['Product Name']|truncate(6, true, '…') }}", "Cards…"),
        ("{{ incident.summary|default('none', true) }}", "none"),
        ("{{ incident.number|replace('INC', '#') }}", "#1"),
        ("{% raw %}{{ kept }}{% endraw %} 50% {# gone #}", "{{ kept }} 50% "),
    ],
)
def test_what_a_template_may_say(text: str, expected: str) -> None:
    """Values, if, comparisons and the listed filters work, and the output is not escaped."""
    values = {"number": "INC1", "summary": "", "Product Name": "Cards & Loans"}
    assert _template(text).render(incident=values, round=2) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{% for x in incident.number %}{% endfor %}", "a loop ({% for %}) is not allowed in a template"),
        ("{{ incident.number.upper() }}", "a call is not allowed in a template"),
        ("{{ range(9) }}", "a call is not allowed in a template"),
        ("{{ 'a' * 9 }}", "arithmetic is not allowed in a template"),
        ("{{ 2 ** 9 }}", "arithmetic is not allowed in a template"),
        ("{{ -round }}", "arithmetic is not allowed in a template"),
        ("{{ 'a' ~ 'b' }}", "joining with ~ is not allowed in a template"),
        ("{% macro m() %}{% endmacro %}", "a macro is not allowed in a template"),
        ("{% import 'x' as y %}", "an import is not allowed in a template"),
        ("{% from 'x' import y %}", "an import is not allowed in a template"),
        ("{% include 'x' %}", "an include is not allowed in a template"),
        ("{% extends 'x' %}", "an extends is not allowed in a template"),
        ("{% block b %}{% endblock %}", "a block is not allowed in a template"),
        ("{% set x = 1 %}", "an assignment ({% set %}) is not allowed in a template"),
        ("{% with x = 1 %}{% endwith %}", "a with block is not allowed in a template"),
        ("{% filter upper %}x{% endfilter %}", "a filter block is not allowed in a template"),
        ("{{ [1] }}", "a list is not allowed in a template"),
        ("{{ {} }}", "a mapping is not allowed in a template"),
        ("{{ round is odd }}", "a test (is ...) is not allowed in a template"),
        ("{{ incident.__class__ }}", "'__class__' is not allowed in a template"),
        ("{{ incident.number.upper }}", "'upper' must stand directly behind a variable"),
        ("{{ incident[round] }}", "only a name in quotes may stand in [...]"),
        ("{{ incident['a']['b'] }}", "[...] must stand directly behind a variable"),
        ("{{ incident.number|attr('x') }}", "unknown filter 'attr'; known here: default, join, lower, replace, title, trim, truncate, upper"),
        ("{{ incident.number|uper }}", "unknown filter 'uper', did you mean 'upper'?"),
        ("{{ incidnt.number }}", "unknown variable 'incidnt', did you mean 'incident'?"),
        ("{{ self }}", "unknown variable 'self'; known here: incident, round"),
        ("{{ incident.number", "not a valid template: unexpected end of template, expected 'end of print statement'. (line 1 of it)"),
        ("{{ " + "(" * 5000, "the template is nested too deeply"),
        ("{{ " + "not " * 200 + "round }}", "the template is nested too deeply"),
        ("x" * (LENGTH_LIMIT + 1), f"the template is longer than {LENGTH_LIMIT} characters"),
    ],
)  # fmt: skip
def test_what_a_template_may_not_say(text: str, sentence: str) -> None:
    """Whatever computes, loops, calls or reaches elsewhere is refused by a sentence that names it."""
    with pytest.raises(TemplateProblem) as caught:
        _template(text)
    assert str(caught.value) == sentence


@given(st.text())
def test_a_value_is_never_a_template(value: str) -> None:
    """Whatever a customer writes comes out as it is, also where it looks like a template."""
    for hostile in (
        value,
        f"{{{{ {value} }}}}",
        "{{ 7*7 }}",
        "{% for x in y %}",
        "<script>",
        "{{ incident }}",
    ):
        assert _template("a{{ incident.summary }}b").render(incident={"summary": hostile}) == f"a{hostile}b"


@pytest.mark.parametrize(
    "chain", ["|replace('a','aaaaaaaaaaaaaaaaaaaaaaaa')", "|join('aaaaaaaaaaaaaaaaaaaaaaaa')"]
)
def test_filters_cannot_make_a_text_explode(chain: str) -> None:
    """A chain of filters that multiplies its text is stopped long before it fills the memory."""
    template = _template("{{ incident.summary" + chain * 12 + " }}")
    with pytest.raises(TemplateProblem, match="makes the text too long"):
        template.render(incident={"summary": "aaaa"})


def test_a_long_output_is_cut() -> None:
    """The output never exceeds its limit, and shows that something is missing."""
    shown = _template("{{ incident.story }}{{ incident.story }}").render(
        incident={"story": "я" * LENGTH_LIMIT}
    )
    assert len(shown) == LENGTH_LIMIT
    assert shown.endswith("я…")


@pytest.mark.parametrize("text", ["{{ round }}", "{{ incident.story }}", "{{ incident.number > 3 }}"])
def test_what_cannot_be_filled_says_so(text: str) -> None:
    """A missing value or one of the wrong kind is an error without the other values in it."""
    with pytest.raises(TemplateProblem, match="the template cannot be filled") as caught:
        _template(text).render(incident={"number": "secret words"})
    assert "secret" not in str(caught.value)


def test_the_names_in_brackets_are_known() -> None:
    """A template tells which fields it takes from which variable, so that they can be asked for."""
    assert _template("{{ incident['A b'] }}{% if incident['C'] %}{% endif %}").items == {
        "incident": {"A b", "C"}
    }
