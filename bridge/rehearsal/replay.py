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
from bridge.rehearsal.clock import VirtualClock
from bridge.rehearsal.count_alone import hand_overs_in
from bridge.rehearsal.development import DUPLICATE, FIXED, PROJECT, Development
from bridge.rehearsal.drive import Drive, Progress, unwatched
from bridge.rehearsal.frontline import Frontline
from bridge.rehearsal.incident_log import ColumnMap, IncidentLog, read_columns, read_log
from bridge.rehearsal.jira_history import PLAIN, Lives, read_lives
from bridge.rehearsal.report import Report, report_of
from bridge.rehearsal.schedule import Diary, Schedule
from bridge.rehearsal.script import Script, script_of
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
from bridge.rules.load import load_rules
from bridge.rules.shape import RuleSet
from bridge.simulators.faults import Faulty
from bridge.simulators.jira import Account, JiraSettings, JiraSimulator, Person, ProjectSpec
from bridge.simulators.jira.workflow import DEFAULT_RESOLUTIONS, Resolution
from bridge.simulators.remedy import RemedySettings, RemedySimulator
from bridge.state.store import Store

RULES = Path(__file__).with_name("replay_rules.yaml")


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
    scripts = {history.number: script_of(history, columns) for history in log.histories}
    frontline = Frontline(
        desk=world.desk, staff=staff, clock=clock, schedule=schedule, diary=diary, scripts=scripts
    )
    _plan(scripts, frontline, schedule)
    diary.made_up.update(sum((script.adapted for script in scripts.values()), Counter()))
    diary.made_up["people of the desk"] += staff.made_up
    pair = world.pair(rules_of(log), language=language)
    drive = Drive(
        clock=clock,
        schedule=schedule,
        bridge=Reconciler(pair=pair, store=store, begin=begin),
        store=store,
        development=Development(
            tracker=world.tracker,
            frontline=frontline,
            clock=clock,
            schedule=schedule,
            diary=diary,
            lives=lives,
            seed=seed,
        ),
        progress=progress,
    )
    return world, drive, diary


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
    tracker = JiraSimulator(
        clock,
        JiraSettings(
            flavour=flavour,
            base_url=TRACKER_URL,
            accounts=(account,),
            projects=(ProjectSpec(key=PROJECT, name="Front Office"),),
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
    )


def rules_of(log: IncidentLog) -> RuleSet:
    """Return the rule of a replay with the causes of its log."""
    rules = load_rules([RULES])
    (rule,) = rules.rules
    cause = rule.hold.cause
    if cause is None or not log.causes:
        return rules
    hold = rule.hold.model_copy(update={"cause": cause.model_copy(update={"one_of": log.causes})})
    return rules.model_copy(update={"rules": (rule.model_copy(update={"hold": hold}),)})


__all__ = ["Report", "replay", "rules_of", "world_of"]
