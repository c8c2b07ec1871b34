"""The loop of `touchline up`. Everything it must remember is in the ledger: killed, it goes on."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from touchline.adapters.watch import WatchedFolders
from touchline.core import attempts, planner, schedule
from touchline.core.alerts import Alerting, Observed
from touchline.core.pipeline import Pipeline, drive
from touchline.core.pipeline.drive import Done, Platform
from touchline.core.ports import Partition
from touchline.core.retention import unplanned
from touchline.core.schedule import Schedule
from touchline.errors import TouchlineError
from touchline.up import commands, telling
from touchline.up.arriving import Landed, landed
from touchline.wiring import Touchline

TICK_S = 60.0
"""How often everything is looked at anew: what another command made stale, what is due, what failed."""

_MOST_S = 15.0
_LEAST_S = 0.1
_RUNNING_S = 0.5
_MADE_AT_ONCE = 32
"""So many partitions are made before other things are looked at again."""

_SCANNED = "landing scanned"
_BACK_S = 2.0

Tell = Callable[..., None]
"""Says an event of a name with its facts."""


@dataclass(eq=False)
class Shift:
    """What is at hand while `up` works.

    `stale` holds for each pipeline the partitions to be looked at, None standing for all; `refused` the
    files that could not be landed, by domain and path, and `doubtful` those of which that was ever told.
    `later` are files that a store could not take, and `faults` why, by domain. `scan_at` is when the
    oldest scan began of which not every file has been landed yet.
    """

    here: Touchline
    platform: Platform
    file: Path | None
    scratch: Path
    tell: Tell
    watched: WatchedFolders
    schedules: tuple[Schedule, ...]
    running: list[commands.Running] = field(default_factory=list)
    stale: dict[str, set[Partition] | None] = field(default_factory=dict)
    tick_at: float = 0.0
    retry_at: datetime | None = None
    look: bool = False
    refused: dict[tuple[str, str], TouchlineError] = field(default_factory=dict)
    doubtful: set[tuple[str, str]] = field(default_factory=set)
    later: list[Path] = field(default_factory=list)
    faults: dict[str, TouchlineError] = field(default_factory=dict)
    scan_at: datetime | None = None
    alert: threading.Event = field(default_factory=threading.Event)

    @property
    def now(self) -> datetime:
        """The time of the clock on the wall."""
        return self.platform.clock()


def work_on(shift: Shift) -> None:
    """Work until the process is ended. What one turn meets is told, and the next goes on."""
    try:
        while True:
            _turn(shift)
    finally:
        commands.stop(shift.running)


def _turn(shift: Shift) -> None:
    """Wait for something to do, and do it. What the system has no room or no means for is tried again."""
    try:
        _land(shift)
        if time.monotonic() >= shift.tick_at:
            _tick(shift)
        if shift.retry_at and shift.now >= shift.retry_at:
            shift.stale, shift.retry_at = dict.fromkeys(shift.here.pipelines), None
        for name in list(shift.stale):
            _make(shift, shift.here.pipeline(name), shift.stale.pop(name))
        _beside(shift)
        if shift.look:
            _look(shift)
    except (TouchlineError, OSError) as exc:
        shift.tell("error", message=str(exc), hint=getattr(exc, "hint", ""))
        time.sleep(_RUNNING_S)


def _wait_s(shift: Shift) -> float:
    """How long nothing is to be done, if no file comes."""
    if shift.stale or shift.tick_at == 0:
        return 0.0
    idle = [each for each in shift.schedules if each.name not in _busy(shift)]
    soonest = schedule.next_at(idle, shift.here.ledger.notes, shift.now)
    if shift.retry_at:
        soonest = min(soonest, shift.retry_at)
    wait = min((soonest - shift.now).total_seconds(), shift.tick_at - time.monotonic(), _MOST_S)
    return max(min(wait, _RUNNING_S) if shift.running else wait, _LEAST_S)


# --- what comes ---------------------------------------------------------------------------------


def _land(shift: Shift) -> None:
    """What has come is in bronze, and its partitions are to be looked at."""
    with shift.watched.coming(_wait_s(shift)) as come:
        for domain, paths in come.items():
            done = landed(shift.here, domain, paths, scratch=shift.scratch, now=shift.now)
            if done.others:
                shift.tell(
                    "left alone", domain=domain, files=len(done.others), such_as=done.others[0]
                )
            if done.withdrawn:
                such = done.withdrawn[0]
                shift.tell("withdrawn", domain=domain, files=len(done.withdrawn), such_as=such)
            _refused(shift, domain, done)
            if done.parts:
                shift.tell("landed", domain=domain, files=done.new, partitions=len(done.parts))
                _look_at(shift, domain, done.parts)
                shift.look = shift.look or bool(shift.here.ledger.notes.incidents())
                _retired(shift, domain, done.parts)
    if shift.scan_at and shift.watched.idle and not shift.later:
        shift.here.ledger.notes.advance(_SCANNED, shift.scan_at.isoformat())
        shift.scan_at = None


def _refused(shift: Shift, domain: str, done: Landed) -> None:
    """Of the files that could not be landed, and of those that now could, people are to hear."""
    well = {(domain, str(path)) for path in done.well}
    for name, error in done.refused.items():
        shift.refused[domain, name] = error
        shift.tell("not landed", domain=domain, file=name, message=str(error), hint=error.hint)
    over = well & (shift.doubtful | set(shift.refused))
    shift.refused = {key: error for key, error in shift.refused.items() if key not in well}
    if done.fault:
        shift.later += done.again
        shift.tell("not landed", domain=domain, files=len(done.again), message=str(done.fault))
    else:
        shift.watched.again(done.again)
    mended = not done.fault and bool(done.well) and bool(shift.faults.pop(domain, None))
    shift.faults |= {domain: done.fault} if done.fault else {}
    if over or done.refused or done.fault or mended:
        shift.doubtful |= set(shift.refused)
        _saw(shift, telling.of_files(shift.refused, over, shift.faults))


def _retired(shift: Shift, domain: str, parts: set[Partition]) -> None:
    """What arrives for a partition that retention took away is told: nothing is made of it."""
    gone = unplanned(shift.here.pipeline(domain), shift.here.ledger, sorted(parts))
    if gone:
        shift.tell(
            "retired",
            domain=domain,
            partitions=", ".join(sorted(gone)),
            hint="retention took it away; touchline run --force makes it all the same",
        )


def _look_at(shift: Shift, name: str, parts: set[Partition]) -> None:
    known = shift.stale.get(name, set())
    shift.stale[name] = None if known is None else known | parts


def _tick(shift: Shift) -> None:
    """Once a minute: every file since the last time, every partition, everything that is due."""
    notes, begun = shift.here.ledger.notes, shift.now
    if shift.watched.broken:
        shift.tell(
            "not watched", message=shift.watched.broken, hint="looked at every minute instead"
        )
    since = notes.checkpoint(_SCANNED)
    back = (datetime.fromisoformat(since) if since else begun) - timedelta(seconds=_BACK_S)
    shift.watched.scan(back.timestamp() if since and back <= begun else 0.0)
    if shift.tick_at == 0:
        told = {(i.pipeline, i.where) for i in notes.incidents() if i.key.endswith(" file")}
        shift.doubtful = {(domain, path) for domain, path in told if path}
        shift.later += [Path(path) for _, path in shift.doubtful]
    shift.watched.again(shift.later)
    shift.later = []
    shift.scan_at = shift.scan_at or begun
    shift.stale = dict.fromkeys(shift.here.pipelines)
    shift.tick_at = time.monotonic() + TICK_S
    shift.look = True


# --- what is made -------------------------------------------------------------------------------


def _make(shift: Shift, pipeline: Pipeline, parts: set[Partition] | None) -> None:
    """Run what is stale of these partitions and ready to be tried; of many, the first, and the rest next.

    Files that come meanwhile, and what is due, are looked at in between.
    """
    drive.settle(pipeline, shift.platform)
    wanted = None if parts is None else sorted(parts)
    plans = planner.plan(pipeline, shift.here.ledger, parts=wanted)
    found = attempts.ready(plans, pipeline, shift.here.ledger, now=shift.now)
    if found.next_at:
        shift.retry_at = min(found.next_at, shift.retry_at or found.next_at)
    now, rest = found.plans[:_MADE_AT_ONCE], found.plans[_MADE_AT_ONCE:]
    for done in drive.run(pipeline, shift.platform, plans=now) if now else ():
        _told(shift, done)
        _beside(shift)
    if rest:
        _look_at(shift, pipeline.name, {plan.partition for plan in rest})


def _told(shift: Shift, done: Done) -> None:
    status = done.run.status if done.run else "held"
    facts: dict[str, Any] = {"partition": done.partition, "status": status}
    if done.run:
        facts |= {"run": done.run.run_id, "seconds": done.run.report.get("seconds")}
    if done.error:
        facts |= {"message": str(done.error), "hint": done.error.hint}
    if done.run and done.run.status == "failed":
        shift.retry_at = shift.now
    _noted(shift, lambda alerts: alerts.ran(done))
    shift.tell("run", pipeline=done.pipeline, **facts)


# --- what people are told -----------------------------------------------------------------------


def _look(shift: Shift) -> None:
    """How everything stands, once a minute; see `telling`."""
    shift.look = False
    there = {key for key in shift.refused if os.path.lexists(key[1])}
    shift.refused = {key: error for key, error in shift.refused.items() if key in there}
    for pipeline in shift.here.pipelines.values():
        _saw(shift, telling.of_the_pipeline(shift.here, pipeline, shift.now))
    _saw(shift, telling.of_the_stream(shift.here, shift.now))
    _saw(shift, telling.of_files(shift.refused, (), shift.faults))
    _saw(shift, telling.of_commands(shift.schedules, shift.here.ledger.notes))


def _saw(shift: Shift, seen: Observed) -> None:
    """Incidents are as they were seen."""
    _noted(shift, lambda alerts: alerts.saw(seen))


def _noted(shift: Shift, note: Callable[[Alerting], None]) -> None:
    """It is noted, and told soon. Where it cannot be noted, the next look does it."""
    try:
        note(shift.here.alerts)
    except TouchlineError as exc:
        shift.tell("error", message=f"incidents cannot be noted: {exc}", hint=exc.hint)
    shift.alert.set()


# --- what goes on beside ------------------------------------------------------------------------


def _beside(shift: Shift) -> None:
    """Commands whose time has come are given, and those that ended are told."""
    _end_commands(shift)
    busy, notes = _busy(shift), shift.here.ledger.notes
    for each in shift.schedules:
        due = None if each.name in busy else schedule.firing(each, notes, shift.now)
        if due:
            shift.running.append(commands.started(each, due, shift.file))
            shift.tell("command begun", schedule=each.name, command=" ".join(each.at(due)))


def _busy(shift: Shift) -> set[str]:
    return {running.schedule.name for running in shift.running}


def _end_commands(shift: Shift) -> None:
    for over in list(commands.ended(shift.running)):
        done = over.running
        shift.running.remove(done)
        schedule.ended(
            done.schedule,
            done.firing,
            code=over.code,
            said=over.last_line,
            notes=shift.here.ledger.notes,
            now=shift.now,
        )
        _saw(shift, telling.of_commands(shift.schedules, shift.here.ledger.notes))
        said = {"message": over.last_line} if over.code else {}
        shift.tell("command ended", schedule=done.schedule.name, code=over.code, **said)
        shift.stale = dict.fromkeys(shift.here.pipelines)
