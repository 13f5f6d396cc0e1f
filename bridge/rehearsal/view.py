"""The terminal view of a day: what everybody does, and where every incident stands."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bridge.decide.explain import Explanation, explain
from bridge.engine.observe import Observer
from bridge.rehearsal.day import Day
from bridge.rehearsal.office import Line
from bridge.rehearsal.world import World

COLOURS = {
    "frontline": "cyan",
    "development": "green",
    "second line": "magenta",
    "bridge": "bold yellow",
    "world": "bold red",
}
#: How many lines of the story stay in sight.
IN_SIGHT = 22


@dataclass(kw_only=True)
class View:
    """Collects the story; draws it, or prints it line by line where there is no terminal."""

    world: World
    printing: Console | None = None
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=IN_SIGHT))

    def tell(self, line: Line) -> None:
        """Take one line of the story."""
        self.lines.append(line)
        if self.printing is not None:
            self.printing.print(_text(line))

    def render(self, day: Day) -> RenderableType:
        """Draw the present moment."""
        story = Group(*(_text(line) for line in self.lines))
        clock = f"{self.world.clock():%H:%M}"
        return Group(
            Panel(story, title=f"a day at the front office, {clock}", height=IN_SIGHT + 2),
            incidents_table(day),
        )


def _text(line: Line) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{line.at:%H:%M} ", style="dim")
    text.append(f"{line.voice:<12}", style=COLOURS[line.voice])
    text.append(f"{_short(line.about):<9}", style="bold")
    text.append(line.text.replace("\n", " "))
    return text


def _short(about: str) -> str:
    """Return an incident's number or a ticket's key as it fits a column."""
    return f"INC…{about[-4:]}" if about.startswith("INC") else about


def told(day: Day) -> list[Explanation]:
    """Return where every incident stands that the bridge watches."""
    pair = day.bridge.pair
    observer = Observer(pair=pair, store=day.store)
    numbers = day.world.desk.people.numbers()
    looks = [look for number in numbers if (look := observer.take(number)) is not None]
    return [explain(look, pair.rules, pair.voice, pair.clock()) for look in looks]


def incidents_table(day: Day) -> Table:
    """Draw where every linked incident stands."""
    table = Table("incident", "status", "ticket", "stage", "round", "now with", "next", expand=True)
    for one in told(day):
        if one.tickets:
            table.add_row(
                _short(one.incident),
                one.status,
                ", ".join(one.tickets),
                one.stage,
                str(one.round),
                one.ball,
                one.next_step,
            )
    return table


def summary_table(day: Day) -> Table:
    """Draw how the day ended: every incident's fate, from the two worlds and the memory."""
    table = Table(title="How the day ended")
    for column in ("incident", "what", "status", "ticket", "ticket is", "rounds", "put back", "how it ended"):
        table.add_column(column)
    stands = {one.incident: one for one in told(day)}
    with day.store.reading() as tx:
        endings = {one.dossier.incident: one.dossier for one in tx.dossiers.each(day.bridge.pair.name)}
    for number in day.world.desk.people.numbers():
        incident = day.world.desk.people.incident(number)
        stand, dossier = stands.get(number), endings.get(number)
        keys = stand.tickets if stand else ()
        table.add_row(
            _short(number),
            str(incident["Description"])[:38],
            str(incident["Status"]),
            ", ".join(keys) or "—",
            ", ".join(str(day.world.tracker.issue(key)["status"]) for key in keys) or "—",
            str(stand.round) if stand and keys else "—",
            str(stand.put_backs) if stand and keys else "—",
            (dossier.ending or "still held") if dossier and keys else "no ticket needed",
        )
    return table
