"""What happens to the incidents of one day at a bank's front office: each plot is one incident's life.

A plot is a generator: it lets people act and yields what they wait for, a span of time or something that they see in
their own tool.  Nobody in a plot knows of the bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta

from bridge.rehearsal.office import Office

#: Something to wait for: a span, or a look that must come true.
Wait = timedelta | Callable[[], bool]
Plot = Generator[Wait, None, None]


def minutes(count: float) -> timedelta:
    """Return a span to wait."""
    return timedelta(minutes=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A plot and when its day begins."""

    after: timedelta
    plot: Callable[[Office], Plot]


def straight(office: Office) -> Plot:
    """Let a fix go the straight road: version released, verified by note, resolved with its cause."""
    number = office.opens("ann", "Payment page shows a blank sum", product="Mobile Bank")
    yield minutes(4)
    office.notes(number, "ann", "Tried two browsers and another account, same result.")
    office.asks(number, "ann", "#ticket the sum is blank since this morning, about 3 calls so far")
    yield lambda: office.key_of(number) != ""
    key = office.key_of(number)
    yield minutes(20)
    office.starts(key, "dev.ana")
    office.comments(key, "dev.ana", "Is it only *new* accounts?")
    yield lambda: office.reads(number, "Is it only new accounts")
    office.notes(number, "ann", "Yes, only accounts opened this year.")
    yield minutes(45)
    office.finishes(key, "dev.ana", version="4.2")
    yield minutes(60)
    office.releases("4.2")
    yield lambda: office.reads(number, "Please check it")
    yield minutes(10)
    office.notes(number, "ann", "#verified checked with the customer, the sum is shown")
    yield lambda: office.reads(number, "Verified by")
    yield minutes(5)
    office.resolves(number, "ann", cause="Code")


def fails_once(office: Office) -> Plot:
    """Let a fix fail the customer's check, go back with the words, and work in the second round."""
    number = office.opens(
        "bob", "Transfer stays 'in processing' for ever", product="Mobile Bank", urgent=True
    )
    yield minutes(3)
    office.asks(number, "bob", "#ticket transfers to other banks hang")
    yield lambda: office.key_of(number) != ""
    key = office.key_of(number)
    yield minutes(15)
    office.starts(key, "dev.max")
    yield minutes(40)
    office.finishes(key, "dev.max", version=None)
    yield minutes(20)
    office.notes(number, "igor", "#deployed hotfix 118 is on all nodes")
    yield lambda: office.reads(number, "Please check it")
    yield minutes(8)
    office.notes(number, "bob", "#failed still hangs for transfers over 100 000")
    yield lambda: office.status_of_ticket(key) == "In Progress"
    yield minutes(50)
    office.finishes(key, "dev.max", version="4.2.1")
    yield minutes(30)
    office.releases("4.2.1")
    yield lambda: office.times(number, "Please check it") == 2
    yield minutes(10)
    office.notes(number, "bob", "#verified large transfers go through")
    yield lambda: office.reads(number, "Verified by")
    office.resolves(number, "bob", cause="Integration")


def too_early(office: Office) -> Plot:
    """Let somebody in a hurry resolve while development still works; resolving once deployed is the answer."""
    number = office.opens("kate", "Card limit cannot be changed", product="Cards")
    yield minutes(5)
    office.asks(number, "kate", "#ticket the button does nothing")
    yield lambda: office.key_of(number) != ""
    key = office.key_of(number)
    yield minutes(30)
    office.starts(key, "dev.ana")
    yield minutes(25)
    office.resolves(number, "kate", cause="Code")
    yield lambda: office.reads(number, "resolved this incident")
    yield minutes(40)
    office.finishes(key, "dev.ana", version=None)
    office.moves(key, "Deployed", "igor")
    yield lambda: office.reads(number, "Please check it")
    yield minutes(12)
    office.resolves(number, "kate", cause="Code")


def declined(office: Office) -> Plot:
    """Let development decline, and Frontline decide."""
    number = office.opens("ann", "Statement in PDF lacks the bank's logo", product="Mobile Bank")
    yield minutes(6)
    office.asks(number, "ann", "#ticket customer wants the logo back")
    yield lambda: office.key_of(number) != ""
    key = office.key_of(number)
    yield minutes(90)
    office.comments(key, "dev.max", "The logo went on purpose, see the design of 4.0.")
    office.declines(key, "dev.max")
    yield lambda: office.reads(number, "Please decide")
    yield minutes(9)
    office.resolves(number, "ann", cause="Business logic")


def wrong_category(office: Office) -> Plot:
    """Let somebody ask with the wrong category: the answer says why, and correcting it is enough."""
    number = office.opens("kate", "Cashback of March is missing", product="Cards", category="Question")
    yield minutes(4)
    office.asks(number, "kate", "#ticket cashback was not credited")
    yield lambda: office.reads(number, "no rule matches")
    yield minutes(6)
    office.changes(number, "kate", {"Categorization Tier 1": "Defect"}, "corrects the category")
    yield lambda: office.key_of(number) != ""
    key = office.key_of(number)
    yield minutes(35)
    office.starts(key, "dev.max")
    yield minutes(60)
    office.finishes(key, "dev.max", version="4.2")
    yield lambda: office.reads(number, "Please check it")
    yield minutes(15)
    office.notes(number, "kate", "#verified")
    yield lambda: office.reads(number, "Verified by")
    office.resolves(number, "kate", cause="Campaign settings")


def adopts(office: Office) -> Plot:
    """Let somebody type the key of a ticket that is there already."""
    key = office.developer_finds("dev.ana", "Push notifications arrive twice")
    yield minutes(10)
    number = office.opens("bob", "Customer gets every notification twice", product="Mobile Bank")
    yield minutes(5)
    office.changes(number, "bob", {"Vendor Ticket Number": key}, f"types {key} into the ticket field")
    yield lambda: office.reads(number, "LINKED FIX")
    yield minutes(20)
    office.starts(key, "dev.ana")
    yield minutes(70)
    office.finishes(key, "dev.ana", version=None)
    office.moves(key, "Deployed", "igor")
    yield lambda: office.reads(number, "Please check it")
    yield minutes(7)
    office.notes(number, "bob", "#verified one notification each")
    yield lambda: office.reads(number, "Verified by")
    office.resolves(number, "bob", cause="Back-end")


def without_ticket(office: Office) -> Plot:
    """Let an ordinary incident pass: no code change, nothing to bridge."""
    number = office.opens("kate", "Customer forgot the password", product="Mobile Bank", category="Access")
    yield minutes(4)
    office.resolves(number, "kate", cause="User error")


def released(office: Office) -> Plot:
    """Let a lead end the hold because the customer no longer waits."""
    number = office.opens("bob", "Branch terminal loses its session", product="Front Office")
    yield minutes(6)
    office.asks(number, "bob", "#ticket happens twice a day")
    yield lambda: office.key_of(number) != ""
    yield minutes(120)
    office.notes(number, "lena", "#release the branch closes this week")
    yield lambda: office.reads(number, "ended the hold")
    yield minutes(5)
    office.resolves(number, "bob", cause="Business logic")


def outage(office: Office) -> Plot:
    """Let Jira be away for a while; nothing is lost."""
    office.jira_goes_away()
    yield minutes(25)
    office.jira_comes_back()


DAY = (
    Scheduled(after=minutes(0), plot=straight),
    Scheduled(after=minutes(8), plot=fails_once),
    Scheduled(after=minutes(15), plot=without_ticket),
    Scheduled(after=minutes(20), plot=too_early),
    Scheduled(after=minutes(35), plot=wrong_category),
    Scheduled(after=minutes(50), plot=adopts),
    Scheduled(after=minutes(60), plot=outage),
    Scheduled(after=minutes(65), plot=declined),
    Scheduled(after=minutes(75), plot=released),
)
