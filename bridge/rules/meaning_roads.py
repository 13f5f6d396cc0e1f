"""What a rule says of changes, proposed causes and workarounds that cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.model.change import NEVER_DEPLOYED
from bridge.rules.match import folded
from bridge.rules.named import TICKET_NAMES
from bridge.rules.problems import did_you_mean, shown
from bridge.rules.shape import Cause, Rule
from bridge.rules.shape_roads import ChangeIn
from bridge.rules.yamlfile import Steps

Finding = tuple[Steps, str]
Maps = Mapping[str, Mapping[str, str]]


def road_findings(rule: Rule, maps: Maps | None) -> Iterator[Finding]:
    """Yield what cannot be meant, as places in the rule and sentences; ``maps`` is None where not all could be read."""
    yield from _changes(rule)
    cause, workaround = rule.hold.cause, rule.hold.workaround
    if cause is not None and cause.propose is not None:
        yield from _ticket_name(("hold", "cause", "propose", "of"), cause.propose.of)
        if maps is not None and cause.propose.map is not None:
            yield from _proposed(cause, cause.propose.map, maps)
    if workaround is not None and workaround.field is not None:
        yield from _ticket_name(("hold", "workaround", "field"), workaround.field)


def _changes(rule: Rule) -> Iterator[Finding]:
    deployed = rule.hold.deployed
    for group, sources in (("any", deployed.any_), ("all", deployed.all_)):
        for index, source in enumerate(sources):
            if isinstance(source, ChangeIn):
                loc = ("hold", "deployed", group, index, "change", "status")
                yield from _statuses(loc, source.change.status)


def _statuses(loc: Steps, statuses: tuple[str, ...]) -> Iterator[Finding]:
    for index, status in enumerate(statuses):
        if folded(status) in NEVER_DEPLOYED:
            yield (*loc, index), f"a change that is {shown(status)} has brought nothing into production"


def _ticket_name(loc: Steps, name: str) -> Iterator[Finding]:
    own_style = name.isascii() and name == name.lower() and " " not in name
    if own_style and name not in TICKET_NAMES and not name.startswith("customfield_"):
        yield loc, f"unknown name {shown(name)}{did_you_mean(name, TICKET_NAMES)}"


def _proposed(cause: Cause, name: str, maps: Maps) -> Iterator[Finding]:
    loc = ("hold", "cause", "propose", "map")
    if name not in maps:
        yield loc, f"unknown map {shown(name)}{did_you_mean(name, maps)}"
        return
    known = {folded(value) for value in cause.one_of}
    for word in dict.fromkeys(maps[name].values()):
        if folded(word) not in known:
            yield loc, f"the map {shown(name)} proposes {shown(word)}, which is not in one_of"
