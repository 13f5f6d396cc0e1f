"""``bridge test``: run the administrators' own tests of their rules through the real planner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from bridge.cli.setting import settings_of
from bridge.cli.speech import FAILED, console, plain, print_json, spoken
from bridge.decide.casework import CaseResult, run_case
from bridge.rules.cases import case_files, load_cases
from bridge.settings import Pair, Settings
from bridge.voices import voice_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One case as it is reported."""

    file: str
    line: int
    name: str
    passed: bool
    differences: tuple[str, ...]


@spoken
def rule_tests_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the tests of the rules through the real planner.

    They stand beside the rules in files called *.test.yaml. Exits with 1 where a case fails, and names the rules
    that no case reached. Asks no server.
    """
    settings = settings_of(context)
    results = {pair.name: _run(settings, pair) for pair in settings.pairs}
    told = [_told(result) for some in results.values() for result in some]
    if as_json:
        print_json(told)
    else:
        _tell(told, settings, results)
    if any(not one.passed for one in told):
        raise typer.Exit(FAILED)


def _run(settings: Settings, pair: Pair) -> list[CaseResult]:
    voice = voice_of(settings.language, settings.texts)
    return [
        run_case(case, pair.rule_set, voice)
        for path in case_files(pair.rules)
        for case in load_cases(path, pair.rule_set)
    ]


def _told(result: CaseResult) -> Ran:
    case = result.case
    return Ran(
        file=case.file,
        line=case.line,
        name=case.name,
        passed=result.passed,
        differences=result.differences,
    )


def _tell(told: list[Ran], settings: Settings, results: dict[str, list[CaseResult]]) -> None:
    out = console()
    for one in told:
        out.print(f"{'[green]pass[/]' if one.passed else '[red]FAIL[/]'}  {plain(one.name)}")
        for difference in one.differences:
            out.print(f"      {plain(one.file)}:{one.line}: {plain(difference)}")
    failed = sum(not one.passed for one in told)
    out.print(f"{len(told) - failed} passed, {failed} failed.")
    for pair in settings.pairs:
        reached = {result.rule for result in results[pair.name]}
        missed = [rule.name for rule in pair.rule_set.rules if rule.name not in reached]
        if missed:
            out.print(f"No case of pair {pair.name} reaches: {', '.join(missed)}.")
