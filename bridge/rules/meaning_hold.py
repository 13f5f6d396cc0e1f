"""What a rule's hold says that cannot be meant: statuses, reasons, resolutions, and phrases that collide.

Statuses and reasons are those of BMC's HPD:Help Desk form as it is delivered; a site may add reasons, so that
only a near miss of a known one is a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.incident import (
    ASSIGNED,
    CANCELLED,
    CLOSED,
    ENDED,
    IN_PROGRESS,
    PENDING,
    RESOLVED,
)
from bridge.rules.match import folded
from bridge.rules.problems import did_you_mean, nearest, shown
from bridge.rules.shape import Hold, PhraseSource, Rule, Waiting
from bridge.rules.yamlfile import Steps

#: Every status of an incident.
STATUSES = ("New", ASSIGNED, IN_PROGRESS, PENDING, RESOLVED, CLOSED, CANCELLED)

_PENDING_REASONS = (
    "Automated Resolution Reported",
    "Client Action Required",
    "Client Hold",
    "Future Enhancement",
    "Infrastructure Change",
    "Local Site Action Required",
    "Monitoring Incident",
    "Purchase Order Approval",
    "Registration Approval",
    "Request",
    "Supplier Delivery",
    "Support Contact Hold",
    "Third Party Vendor Action Reqd",
)

Finding = tuple[Steps, str]


def hold_findings(rule: Rule) -> Iterator[Finding]:
    """Yield what cannot be meant in a rule's hold, as places in the rule and sentences."""
    hold = rule.hold
    if isinstance(hold.waiting, Waiting):
        yield from _open_status(("hold", "waiting", "status"), hold.waiting.status)
        yield from _reason(hold.waiting)
    yield from _open_status(("hold", "verify", "status"), hold.verify.status)
    if folded(hold.verify.status) == folded(PENDING):
        yield ("hold", "verify", "status"), "Pending needs a reason, which verify does not set"
    yield from _resolutions(hold)
    yield from _phrases(rule)


def _open_status(loc: Steps, status: str) -> Iterator[Finding]:
    known = next((name for name in STATUSES if folded(name) == folded(status)), None)
    if known is None:
        yield loc, f"{shown(status)} is no status of an incident{did_you_mean(status, STATUSES)}"
    elif known in ENDED:
        yield loc, f"{known} is not an open status: only people end an incident"


def _reason(waiting: Waiting) -> Iterator[Finding]:
    loc = ("hold", "waiting", "reason")
    if folded(waiting.status) != folded(PENDING):
        if waiting.reason and folded(waiting.status) in {folded(status) for status in STATUSES}:
            yield loc, f"only Pending has a reason, not {shown(waiting.status)}"
        return
    if not waiting.reason:
        hint = "for instance reason: Third Party Vendor Action Reqd"
        yield ("hold", "waiting"), f"Pending needs a reason, {hint}"
    elif folded(waiting.reason) not in {folded(reason) for reason in _PENDING_REASONS}:
        meant = nearest(waiting.reason, _PENDING_REASONS, likeness=0.85)
        if meant is not None:
            yield loc, f"unknown reason {shown(waiting.reason)}, did you mean {shown(meant)}?"


def _resolutions(hold: Hold) -> Iterator[Finding]:
    lists = (("fixed", hold.fixed), ("declined", hold.declined), ("duplicate", hold.duplicate))
    owners: dict[str, str] = {}
    for name, resolutions in lists:
        for index, word in enumerate(resolutions.resolution):
            owner = owners.setdefault(folded(word), name)
            if owner != name:
                text = f"the resolution {shown(word)} cannot mean both {owner} and {name}"
                yield ("hold", name, "resolution", index), text


def phrases(rule: Rule) -> Iterator[tuple[Steps, str, str]]:
    """Yield (place in the rule, what it is for, phrase) of every phrase to which the rule listens."""
    verify, release = rule.hold.verify, rule.hold.release
    yield from _listed(("ask",), "ask", rule.ask)
    yield from _listed(("link",), "link", rule.link)
    for group, sources in (("any", rule.hold.deployed.any_), ("all", rule.hold.deployed.all_)):
        for index, source in enumerate(sources):
            if isinstance(source, PhraseSource):
                loc = ("hold", "deployed", group, index, "phrase", "says")
                yield from _listed(loc, "deployed", source.phrase.says)
    yield from _listed(("hold", "verify", "accept"), "accept", verify.accept)
    yield from _listed(("hold", "verify", "reject"), "reject", verify.reject)
    if release is not None:
        yield from _listed(("hold", "release", "says"), "release", release.says)
    workaround = rule.hold.workaround
    if workaround is not None and workaround.label is not None:
        yield from _listed(("hold", "workaround", "says"), "workaround", workaround.says)


def _listed(loc: Steps, purpose: str, says: tuple[str, ...]) -> Iterator[tuple[Steps, str, str]]:
    for index, phrase in enumerate(says):
        yield (*loc, index), purpose, phrase


def _phrases(rule: Rule) -> Iterator[Finding]:
    earlier: list[tuple[str, str]] = []
    for loc, purpose, phrase in phrases(rule):
        for other_purpose, other in earlier:
            if other_purpose != purpose and _collide(phrase, other):
                collision = f"collides with {shown(other)} of {other_purpose}"
                yield loc, f"the phrase {shown(phrase)} of {purpose} {collision}"
        earlier.append((purpose, phrase))


def _collide(one: str, other: str) -> bool:
    first, second = (" ".join(folded(phrase).split()) for phrase in (one, other))
    return first == second or first.startswith(f"{second} ") or second.startswith(f"{first} ")
