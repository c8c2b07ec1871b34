"""A folder that commands work in, the provider files they get, and what is there afterwards.

Files come from the simulator, whose format is the provider's; each test breaks them in one place.
"""

import csv
import gc
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from touchline import config
from touchline.cli import main
from touchline.tracking.simulate import MatchPlan, SimulatedMatch, match, reissued
from touchline.views import rows_of
from touchline.wiring import Touchline

MATCH, TRACKING = "match.json", "tracking_extrapolated.jsonl"
EVENTS, PHASES = "dynamic_events.csv", "phases_of_play.csv"
TABLES = (
    "matches", "players", "events", "phases", "ball", "frames",
    "sprints", "player_physical", "player_sprints", "player_runs", "player_pressing",
    "player_metrics",
)  # fmt: skip
SILVER, GOLD = TABLES[:6], TABLES[6:]

Files = Mapping[str, bytes]
Edit = Callable[[bytes], bytes]


# --- the provider's files -----------------------------------------------------------------------


@cache
def _simulated(match_id: int, day: str, seed: int, minutes: float) -> SimulatedMatch:
    kick_off = datetime.fromisoformat(f"{day}T09:30:00+00:00")
    return match(MatchPlan(match_id, kick_off, seed=seed, minutes=minutes))


def files(
    match_id: int = 1,
    *,
    day: str = "2024-11-02",
    seed: int = 1,
    minutes: float = 2.0,
    version: int = 1,
) -> dict[str, bytes]:
    """A match's four files by logical name; other versions are re-issues with other numbers."""
    made = _simulated(match_id, day, seed, minutes)
    if version > 1:
        made = reissued(made, seed=version)
    return {
        MATCH: json.dumps(made.match, ensure_ascii=False).encode(),
        TRACKING: made.tracking,
        EVENTS: made.events,
        PHASES: made.phases,
    }


def broken(good: Files, name: str, edit: Edit) -> dict[str, bytes]:
    """The files, one of them edited."""
    return {**good, name: edit(good[name])}


def with_json(edit: Callable[[dict[str, Any]], object]) -> Edit:
    """An edit of match.json, as a function that changes the decoded document in place."""

    def change(data: bytes) -> bytes:
        document = json.loads(data)
        edit(document)
        return json.dumps(document, ensure_ascii=False).encode()

    return change


def with_rows(edit: Callable[[list[dict[str, str]]], object]) -> Edit:
    """An edit of a CSV file, as a function that changes its decoded rows in place."""

    def change(data: bytes) -> bytes:
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        edit(rows)
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    return change


def with_lines(edit: Callable[[list[bytes]], object]) -> Edit:
    """An edit of a text file, as a function that changes its lines in place, ends included."""

    def change(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        edit(lines)
        return b"".join(lines)

    return change


def dearer(number: int, match_id: int = 1, day: str = "2024-11-02") -> dict[str, bytes]:
    """A match with another value in one run, 0.501 for 1 and so on: little is to be made again."""

    def change(rows: list[dict[str, str]]) -> None:
        run = next(row for row in rows if row["event_type"] == "off_ball_run")
        run["xthreat"] = f"0.5{number:02}"

    return broken(files(match_id, day=day), EVENTS, with_rows(change))


def with_frame(number: int, edit: Callable[[dict[str, Any]], object]) -> Edit:
    """An edit of one line of the tracking file, counted from 1, as a change of its document."""

    def change(lines: list[bytes]) -> None:
        lines[number - 1] = with_json(edit)(lines[number - 1]) + b"\n"

    return with_lines(change)


def frames_with_players(data: bytes) -> list[int]:
    """The numbers, from 1, of lines of a tracking file that hold positions."""
    lines = enumerate(data.splitlines(), start=1)
    return [number for number, line in lines if b'"player_data": []' not in line]


# --- the folder ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The complaint, without its hint."""
        return self._said("error: ")

    @property
    def hint(self) -> str:
        """The way out."""
        return self._said("hint:  ")

    def _said(self, head: str) -> str:
        return "\n".join(
            line.removeprefix(head) for line in self.err.splitlines() if line.startswith(head)
        )


@dataclass(frozen=True)
class World:
    """A folder with a configuration; commands run with it from inside."""

    folder: Path

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def do(self, *words: str | Path) -> Ended:
        """Run a command in this process, through the console script's own function."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "oe")
        with redirect_stdout(out), redirect_stderr(err), _as_if_called(self.folder, words):
            code = _exit_code(main)
        if code not in (0, 2, 3, 4):
            gc.collect()  # as the end of a process would: what the command held is given back
        return Ended(code, _text(out), _text(err))

    def well(self, *words: str | Path) -> Ended:
        """Run a command that must succeed."""
        ended = self.do(*words)
        assert ended.code == 0, ended.err
        return ended

    def process(self, *words: str | Path, **popen: Any) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        command = [sys.executable, "-m", "touchline.cli", *map(str, words)]
        piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, **{"cwd": self.folder, **piped, **popen})

    def apart(self, *words: str | Path, **popen: Any) -> Ended:
        """Run a command in a process of its own, to its end."""
        with self.process(*words, **popen) as process:
            out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)

    def configure(self, text: str) -> None:
        """Replace the configuration file."""
        (self.folder / "touchline.toml").write_text(text)

    def put(self, given: Files, match_id: int = 1) -> Path:
        """Lay a match's files out as the provider does, in place of those that were there."""
        folder = self.landing / "matches" / str(match_id)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, data in given.items():
            (folder / f"{match_id}_{name}").write_bytes(data)
        return folder

    def ingest(self, given: Files, match_id: int = 1) -> Ended:
        """Land a match's files."""
        return self.well("ingest", "tracking", self.put(given, match_id), "--json")

    def publish(self, given: Files, match_id: int = 1) -> None:
        """Land a match's files and run."""
        self.ingest(given, match_id)
        self.well("run")

    # --- what is there ------------------------------------------------------------------------

    @property
    def ledger(self) -> Path:
        return self.data / "ledger.db"

    def asked(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the ledger's file, read beside the program."""
        db = sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def heads(self, match_id: int = 1) -> dict[str, str]:
        """Table -> commit id of what is current of a match."""
        return dict(
            self.asked(
                "SELECT p.table_name, p.commit_id FROM heads h JOIN publishes p"
                " ON p.id = h.publish_id WHERE p.partition = ? AND p.table_name NOT LIKE '%rejected'",
                f"match_id={match_id}",
            )
        )

    def query(self, sql: str) -> pa.Table:
        """The rows of a SELECT, as `touchline query` has them."""
        with _inside(self.folder):
            return rows_of(Touchline(config.load(None)), sql)

    def one(self, sql: str) -> Any:
        """The one value of a SELECT."""
        return self.query(sql).column(0)[0].as_py()

    def contents(self, match_id: int | None = None) -> dict[str, tuple[int, str]]:
        """Table -> how many rows are current, and what they hold; of one match or of all.

        The files that the ledger names at one instant are read, not asked for by SQL.
        """
        listed = self.asked(
            "SELECT p.table_name, p.pieces FROM heads h JOIN publishes p ON p.id = h.publish_id"
            " WHERE p.partition = coalesce(?, p.partition) ORDER BY p.partition",
            None if match_id is None else f"match_id={match_id}",
        )
        found: dict[str, tuple[int, int]] = dict.fromkeys(TABLES, (0, 0))
        for table, pieces in listed:
            name = table.removeprefix("tracking.")
            for piece in json.loads(pieces) if name in found else ():
                rows = pl.read_parquet(
                    piece["path"].removeprefix("file://"), hive_partitioning=False
                )
                count, held = found[name]
                found[name] = (count + rows.height, held + int(rows.hash_rows(0).sum()))
        return {name: (count, f"{held:x}") for name, (count, held) in found.items()}

    def snapshots(self) -> dict[str, str]:
        """Table -> where its metadata lies: what other engines would read."""
        db = sqlite3.connect(f"file:{self.data / 'catalog.db'}?mode=ro", uri=True)
        try:
            found = dict(db.execute("SELECT table_name, metadata_location FROM iceberg_tables"))
        finally:
            db.close()
        return {name: at for name, at in found.items() if not name.endswith("_rejected")}

    def report(self, match_id: int = 1) -> dict[str, Any]:
        """The newest report on a match."""
        folder = self.data / "objects/metrics/tracking" / f"match_id={match_id}"
        newest = max(folder.glob("*.json"), key=lambda f: f.stat().st_mtime_ns)
        found: dict[str, Any] = json.loads(newest.read_bytes())
        return found

    def everything(self) -> dict[str, bytes]:
        """Every file in the folder, to see that a command wrote nothing; SQLite's own aside."""
        own = ("-wal", "-shm", "ledger.db")
        found = sorted(f for f in self.folder.rglob("*") if f.is_file())
        return {
            str(f.relative_to(self.folder)): f.read_bytes()
            for f in found
            if not f.name.endswith(own) and "owners" not in f.parent.name
        }


def world(folder: Path) -> World:
    """A new world in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = World(folder)
    made.configure("")
    return made


@contextmanager
def _as_if_called(folder: Path, words: tuple[str | Path, ...]) -> Iterator[None]:
    before = sys.argv
    sys.argv = ["touchline", *map(str, words)]
    try:
        with _inside(folder):
            yield
    finally:
        sys.argv = before


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _exit_code(command: Callable[[], None]) -> int:
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _text(stream: io.TextIOWrapper) -> str:
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


def utc(text: str) -> datetime:
    """The instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
