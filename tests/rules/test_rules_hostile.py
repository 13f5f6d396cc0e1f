"""Files and templates by somebody who means ill: read or refused in a moment with a place, and never carried out."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.model.incident import OWN_NAMES
from bridge.rules.load import read_rules
from bridge.rules.problems import ConfigProblems
from bridge.rules.template import LENGTH_LIMIT, Template, TemplateProblem, compile_template
from bridge.rules.yamlfile import SIZE_LIMIT
from bridge.settings import load_settings

DELIVERED = Path(__file__).parents[2] / "config" / "rules" / "frontline.yaml"
TEXT = DELIVERED.read_text(encoding="utf-8")
#: How long reading any file twice may keep a processor busy, in seconds.
PATIENCE = 20.0

QUIET = settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def told(content: bytes) -> list[str]:
    """Read a rules file with this content, alone and as a configuration; return what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_bytes(content)
        rules, problems = read_rules((path,))
        assert (rules is None) == bool(problems)
        with pytest.raises(ConfigProblems) as caught:
            load_settings(path)
        assert caught.value.problems
        assert all(str(one).startswith(str(path)) for one in (*problems, *caught.value.problems))
        return [str(one).removeprefix(f"{folder}/") for one in problems]


#: What an attacker puts into YAML.
HOSTILE = (
    *(
        '!!python/object/apply:os.system ["touch owned"]',
        "!!python/name:os.system",
        "!<tag:yaml.org,2002:map>",
    ),
    *(
        "&a [*a, *a]",
        "*a",
        "<<: *a",
        "? [x]",
        "{a: 1, a: 2}",
        "- - - -",
        "[[[[[[",
        "{{{{{{",
        "%YAML 9.9",
        "---",
        "...",
    ),
    *(
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!timestamp 2026-01-01",
        "0x7fffffffffffffff",
        "1e999",
        ".nan",
        "~",
        "\t",
    ),
    *(
        "|",
        ">-",
        "|+9",
        "'",
        '"',
        "\\x00",
        '"\\ud800"',
        "# x",
        "rules:",
        "  - name: a",
        "\x00",
        "\ufeff",
        "\u2028",
    ),
    *(
        "name:",
        "when:",
        "hold:",
        "ticket:",
        "regex: (a+)+$",
        "regex: (",
        "{{ incident.__class__ }}",
        "10" * 200,
    ),
)


@QUIET
@given(st.binary(max_size=400))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbf")
@example(b"")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Whatever bytes a file holds, it ends in a problem of that file and in nothing else."""
    assert told(content)


@QUIET
@given(
    st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 12), st.sampled_from(HOSTILE)), max_size=4)
)
def test_the_delivered_rules_with_damage_are_read_or_refused_with_a_place(
    damage: list[tuple[int, int, str]],
) -> None:
    """Good rules with anything cut out and put in are read, or refused with file, line and column."""
    text = TEXT
    for at, cut, put in damage:
        text = text[:at] + put + text[at + cut :]
    for problem in told(text.encode("utf-8", "surrogatepass")):
        assert re.match(r"rules\.yaml(:\d+:\d+)?: .", problem, re.DOTALL)
    assert not Path("owned").exists()


def _laughs(levels: int) -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "content",
    [
        _laughs(12),
        "rules: &r [*r]",
        "rules: " + "[" * 500_000,
        "rules: " + "{a: " * 200_000,
        "- " * 500_000,
        "rules:\n" + "".join(f"{' ' * depth}- a:\n" for depth in range(1000)),
        "rules: [" + "x, " * 300_000 + "x]",
        "rules: " + "a" * 1_000_000,
        "rules:\n" + "  - {name: a, name: a}\n" * 40_000,
        "? " * 400_000,
        '"' + "\\" * 500_000,
        "x" * (SIZE_LIMIT + 1),
        "rules:\n  - name: a\n    when: [{summary: {regex: '" + "(a+)+" * 50 + "$'}}]",
    ],
    ids=range(13),
)
def test_bombs_do_not_go_off(content: str) -> None:
    """Aliases, depth, width, repetition and size end in a short list of problems within seconds."""
    began = time.process_time()
    problems = told(content.encode())
    assert time.process_time() - began < PATIENCE
    assert problems
    assert max(len(problem) for problem in problems) < 2000


# -- templates in rules: refused when they are loaded, with their place

#: Every way out of a template that is known of Jinja2, and what explodes in it.
ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ incident.__class__ }}",
    "{{ incident['__class__'] }}{{ incident|attr('__class__') }}",
    "{{ incident.number.__init__.__globals__ }}",
    "{{ incident.number['__class__'] }}",
    "{{ (incident.number)|format }}",
    "{{ '%s'|format(incident) }}",
    "{{ 'a'.format(incident) }}",
    "{{ incident.summary|string|safe }}",
    "{{ incident.summary|map('upper') }}",
    "{{ incident.summary|selectattr('x') }}",
    "{{ incident.summary|tojson }}{{ incident.summary|pprint }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace() }}",
    "{{ joiner() }}",
    "{{ range(10**9) }}",
    "{% for a in range(9) %}{% for b in range(9) %}x{% endfor %}{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{% set x = incident %}{{ x }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call m() %}{% endcall %}",
    "{% filter upper %}{% endfilter %}",
    "{% block b %}{% endblock %}",
    "{{ incident is defined }}",
    "{{ [incident][0] }}",
    "{{ {'a': incident}['a'] }}",
    "{{ incident.number[0:1] }}",
    "{{ (incident.number or incident).summary }}",
    "{% autoescape true %}{% endautoescape %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{{ incident.summary|replace('', '" + "x" * 90_000 + "') }}",
    "{{ '" + "a" * LENGTH_LIMIT + "' }}",
)


@pytest.mark.parametrize("template", ESCAPES, ids=range(len(ESCAPES)))
def test_a_template_that_computes_is_refused_in_its_place(template: str) -> None:
    """A rule whose template does more than put values into sentences does not load; line and column are told."""
    quoted = template.replace("'", "''")
    line = TEXT[: TEXT.index("      summary:")].count("\n") + 1
    text = re.sub(r"(?m)^      summary: .*$", lambda _: f"      summary: '{quoted}'", TEXT, count=1)
    assert text != TEXT
    problems = told(text.encode())
    assert problems
    assert all(problem.startswith(f"rules.yaml:{line}:") for problem in problems), problems


NAMES = {"incident", "round"}
#: Words and signs of which templates are made.
TOKENS = st.sampled_from(
    (
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{{-",
            "-%}",
            " ",
            ".",
            "|",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            "~",
        ),
        *(
            "+",
            "-",
            "*",
            "**",
            "/",
            "//",
            "%",
            "==",
            "!=",
            "<",
            ">",
            "=",
            "'",
            '"',
            "\\",
            "\n",
            "incident",
            "round",
        ),
        *(
            "number",
            "summary",
            "'number'",
            "'Product Name'",
            "__class__",
            "__globals__",
            "'__class__'",
            "self",
            "loop",
        ),
        *(
            "if",
            "else",
            "elif",
            "endif",
            "for",
            "in",
            "endfor",
            "set",
            "macro",
            "import",
            "include",
            "is",
            "not",
            "and",
        ),
        *(
            "or",
            "raw",
            "endraw",
            "with",
            "upper",
            "lower",
            "default",
            "join",
            "replace",
            "truncate",
            "attr",
            "format",
        ),
        *(
            "map",
            "range",
            "lipsum",
            "cycler",
            "9",
            "999999999",
            "true",
            "none",
            "'x'",
            "'aaaaaaaa'",
            "call",
            "filter",
        ),
    )
)
CANARY = "canary-of-the-process"


class Incident(dict[str, str]):
    """Values of an incident that hide something which no template may reach."""

    hidden = CANARY

    def reveal(self) -> str:
        """Give away what is hidden."""
        return CANARY


@settings(max_examples=1000, derandomize=True, deadline=None)
@given(st.lists(TOKENS, max_size=14).map(" ".join))
@example("{{ incident.hidden }}")
@example("{{ incident.reveal }}")
@example("{{ incident['hidden'] }}")
def test_no_template_reaches_more_than_its_values(text: str) -> None:
    """Any template is refused with a sentence, or gives the values that it names and its own words, within its limit."""
    try:
        template = compile_template(text, NAMES, {"incident": OWN_NAMES})
    except TemplateProblem as problem:
        sentence = str(problem)
        assert sentence
        return
    shown = _filled(template)
    assert CANARY not in shown
    assert "object at 0x" not in shown
    assert "built-in" not in shown
    assert len(shown) <= LENGTH_LIMIT


def _filled(template: Template) -> str:
    values = Incident({"number": "INC1", "summary": "{{ 7 * 7 }}", "Product Name": "Mobile"})
    try:
        return template.render(incident=values, round=2)
    except TemplateProblem:
        return ""


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(TOKENS, max_size=20).map("".join), st.lists(TOKENS, max_size=20).map(" ".join))
@example("{{ 7 * 7 }}", "{% for x in incident %}{{ x }}{% endfor %}")
@example("%s {0} ${jndi:ldap://x}", "{{ incident.__class__ }}")
def test_what_people_write_is_never_carried_out(summary: str, product: str) -> None:
    """Whatever stands in an incident comes out of a template as it is, also after filters and conditions."""
    values = {"number": "INC1", "summary": summary, "Product Name": product}
    text = "<{{ incident.summary }}|{% if incident.summary %}{{ incident['Product Name'] }}{% endif %}>"
    expected = f"<{summary}|{product if summary else ''}>"
    assert compile_template(text, NAMES, {"incident": OWN_NAMES}).render(incident=values, round=1) == expected
