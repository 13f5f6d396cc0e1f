"""``bridge check``: is the configuration usable; with ``--live`` also the servers and every permission."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.table import Table

from bridge.app import App, build
from bridge.cli.setting import settings_of
from bridge.cli.speech import BAD_CONFIG, FAILED, console, plain, print_json, spoken
from bridge.connectors.base import Finding
from bridge.model.errors import BridgeError, ConfigError
from bridge.settings import Settings, read_secret
from bridge.state.store import Store
from bridge.voices import voice_of

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "error": "[red]error[/]"}


@spoken
def check_command(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Ask the servers, too; writes nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check configuration, rules and texts; with --live log in on both sides and try every permission.

    Exits with 78 where the configuration cannot be used, 1 where a server or a permission is missing.
    """
    settings = settings_of(context)
    voice_of(settings.language, settings.texts)
    findings = [*_rules(settings), *_secrets(settings)]
    if live:
        findings += _live(settings)
    if as_json:
        print_json(findings)
    else:
        _tell(findings)
    if any(finding.verdict == "error" for finding in findings):
        raise typer.Exit(FAILED if live else BAD_CONFIG)


def _rules(settings: Settings) -> list[Finding]:
    found = []
    for pair in settings.pairs:
        names = ", ".join(rule.name for rule in pair.rule_set.rules)
        found.append(Finding(what=f"pair {pair.name}", verdict="ok", detail=f"rules: {names}"))
    return found + _vanished(settings)


def _vanished(settings: Settings) -> list[Finding]:
    """Name rules that links still use although no file has them any more."""
    found = []
    with Store.scratch(settings.state) as store, store.reading() as tx:
        for pair in settings.pairs:
            used = {one.dossier.rule for one in tx.dossiers.each(pair.name, held=True)}
            for name in sorted(used - {rule.name for rule in pair.rule_set.rules}):
                found.append(
                    Finding(
                        what=f"rule {name} of pair {pair.name}",
                        verdict="error",
                        detail="links use it, but no rules file has it",
                        next_step="bring the rule back under its name; links follow the rule of their name",
                    )
                )
    return found


def _secrets(settings: Settings) -> list[Finding]:
    found = []
    refs = [(f"desk {name}", desk.password) for name, desk in settings.desks.items()]
    refs += [(f"tracker {name}", tracker.token) for name, tracker in settings.trackers.items()]
    for what, ref in refs:
        try:
            read_secret(ref, os.environ)
        except ConfigError as error:
            found.append(
                Finding(
                    what=f"{what}: secret", verdict="error", detail=_words(error), next_step=error.next_step
                )
            )
        else:
            found.append(Finding(what=f"{what}: secret", verdict="ok", detail=f"read from {ref.place}"))
    return found


def _words(error: BridgeError) -> str:
    return f"{error.what} ({error.why})" if error.why else error.what


def _live(settings: Settings) -> list[Finding]:
    with Store.scratch(settings.state) as store, build(settings, store, os.environ) as app:
        return [*_desks(app), *_groups(app), *_trackers(app)]


def _desks(app: App) -> list[Finding]:
    found = []
    for name, desk in app.desks.items():
        found += [_named(f"desk {name}", finding) for finding in desk.probe()]
    return found


def _trackers(app: App) -> list[Finding]:
    found = []
    for name, tracker in app.trackers.items():
        projects = app.reconcilers[name].pair.rules.projects
        found += [_named(f"tracker of {name}", finding) for finding in tracker.probe(projects)]
    return found


def _groups(app: App) -> list[Finding]:
    """Look for every support group that the rules name."""
    found = []
    for name, one in app.reconcilers.items():
        for group in sorted(_groups_named(app.settings, name)):
            try:
                members = one.pair.desk.members(group)
            except BridgeError as error:
                found.append(Finding(what=f"group {group}", verdict="error", detail=_words(error)))
                continue
            found.append(_group(group, members))
    return found


def _group(group: str, members: tuple[object, ...] | None) -> Finding:
    if members is None:
        return Finding(
            what=f"group {group}",
            verdict="error",
            detail="its members cannot be read, so only owners could answer",
            next_step="give the account read access to CTM:Support Group and CTM:Support Group Association",
        )
    if not members:
        return Finding(
            what=f"group {group}", verdict="warning", detail="it has no members, or does not exist",
            next_step="correct the name in the rules",
        )  # fmt: skip
    return Finding(what=f"group {group}", verdict="ok", detail=f"{len(members)} members")


def _groups_named(settings: Settings, pair: str) -> set[str]:
    names: set[str] = set()
    found = settings.pair(pair)
    for rule in found.rule_set.rules if found else ():
        hold = rule.hold
        phrases = [hold.release] if hold.release else []
        phrases += [
            source.phrase
            for source in (*hold.deployed.any_, *hold.deployed.all_)
            if hasattr(source, "phrase")
        ]
        names |= {group for phrase in phrases for group in phrase.from_group}
        names |= {hold.fallback_queue} if hold.fallback_queue else set()
    return names


def _named(where: str, finding: Finding) -> Finding:
    return Finding(
        what=f"{where}: {finding.what}",
        verdict=finding.verdict,
        detail=finding.detail,
        next_step=finding.next_step,
    )


def _tell(findings: list[Finding]) -> None:
    table = Table("", "what", "detail", "next step", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(
            MARKS[finding.verdict], plain(finding.what), plain(finding.detail), plain(finding.next_step)
        )
    console().print(table)
