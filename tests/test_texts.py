"""The texts that people read: every language whole, fillable, and replaceable text by text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import jinja2
import pytest
import yaml
from jinja2 import meta

from bridge.decide.voice import VARIABLES
from bridge.model.errors import ConfigError
from bridge.voices import voice_of

LANGUAGES = ("en", "ru", "uk")
GUIDE = Path(__file__).parents[1] / "docs" / "texts.md"

#: Values that are not text; everything else is filled with a word that can be found again.
NUMBERS: Mapping[str, int | bool] = {"round": 2, "count": 1, "limit": 3, "held": True, "cause_missing": True}
ROW = re.compile(r"^\| `(?P<name>[a-z_]+)` \| (?P<variables>[^|]*) \|", re.MULTILINE)

#: What a template holds beside its words.
WITHOUT_WORDS = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)

each_language = pytest.mark.parametrize("language", LANGUAGES)


def texts_of(language: str) -> dict[str, str]:
    """The texts of a language as the package has them."""
    file = resources.files("bridge.texts").joinpath(f"{language}.yaml")
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def used(text: str) -> set[str]:
    """The variables that a text uses."""
    return meta.find_undeclared_variables(jinja2.Environment(autoescape=True).parse(text))


def full(name: str) -> dict[str, str | int | bool]:
    """A value for each variable of a text."""
    return {variable: NUMBERS.get(variable, f"<{variable}>") for variable in VARIABLES[name]}


def blank(name: str) -> dict[str, str | int | bool]:
    """An empty value for each variable of a text."""
    return {variable: 0 if variable in NUMBERS else "" for variable in VARIABLES[name]}


def a_site(folder: Path, content: str, language: str = "en") -> Path:
    """A folder with a site's own texts."""
    (folder / f"{language}.yaml").write_text(content, encoding="utf-8")
    return folder


@each_language
def test_every_language_has_every_text(language: str) -> None:
    """A language names exactly the texts that the bridge says, all of them texts that are not empty."""
    texts = texts_of(language)
    assert texts.keys() == VARIABLES.keys()
    assert [name for name, text in texts.items() if not text.strip()] == []


@each_language
def test_every_text_uses_what_the_english_one_uses(language: str) -> None:
    """A translation tells the same facts: it uses the variables of the English text, and only allowed ones."""
    english = texts_of("en")
    for name, text in texts_of(language).items():
        assert used(text) == used(english[name]), name
        assert used(text) <= VARIABLES[name], name


@each_language
def test_every_text_shows_its_values(language: str) -> None:
    """A filled text holds every value that is text, and nothing of the template."""
    voice, texts = voice_of(language), texts_of(language)
    for name, text in texts.items():
        said = voice.say(name, **full(name))
        assert said, name
        assert not re.search(r"\{\{|\}\}|\{%|%\}", said), name
        # "if versions ... else ..." shows the value, and a condition alone shows none.
        shown = {variable for variable in used(text) if f"{{{{ {variable} }}}}" in text}
        assert [variable for variable in shown if str(full(name)[variable]) not in said] == [], name


@each_language
def test_every_text_stands_without_its_optional_values(language: str) -> None:
    """A text whose values are empty still comes out whole, without gaps of several lines."""
    voice = voice_of(language)
    for name in VARIABLES:
        said = voice.say(name, **blank(name))
        assert "\n\n\n" not in said, name
        assert not re.search(r"\{\{|\}\}|\{%|%\}", said), name


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_translations_are_translated(language: str) -> None:
    """No text of a translation is the English one, unless there are no words in it."""
    english, texts = texts_of("en"), texts_of(language)
    worded = {name for name, text in english.items() if re.search(r"[a-z]{2}", WITHOUT_WORDS.sub("", text))}
    assert {name for name in worded if texts[name] == english[name]} == set()


@each_language
def test_phrases_are_never_part_of_a_text(language: str) -> None:
    """Phrases such as #verified come from the rule, so that a text never names one that the rule does not know."""
    assert [name for name, text in texts_of(language).items() if re.search(r"#\w", text)] == []


def test_a_site_replaces_single_texts(tmp_path: Path) -> None:
    """A site's file replaces the texts that it names; all others stay the delivered ones."""
    site = a_site(tmp_path, 'lost: "{{ key }} is gone."\nnobody: no one\n')
    voice, delivered = voice_of("en", site), voice_of("en")
    assert voice.say("lost", key="FRONT-1") == "FRONT-1 is gone."
    assert voice.say("nobody") == "no one"
    untouched = VARIABLES.keys() - {"lost", "nobody"}
    assert all(voice.say(name, **full(name)) == delivered.say(name, **full(name)) for name in untouched)


def test_a_site_without_a_file_for_the_language_changes_nothing(tmp_path: Path) -> None:
    """A file for another language is not read."""
    site = a_site(tmp_path, 'lost: "{{ key }} is gone."\n', language="en")
    assert voice_of("ru", site).say("lost", key="FRONT-1") == voice_of("ru").say("lost", key="FRONT-1")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('lots: "{{ key }} is gone."\n', "lots"),
        ('lost: "{{ ticket }} is gone."\n', "ticket"),
        ('lost: "{{ key"\n', "template"),
        ('lost: "{% for x in key %}{{ x }}{% endfor %}"\n', "loop"),
        ("lost: [a, b]\n", "map names to texts"),
        ("- lost\n", "map names to texts"),
        ("", "map names to texts"),
        ('lost: "unfinished\n', "scanning"),
    ],
)
def test_a_bad_text_of_a_site_is_told_with_its_file(tmp_path: Path, content: str, reason: str) -> None:
    """A site's unusable text is an error of the configuration that names the file and the reason."""
    site = a_site(tmp_path, content)
    with pytest.raises(ConfigError) as refused:
        voice_of("en", site)
    assert str(site / "en.yaml") in refused.value.what
    assert reason in refused.value.why
    assert refused.value.next_step


def test_the_guide_names_every_text_and_its_variables() -> None:
    """The table in the guide to texts has exactly the texts that the bridge says, each with its variables."""
    rows = ROW.findall(GUIDE.read_text(encoding="utf-8"))
    told = {name: frozenset(re.findall(r"`([a-z_]+)`", variables)) for name, variables in rows}
    assert len(rows) == len(told)
    assert told == dict(VARIABLES)
