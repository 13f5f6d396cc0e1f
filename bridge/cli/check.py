"""``bridge check``: is the configuration usable; with ``--live`` also the servers and every permission."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bridge.app import App, build
from bridge.cli.setting import settings_of
from bridge.cli.speech import BAD_CONFIG, FAILED, console, count, plain, print_json, spoken
from bridge.connectors.base import Finding
from bridge.model.errors import BridgeError, ConfigError
from bridge.rules.shape import PhraseSource, RuleSet
from bridge.settings import Settings, endings, holdings, read_secret
from bridge.state.store import Store
from bridge.voices import voice_of

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "error": "[red]error[/]"}
#: Findings of a desk without which asking for groups would only repeat the failure.
_DOORS = ("address", "log-in")


@spoken
def check_command(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Ask the servers, too; writes nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check configuration, rules, texts and secrets.

    With --live also log in on both sides and try every permission, writing nothing. Exits with 78 where the
    configuration cannot be used, with 1 where a server or a permission is missing.
    """
    settings = settings_of(context)
    voice_of(settings.language, settings.texts)
    own = [*_rules(settings), *_secrets(settings)]
    servers = _live(settings) if live else []
    if as_json:
        print_json([*own, *servers])
    else:
        _tell([*own, *servers])
    if _failed(own):
        raise typer.Exit(BAD_CONFIG)
    if _failed(servers):
        raise typer.Exit(FAILED)


def _failed(findings: list[Finding]) -> bool:
    return any(finding.verdict == "error" for finding in findings)


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
    for one in holdings(settings):
        try:
            read_secret(one.ref, os.environ)
        except ConfigError as error:
            found.append(_error(one.what, error))
        else:
            found.append(Finding(what=one.what, verdict="ok", detail=f"read from {one.ref.place}"))
    return [*found, *_certificates(settings), *_endings(settings)]


def _certificates(settings: Settings) -> list[Finding]:
    """Name the certificates to trust that cannot be used, before a server is blamed for it."""
    named: list[tuple[str, Path | None]] = [
        (f"desk {name}", one.ca_bundle) for name, one in settings.desks.items()
    ]
    named += [(f"tracker {name}", one.ca_bundle) for name, one in settings.trackers.items()]
    named += [("alive", settings.alive.ca_bundle)] if settings.alive else []
    found = []
    for what, path in named:
        if path is None:
            continue
        try:
            ssl.create_default_context(cafile=str(path))
        except (OSError, ssl.SSLError):
            detail = f"{path} cannot be read, or holds no certificate"
            step = "name a PEM file with the certificates to trust, readable for the bridge"
            found.append(Finding(what=f"{what}: ca_bundle", verdict="error", detail=detail, next_step=step))
    return found


def _endings(settings: Settings) -> list[Finding]:
    return [
        Finding(what=one.what, verdict="warning", detail=one.sentence, next_step=one.next_step)
        for one in endings(settings, datetime.now(UTC).date())
    ]


def _error(what: str, error: BridgeError) -> Finding:
    detail = f"{error.what} ({error.why})" if error.why else error.what
    return Finding(what=what, verdict="error", detail=detail, next_step=error.next_step)


def _live(settings: Settings) -> list[Finding]:
    with Store.scratch(settings.state) as store, build(settings, store, os.environ) as app:
        return [*_desks(app), *_trackers(app)]


def _desks(app: App) -> list[Finding]:
    found = []
    for name, desk in app.desks.items():
        probed = desk.probe()
        found += [_named(f"desk {name}", finding) for finding in probed]
        if not any(finding.verdict == "error" and finding.what in _DOORS for finding in probed):
            found += _groups(app, name)
    return found


def _trackers(app: App) -> list[Finding]:
    found = []
    for name, tracker in app.trackers.items():
        projects = app.reconcilers[name].pair.rules.projects
        found += [_named(f"tracker of {name}", finding) for finding in tracker.probe(projects)]
    return found


def _groups(app: App, desk: str) -> list[Finding]:
    """Look for every support group that the rules of a desk's pairs name; each once."""
    named = {
        group: app.reconcilers[pair.name].pair.desk
        for pair in app.settings.pairs
        if pair.desk == desk
        for group in _groups_named(pair.rule_set)
    }
    found = []
    for group in sorted(named):
        try:
            found.append(_group(group, named[group].members(group)))
        except BridgeError as error:
            found.append(_error(f"group {group}", error))
    return found


def _group(group: str, members: tuple[object, ...] | None) -> Finding:
    what = f"group {group}"
    if members is None:
        return Finding(
            what=what,
            verdict="error",
            detail="its members cannot be read, so only owners could answer",
            next_step="give the account read access to CTM:Support Group and CTM:Support Group Association",
        )
    if not members:
        return Finding(
            what=what,
            verdict="warning",
            detail="it has no members, or does not exist",
            next_step="correct the name in the rules",
        )
    return Finding(what=what, verdict="ok", detail=count(len(members), "member"))


def _groups_named(rules: RuleSet) -> set[str]:
    names: set[str] = set()
    for rule in rules.rules:
        hold = rule.hold
        sources = (*hold.deployed.any_, *hold.deployed.all_)
        phrases = [source.phrase for source in sources if isinstance(source, PhraseSource)]
        phrases += [hold.release] if hold.release else []
        names.update(group for phrase in phrases for group in phrase.from_group)
        names.update([hold.fallback_queue] if hold.fallback_queue else [])
    return names


def _named(where: str, finding: Finding) -> Finding:
    return Finding(
        what=f"{where}: {finding.what}",
        verdict=finding.verdict,
        detail=finding.detail,
        next_step=finding.next_step,
    )


def _tell(findings: list[Finding]) -> None:
    table = Table("", "what", "found", box=None, pad_edge=False)
    table.columns[1].overflow = "fold"
    for finding in findings:
        detail = plain(finding.detail)
        if finding.next_step:
            detail += f"\n[bold]next:[/] {plain(finding.next_step)}"
        table.add_row(MARKS[finding.verdict], plain(finding.what), detail)
    console().print(table)
