"""The command line as a whole: help, wrong use, and the page that documents it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import typer

from bridge.cli.main import app
from tests.system.place import Place

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")


def commands() -> Mapping[str, typer.main.TyperCommand]:
    """Every command by its name."""
    group = typer.main.get_command(app)
    found: Mapping[str, typer.main.TyperCommand] = getattr(group, "commands")  # noqa: B009 - only groups have it
    return found


def section(command: str) -> str:
    """What the page says about a command."""
    found = re.search(rf"^## bridge {command}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section on bridge {command}"
    return found[1]


def test_every_command_has_help_and_its_place_in_the_page() -> None:
    """Each command has a first sentence that fits one line, and a line and a section in docs/commands.md."""
    assert commands()
    for name, command in commands().items():
        first = (command.help or "").split("\n\n")[0]
        assert first.endswith("."), name
        assert len(first) <= 70, name
        assert "``" not in (command.help or ""), name
        assert f"| [`bridge {name}`](#bridge-{name})" in PAGE
        assert section(name)


def test_every_option_is_explained_and_in_the_page() -> None:
    """No option is without help, and none is missing in its command's section."""
    for name, command in commands().items():
        for param in command.params:
            if param.param_type_name != "option" or param.name == "help":
                continue
            assert getattr(param, "help", ""), f"bridge {name} {param.name}"
            assert param.opts[0] in section(name), f"bridge {name} {param.opts[0]}"


def test_the_page_names_no_command_that_is_not_there() -> None:
    """The page has sections for existing commands only."""
    assert set(re.findall(r"^## bridge (\w+)$", PAGE, re.MULTILINE)) == set(commands())


def test_help_reads_well_in_a_narrow_window(place: Place) -> None:
    """The overview fits 80 columns, cuts no sentence, and shows no markup."""
    shown = place.run("--help", environ={"COLUMNS": "80"})
    assert shown.code == 0
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    assert not re.search(r"\w\.\.\.$", shown.out, re.MULTILINE)
    assert "``" not in shown.out
    assert all(name in shown.out for name in commands())


def test_wrong_use_is_told_and_has_its_own_exit_code(place: Place) -> None:
    """A command that is not there, a missing argument and an unknown word end with 64 and say how to get help."""
    for arguments, said in (
        (["hold"], "No such command 'hold'"),
        (["explain"], "Missing argument 'INC…'"),
        (["demo", "--language", "xx"], "'xx' is not one of 'en', 'ru', 'uk'"),
    ):
        shown = place.run(*arguments)
        assert shown.code == 64
        assert said in shown.told
        assert "--help' for help" in shown.told


def test_a_configuration_that_is_not_there_is_told(place: Place) -> None:
    """The missing file is named, with why and what to do, and the exit code says configuration."""
    shown = place.run("-c", "nowhere.yaml", "held")
    assert shown.code == 78
    assert "there is no configuration nowhere.yaml" in shown.err
    assert "why:" in shown.err
    assert "next: name it with `bridge -c FILE ...`" in shown.err
