"""Loads ``bridge.yaml`` and the rules of its pairs, and tells every mistake with its place.

Secrets are not read here, and no server is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bridge.rules.load import load_rules, read_rules
from bridge.rules.problems import ConfigProblems, Problem, did_you_mean, shown
from bridge.rules.shape import RuleSet
from bridge.rules.shaped import shaped
from bridge.rules.yamlfile import Document, Steps, load_yaml
from bridge.settings.holding import known_values
from bridge.settings.shape import Alive, Desk, Logs, Schedule, SettingsFile, Tracker, Web

#: The environment variable that names the configuration file.
VARIABLE = "BRIDGE_CONFIG"
_DEFAULT = Path("config/bridge.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A desk and a tracker by their names, and the rules that join them."""

    name: str
    desk: str
    tracker: str
    rules: tuple[Path, ...]
    rule_set: RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration; paths are resolved, ``state`` is an absolute ``sqlite:///`` URL."""

    path: Path
    state: str
    language: str
    schedule: Schedule
    texts: Path | None
    logs: Logs
    web: Web | None
    alive: Alive | None
    desks: Mapping[str, Desk]
    trackers: Mapping[str, Tracker]
    pairs: tuple[Pair, ...]

    @property
    def state_path(self) -> Path:
        """The file of the state."""
        return Path(self.state.removeprefix("sqlite:///"))

    @property
    def longest_call(self) -> timedelta:
        """The longest time that one call to any of the servers may take."""
        return max(one.timeout for one in (*self.desks.values(), *self.trackers.values()))

    def known_secrets(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """Return the values of all secrets that can be read now, so that they can be kept out of everything."""
        return known_values(self, environ)

    def pair(self, name: str) -> Pair | None:
        """Return the pair of this name."""
        return next((pair for pair in self.pairs if pair.name == name), None)


def config_path(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the configuration file: the option, else ``BRIDGE_CONFIG``, else ``config/bridge.yaml``."""
    named = environ.get(VARIABLE, "")
    return option or (Path(named) if named else _DEFAULT)


def load_settings(path: Path) -> Settings:
    """Return the configuration with the rules of every pair; ``ConfigProblems`` tells every mistake."""
    document = load_yaml(path)
    file, problems = shaped(document, SettingsFile, context={"directory": path.parent})
    problems += tuple(_meaning(document, path.parent))
    if file is None or problems:
        raise ConfigProblems(problems)
    return Settings(
        path=path,
        state=file.state,
        language=file.language,
        schedule=file.schedule,
        texts=file.texts,
        logs=file.logs,
        web=file.web,
        alive=file.alive,
        desks=file.desks,
        trackers=file.trackers,
        pairs=tuple(_pair(pair.name, pair.desk, pair.tracker, pair.rules) for pair in file.pairs),
    )


def _pair(name: str, desk: str, tracker: str, rules: tuple[Path, ...]) -> Pair:
    return Pair(name=name, desk=desk, tracker=tracker, rules=rules, rule_set=load_rules(rules))


def _meaning(document: Document, folder: Path) -> Iterator[Problem]:
    """Yield what cannot be meant, from the data as written, so that a wrong shape elsewhere hides nothing."""
    data = document.data if isinstance(document.data, dict) else {}
    yield from _texts(document, data.get("texts"), folder)
    yield from _one_session(document, _mapping(data.get("desks")))
    seen: set[str] = set()
    for index, pair in enumerate(_list(data.get("pairs"))):
        loc: Steps = ("pairs", index)
        name = str(_mapping(pair).get("name", ""))
        if name and name in seen:
            yield document.problem((*loc, "name"), f"another pair is called {shown(name)} already")
        seen.add(name)
        yield from _references(document, loc, _mapping(pair), data)
        yield from _rules(document, loc, _mapping(pair).get("rules"), folder)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(document: Document, texts: Any, folder: Path) -> Iterator[Problem]:
    if isinstance(texts, str) and not (folder / texts).is_dir():
        yield document.problem(("texts",), f"there is no folder {shown(texts)}")


def _one_session(document: Document, desks: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the desks that share an account: Remedy lets a user in from one place at a time (ARERR 9093)."""
    first: dict[tuple[str, str], str] = {}
    for name, desk in desks.items():
        url, username = (str(_mapping(desk).get(key, "")) for key in ("url", "username"))
        other = first.setdefault((url.rstrip("/").casefold(), username), name)
        if username and other != name:
            text = (
                f"the desk {shown(other)} uses this account already; two sessions would lock each other out"
            )
            yield document.problem(("desks", name, "username"), text)


def _references(
    document: Document, loc: Steps, pair: Mapping[str, Any], data: Mapping[str, Any]
) -> Iterator[Problem]:
    for key, group in (("desk", "desks"), ("tracker", "trackers")):
        name, known = pair.get(key), _mapping(data.get(group))
        if isinstance(name, str) and name.strip() not in known:
            yield document.problem((*loc, key), f"unknown {key} {shown(name)}{did_you_mean(name, known)}")


def _rules(document: Document, loc: Steps, rules: Any, folder: Path) -> Iterator[Problem]:
    named = [rules] if isinstance(rules, str) else _list(rules)
    usable: list[Path] = []
    for index, name in enumerate(named):
        place = (*loc, "rules", index)
        if not isinstance(name, str):
            continue
        path = folder / name.strip()
        if path in usable:
            yield document.problem(place, f"{shown(name)} is listed already")
        elif not path.is_file():
            yield document.problem(place, f"there is no file {shown(name)}")
        else:
            usable.append(path)
    yield from read_rules(usable)[1]
