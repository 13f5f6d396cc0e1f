"""Replays a real incident log: people drive the simulated Remedy and Jira, the bridge bridges, one clock jumps.

It replays people, not rows; the dates and words of real Jira issues drive the tickets.  The same log, tickets and
seed always give the same replay.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

from bridge.engine.reconcile import Reconciler
from bridge.rehearsal.clock import VirtualClock, Watch
from bridge.rehearsal.count_alone import hand_overs_in
from bridge.rehearsal.course import DUPLICATE, FIXED
from bridge.rehearsal.detours import Detours
from bridge.rehearsal.development import COMPONENT, PROJECT, SECOND_LINE, THIRD_LINE, Development
from bridge.rehearsal.drive import Drive, Progress, unwatched
from bridge.rehearsal.frontline import Frontline
from bridge.rehearsal.incident_log import ColumnMap, IncidentLog, read_columns, read_log
from bridge.rehearsal.jira_history import PLAIN, Lives, read_lives
from bridge.rehearsal.report import Report, report_of
from bridge.rehearsal.rulebook import SOME_CAUSE, rules_of
from bridge.rehearsal.schedule import Diary, Schedule
from bridge.rehearsal.script import Script, script_of
from bridge.rehearsal.side_roads import Deck
from bridge.rehearsal.staff import Staff, staff_of
from bridge.rehearsal.world import (
    DESK_ACCOUNT,
    TRACKER_TOKEN,
    TRACKER_URL,
    Cast,
    Flavour,
    World,
    populate,
)
from bridge.simulators.faults import Faulty
from bridge.simulators.jira import Account, JiraSettings, JiraSimulator, Person, ProjectSpec
from bridge.simulators.jira.workflow import DEFAULT_RESOLUTIONS, Resolution
from bridge.simulators.remedy import RemedySettings, RemedySimulator
from bridge.state.store import Store

_PROJECTS = {PROJECT: "Front Office", SECOND_LINE: "Second Line", THIRD_LINE: "Third Line"}


def replay(
    log: Path,
    tickets: Path | None,
    *,
    flavour: Flavour,
    columns: Path | None = None,
    limit: int | None = None,
    seed: int = 1,
    progress: Progress = unwatched,
    language: str = "en",
) -> Report:
    """Replay a log and return what came of it.

    ``limit`` takes only the incidents that occur first; ``progress`` is told how many acts are done and planned.
    ``ConfigError`` where a file cannot be used.
    """
    column_map = read_columns(columns)
    incidents = read_log(log, column_map, limit)
    lives = read_lives(tickets) if tickets else PLAIN
    with Store.open("sqlite://", exclusive=True) as store:
        world, drive, diary = _stage(incidents, column_map, lives, store, flavour, seed, progress, language)
        drive.run()
        return report_of(
            incidents, hand_overs_in(log, column_map, limit), world, store, drive, diary, dict(lives.left_out)
        )


def _stage(
    log: IncidentLog,
    columns: ColumnMap,
    lives: Lives,
    store: Store,
    flavour: Flavour,
    seed: int,
    progress: Progress,
    language: str,
) -> tuple[World, Drive, Diary]:
    """Set the scene: both servers, everybody who works there, the bridge, and what is going to happen."""
    begin = min(history.opened_at for history in log.histories) - timedelta(hours=1)
    clock, schedule, diary = VirtualClock(begin), Schedule(), Diary()
    staff = staff_of(log)
    world = world_of(staff, lives, clock, flavour)
    frontline = Frontline(
        desk=world.desk,
        staff=staff,
        clock=clock,
        schedule=schedule,
        diary=diary,
        scripts={history.number: script_of(history, columns) for history in log.histories},
        some_cause=next(iter(log.causes), SOME_CAUSE),
    )
    development = _behind(frontline, world, lives, seed)
    _plan(frontline.scripts, frontline, schedule)
    diary.made_up.update(sum((script.adapted for script in frontline.scripts.values()), Counter()))
    diary.made_up["people of the desk"] += staff.made_up
    drive = Drive(
        clock=clock,
        schedule=schedule,
        bridge=Reconciler(pair=world.pair(rules_of(log), language=language), store=store, begin=begin),
        store=store,
        development=development,
        progress=progress,
    )
    return world, drive, diary


def _behind(frontline: Frontline, world: World, lives: Lives, seed: int) -> Development:
    """Return everybody behind Frontline, and lead both sides onto side roads."""
    development = Development(
        tracker=world.tracker,
        frontline=frontline,
        clock=frontline.clock,
        schedule=frontline.schedule,
        diary=frontline.diary,
        lives=lives,
        seed=seed,
        roads=frontline.roads,
    )
    detours = Detours(
        desk=world.desk,
        tracker=world.tracker,
        frontline=frontline,
        development=development,
        clock=frontline.clock,
        schedule=frontline.schedule,
        diary=frontline.diary,
        deck=Deck(seed),
        roads=frontline.roads,
    )
    frontline.asks_by_a_road, development.taken_up = detours.asks, detours.linked
    return development


def _plan(scripts: dict[str, Script], frontline: Frontline, schedule: Schedule) -> None:
    for script in scripts.values():
        for act in script.acts:
            schedule.at(act.at, partial(frontline.perform, act))


def world_of(staff: Staff, lives: Lives, clock: VirtualClock, flavour: Flavour) -> World:
    """Return both servers: a desk with a log's staff, and a tracker with the resolutions of real lives."""
    # Closing follows the log, so that the desk's own escalation is off.
    desk = RemedySimulator(clock, RemedySettings(auto_close=None))
    populate(desk, Cast(groups=staff.groups))
    account = Account(person=Person.of(DESK_ACCOUNT, display="The bridge"), token=TRACKER_TOKEN)
    names = dict.fromkeys((*FIXED, DUPLICATE, *lives.resolutions))
    known = {resolution.name: resolution for resolution in DEFAULT_RESOLUTIONS}
    names |= dict.fromkeys(known)
    tracker = JiraSimulator(
        clock,
        JiraSettings(
            flavour=flavour,
            base_url=TRACKER_URL,
            accounts=(account,),
            projects=tuple(
                ProjectSpec(key=key, name=name, components=(COMPONENT,)) for key, name in _PROJECTS.items()
            ),
            resolutions=tuple(
                known.get(name) or Resolution(id=str(11_000 + index), name=name)
                for index, name in enumerate(names)
            ),
        ),
    )
    return World(
        clock=clock,
        desk=desk,
        tracker=tracker,
        desk_wire=Faulty(inner=desk),
        tracker_wire=Faulty(inner=tracker),
        flavour=flavour,
        desk_watch=Watch(clock=clock),
        tracker_watch=Watch(clock=clock),
        bridge_watch=Watch(clock=clock),
    )


__all__ = ["Report", "replay", "rules_of", "world_of"]
