"""Reading YAML: what is plain data, what is refused, and where."""

# ruff: noqa: E501 - tables of messages read best in one line each

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.problems import ConfigProblems, Problem
from bridge.rules.yamlfile import SIZE_LIMIT, load_yaml, parse_yaml


@pytest.mark.parametrize(
    "word",
    ["NO", "no", "on", "Yes", "y", "12:30:45", "1.10", "1e3", "0o17", "0x1F", "007", "+5", "1_000", ".inf", "2026-01-02", "<<", "="],
)  # fmt: skip
def test_words_stay_texts(word: str) -> None:
    """A plain word that YAML 1.1 would turn into something else stays the text that was written."""
    assert parse_yaml(f"key: {word}\n", "f").data == {"key": word}


@pytest.mark.parametrize(
    ("written", "value"), [("true", True), ("False", False), ("3", 3), ("-12", -12), ("0", 0), ("'3'", "3"), ('"true"', "true")]
)  # fmt: skip
def test_only_these_words_have_a_type(written: str, value: object) -> None:
    """Only true, false and whole decimal numbers are more than texts, and quoted they are texts too."""
    found = parse_yaml(f"key: {written}\n", "f").data["key"]
    assert found == value
    assert type(found) is type(value)


_PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdeя", min_size=1), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(_PLAIN)
@settings(max_examples=150)
def test_what_is_written_is_read(data: object) -> None:
    """Plain data written by any YAML library reads as itself, and every value has a place in the file."""
    text = yaml.safe_dump({"top": data}, allow_unicode=True)
    document = parse_yaml(text, "f")
    assert document.problems == ()
    assert document.data == {"top": data}
    assert document.spots[("top",)].value.line <= text.count("\n") + 1


def _problems(text: str) -> tuple[Problem, ...]:
    try:
        return parse_yaml(text, "f").problems
    except ConfigProblems as error:
        return error.problems


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a file holds, it is either read or refused with a place, and never ends in another error."""
    assert all(problem.line >= 1 and problem.column >= 1 for problem in _problems(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: {x: 1, x: 2}\n", ["f:2:11: the key 'x' stands here for the second time (first: line 2)"]),
        ("a: &x 1\n", ["f:1:4: anchors (&) are not used here"]),
        ("a: [*x]\nb: *y\n", ["f:1:5: aliases (*) are not used here; write the value out", "f:2:4: aliases (*) are not used here; write the value out"]),
        ("a: !!python/name:os.system x\n", ["f:1:4: tags (!) are not used here; a text that begins with ! stands in quotes"]),
        ("a:\n  b:\n  c: ~\n", ["f:2:3: a value is missing here; write one, or leave it out", "f:3:3: a value is missing here; write one, or leave it out"]),
        ("? [a]\n: b\n", ["f:1:3: a key must be a text"]),
        ("a: b\n---\nc: d\n", ["f:2:1: only one document per file; remove '---'"]),
        ("# nothing\n", ["f:1:1: the file is empty"]),
        ("ключ: {б: 1, б: 2}\n", ["f:1:14: the key 'б' stands here for the second time (first: line 1)"]),
        ('"\\e[31m": 1\n"\\e[31m": 1\n', ["f:2:1: the key '?[31m' stands here for the second time (first: line 1)"]),
    ],
)  # fmt: skip
def test_small_mistakes_are_all_told(text: str, expected: list[str]) -> None:
    """Every mistake of a readable file is told with its place."""
    assert [str(problem) for problem in parse_yaml(text, "f").problems] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b: c\n", "f:1:5: not valid YAML: mapping values are not allowed in this context (a text with ': ' in it must stand in quotes)"),
        ("a: [b\n", "f:2:1: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence)"),
        ("a:\n\t- b\n", "f:2:1: not valid YAML: found character that cannot start any token (quote the text; indent with blanks, never tabs)"),
        ("a: \x07\n", "f:1:4: a control character is not allowed here"),
        ("[" * 100_000, "f:1:66: nested deeper than 64 levels"),
        ("- " * 100_000, "f:1:131: nested deeper than 64 levels"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_refused(text: str, expected: str) -> None:
    """A file that cannot be read at all is refused with the place where reading ended."""
    with pytest.raises(ConfigProblems) as caught:
        parse_yaml(text, "f")
    assert str(caught.value) == expected


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """One mebibyte is read, a byte more is refused."""
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: 1\n#" + b"x" * (SIZE_LIMIT - 7) + b"\n")
    assert load_yaml(path).data == {"a": 1}
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ConfigProblems, match="larger than 1 MiB"):
        load_yaml(path)


def test_files_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    """A missing file, a folder, and a file in another encoding are refused by name."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("ключ: 1\nb: ".encode() + b"\xe9\n")
    with pytest.raises(ConfigProblems, match=r"latin\.yaml:2:4: is not UTF-8 from here on"):
        load_yaml(latin)
    with pytest.raises(ConfigProblems, match=r"none\.yaml: cannot be read: No such file"):
        load_yaml(tmp_path / "none.yaml")
    with pytest.raises(ConfigProblems, match="Is a directory"):
        load_yaml(tmp_path)


def test_a_byte_order_mark_and_dos_lines_are_read(tmp_path: Path) -> None:
    """A file saved by a Windows editor reads like any other."""
    path = tmp_path / "dos.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: [x]\r\n")
    assert load_yaml(path).data == {"a": 1, "b": ["x"]}
