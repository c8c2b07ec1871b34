"""`touchline up` for a minute, or ten, while everything happens to it: nothing is lost or told twice."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from days import ids, lines, put
from going import Going, going
from sinks import Sink, json_sink
from small_disk import SmallDisk, mounted
from world import World, world

FIRST = date(2025, 1, 1)
CLOCK_BACK = {
    "LD_PRELOAD": "/usr/$LIB/faketime/libfaketime.so.1",
    "FAKETIME": "-1h",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "PYTHONPATH": os.pathsep.join(
        filter(None, [str(Path(__file__).with_name("clock_back")), os.environ.get("PYTHONPATH")])
    ),
}
PATIENCE_S = 180.0
EVENTS = "events.json"


@dataclass
class Sent:
    """What was sent of one day: the newest file of each name, and all that could ever be right."""

    files: dict[str, list[str]] = field(default_factory=dict)
    versions: list[frozenset[str]] = field(default_factory=list)
    poisoned: bool = False

    def put(self, world: World, of: str, given: list[str], name: str, *, bad: bool) -> None:
        """A file is sent, in the place of an older one of that name."""
        self.files[name] = given
        self.poisoned = bad if name == EVENTS else self.poisoned
        if not self.poisoned:
            self.versions.append(frozenset().union(*map(ids, self.files.values())))
        put(world, of, given, name)


@dataclass
class Soak:
    """A world that `touchline up` works in, what was sent to it, and chance."""

    world: World
    disk: SmallDisk
    web: Sink
    dice: random.Random
    sent: dict[str, Sent] = field(default_factory=dict)
    up: Going | None = None
    hits: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    kills: int = 0

    # --- what senders do ----------------------------------------------------------------------

    def new_day(self) -> None:
        of = (FIRST + timedelta(days=len(self.sent))).isoformat()
        self.sent[of] = Sent()
        self._send(of, EVENTS)

    def re_issue(self) -> None:
        self._send(self._day(), EVENTS)

    def late_file(self) -> None:
        self._send(self._day(), f"late-{self.dice.randrange(3)}.json", rows=5)

    def poison(self) -> None:
        self._send(self._day(), EVENTS, bad=True)

    def no_day(self) -> None:
        name = f"events_2025-02-{self.dice.randrange(30, 90)}.json"
        (self.world.folder / "landing/activity" / name).write_text("{}\n")

    def _day(self) -> str:
        return self.dice.choice(list(self.sent))

    def _send(self, of: str, name: str, *, rows: int = 40, bad: bool = False) -> None:
        seed = self.dice.randrange(1 << 30)
        given = lines(of, rows, seed=seed, null_user_rate=0.5 if bad else 0.0)
        self.sent[of].put(self.world, of, given, name, bad=bad)

    # --- what happens to it -------------------------------------------------------------------

    def kill(self) -> None:
        assert self.up
        self.kills += 1
        self.up.kill()
        self._start({})

    def clock_back(self) -> None:
        assert self.up
        self.kills += 1
        self.up.kill()
        self._start(CLOCK_BACK)
        began = datetime.fromisoformat(self.up.until("up")["at"])
        assert datetime.now(UTC) - began > timedelta(minutes=30), self.up.text

    def stop(self) -> None:
        assert self.up
        assert self.up.stop() == 143, self.up.text
        self._start({})

    def full_disk(self) -> None:
        assert self.up
        is_stopped = self.dice.random() < 0.3
        with self.disk.with_only(self.dice.choice([0, 20_000, 200_000])):
            self.late_file()
            time.sleep(self.dice.uniform(0.5, 1.5))
            assert self.up.process.poll() is None, self.up.text
            if is_stopped:
                assert self.up.stop() == 143, self.up.text
        if is_stopped:
            self._start({})

    def dead_target(self) -> None:
        self.web.status = 503
        self.poison()
        time.sleep(self.dice.uniform(0.5, 2.0))
        self.web.status = 200

    def other_command(self) -> None:
        words = self.dice.choice([("run",), ("maintain",), ("check",), ("quarantine", "list")])
        ended = self.world.apart(*words)
        assert "Traceback" not in ended.err, ended.err

    def _start(self, env: dict[str, str]) -> None:
        self.starts(env)

    starts: Callable[[dict[str, str]], None] = lambda _: None


ACTS = {
    Soak.new_day: 4,
    Soak.re_issue: 4,
    Soak.late_file: 6,
    Soak.poison: 2,
    Soak.no_day: 1,
    Soak.kill: 3,
    Soak.clock_back: 1,
    Soak.stop: 1,
    Soak.full_disk: 1,
    Soak.dead_target: 1,
    Soak.other_command: 3,
}


@contextmanager
def soaked(folder: Path, seed: int) -> Iterator[Soak]:
    """A world on a small disk with `up` at work, and a reader who never must see a gap."""
    made = world(folder)
    made.configure(
        "activity.baseline.severity = 'off'\ntracking.landing = ''\nalerts.targets = { chat = { env = 'CHAT' } }\n"
    )
    with mounted(made.data) as place, json_sink() as web, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAT", f"json://127.0.0.1:{web.port}/")
        soak = Soak(made, SmallDisk(made, place), web, random.Random(seed))
        contexts = []

        def start(env: dict[str, str]) -> None:
            contexts.append(going(made, env))
            soak.up = contexts[-1].__enter__()

        soak.starts = start
        start({})
        stop = threading.Event()
        reader = threading.Thread(target=reading, args=(soak, stop))
        reader.start()
        try:
            yield soak
        finally:
            stop.set()
            reader.join()
            for context in contexts:
                context.__exit__(None, None, None)


def reading(soak: Soak, stop: threading.Event) -> None:
    """Read in a loop: what was once published is never gone, and never a mixture."""
    seen: set[str] = set()
    while not stop.wait(0.3):
        published = soak.world.apart("query", SQL, "--format", "json")
        if published.code != 0:
            soak.gaps.append(f"{published.code}: {published.err}")
            continue
        found = {row["ingestion_date"]: row["n"] for row in published.rows}
        soak.gaps += [f"{day} is gone" for day in seen - set(found)]
        for of, count in found.items():
            allowed = {len(version) for version in soak.sent[of].versions}
            soak.gaps += [] if count in allowed else [f"{of}: {count} of {allowed}"]
        seen |= set(found)


SQL = "SELECT ingestion_date, count(*) AS n FROM activity.curated_events GROUP BY 1"


def happen(soak: Soak, for_s: float) -> None:
    """One thing after the other for so long."""
    soak.new_day()
    acts = [act for act, weight in ACTS.items() for _ in range(weight)]
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        act = soak.dice.choice(acts)
        act(soak)
        soak.hits.append(act.__name__)
        time.sleep(soak.dice.uniform(0.0, 0.8))


def settled(soak: Soak) -> None:
    """`up` was left alone for long enough: each day is in its state, and has what was sent last."""
    until = time.monotonic() + PATIENCE_S
    while wrong := _wrong(soak):
        assert soak.up
        assert time.monotonic() < until, (wrong, soak.up.text)
        time.sleep(0.5)


def _wrong(soak: Soak) -> list[str]:
    """The days that are not in the state they should be in, or have other events than they should."""
    rows = soak.world.well("status", "activity", "--json").rows
    states = {row["partition"].partition("=")[2]: row["state"] for row in rows}
    wrong = sorted(set(states) - set(soak.sent))
    for of, sent in soak.sent.items():
        state = "refused" if sent.poisoned else "fresh"
        possible = {*sent.versions, frozenset()} if sent.poisoned else {sent.versions[-1]}
        if states.get(of) != state:
            wrong.append(f"{of} is {states.get(of)}, not {state}")
        elif (found := published(soak.world, of)) not in possible:
            wrong.append(f"{of} has {len(found)} events, not {sorted(map(len, possible))}")
    return wrong


def told_of(soak: Soak) -> None:
    """Each incident was told once, and once when it was over; twice only what a kill cut off."""
    until = time.monotonic() + PATIENCE_S
    while soak.world.asked(WAITING) != [(0,)] and time.monotonic() < until:
        time.sleep(0.5)
    assert soak.world.asked(WAITING) == [(0,)]
    told = Counter(posted["message"].strip().splitlines()[-1] for posted in soak.web.taken)
    queued = [id_ for (id_,) in soak.world.asked("SELECT alert_id FROM outbox")]
    assert len(told) == len(queued), (told, queued)
    twice = {id_: count for id_, count in told.items() if count > 1}
    assert sum(twice.values()) - len(twice) <= soak.kills, twice
    incidents = soak.world.asked("SELECT count(*), count(closed_at) FROM incidents")[0]
    assert len(queued) == sum(incidents)
    open_ = {where for (where,) in soak.world.asked(OPEN)}
    assert open_ == {f"ingestion_date={of}" for of, sent in soak.sent.items() if sent.poisoned}


WAITING = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
OPEN = "SELECT place FROM incidents WHERE closed_at IS NULL AND key NOT LIKE '% file'"


def published(world: World, of: str) -> frozenset[str]:
    """The ids of a day's events."""
    sql = f"SELECT event_id FROM activity.curated_events WHERE ingestion_date = '{of}'"
    return frozenset(world.query(sql).column(0).to_pylist())


def test_it_loses_nothing_in_a_minute_of_everything(tmp_path: Path, told: list[str]) -> None:
    soak_for(tmp_path, 60, seed=1, told=told)


@pytest.mark.soak
def test_it_loses_nothing_in_ten_minutes_of_everything(tmp_path: Path, told: list[str]) -> None:
    soak_for(tmp_path, 600, seed=2, told=told)


def soak_for(folder: Path, for_s: float, *, seed: int, told: list[str]) -> None:
    with soaked(folder, seed) as soak:
        happen(soak, for_s)
        settled(soak)
        told_of(soak)
        assert soak.up
        soak.up.stop()
    assert soak.gaps == []
    counted = {name: soak.hits.count(name) for name in dict.fromkeys(sorted(soak.hits))}
    told.append(f"{len(soak.sent)} days in {for_s:g} s; {counted}")
