"""Spark as the executor of whole partitions: the same tables, the same publishes, clear errors."""

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from touchline.config import Config
from touchline.core import landing
from touchline.core.contracts import Contract
from touchline.core.pipeline import Job, Outcome
from touchline.core.pipeline.drive import Done, Platform, run
from touchline.core.ports import Engine
from touchline.errors import ConfigError, QualityError, TransientError
from touchline.tracking.simulate import MatchPlan, match, write
from touchline.tracking.source import files
from touchline.wiring import Touchline

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the socket of each result to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

NOW = datetime(2025, 1, 2, tzinfo=UTC)
PARTS = ("match_id=1", "match_id=2", "match_id=3")
REFUSED = "match_id=4"


def lacking() -> str:
    """What this machine lacks to run Spark."""
    lacks = [
        *(["pyspark"] if find_spec("pyspark") is None else []),
        *(["Java"] if shutil.which("java") is None and "JAVA_HOME" not in os.environ else []),
    ]
    return " and ".join(lacks)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """Two Spark workers on this machine that have had a job, and what they said meanwhile."""
    if lacking():
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"missing: {lacking()}")
    from touchline.adapters.spark import SparkExecutors

    found = SparkExecutors(2)
    said = tmp_path_factory.mktemp("said") / "output"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", "/nowhere/python")
        with outputs_to(said):
            assert list(found.map(abs, [-1])) == [1]
        yield found, said.read_text()
        found.close()


@pytest.fixture
def engine(started: tuple[Any, str]) -> Any:
    """Two Spark workers on this machine."""
    return started[0]


@contextmanager
def outputs_to(file: Path) -> Iterator[None]:
    """Standard output and error go to a file, those of processes started meanwhile for good."""
    kept = {number: os.dup(number) for number in (1, 2)}
    with file.open("wb") as out:
        for number in kept:
            os.dup2(out.fileno(), number)
        try:
            yield
        finally:
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)


# --- the pipeline -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of three matches, one with a row to reject, and of one whose phases are cut off."""
    folder = tmp_path_factory.mktemp("provided")
    for number in (1, 2, 3, 4):
        kick_off = datetime(2024, 11, number, 9, tzinfo=UTC)
        write(match(MatchPlan(number, kick_off, minutes=2.5)), folder)
    edit(folder / "matches/2/2_dynamic_events.csv", with_an_unknown_run)
    edit(folder / "matches/4/4_phases_of_play.csv", lambda text: text[:40])
    return folder


def with_an_unknown_run(events: bytes) -> bytes:
    """The events, the first run of them of a kind that there is not."""
    rows = list(csv.DictReader(io.StringIO(events.decode())))
    next(r for r in rows if r["event_type"] == "off_ball_run")["event_subtype"] = "upwards"
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def edit(file: Path, change: Callable[[bytes], bytes]) -> None:
    before = file.read_bytes()
    file.write_bytes(change(before))
    assert file.read_bytes() != before


def landed(provided: Path, folder: Path) -> Touchline:
    """A new place where the files have arrived."""
    here = Touchline(Config(folder=str(folder)))
    found, _ = files.recognised([provided], folder)
    arrivals = files.arrivals(found)
    assert list(landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=NOW))
    return here


def ends(here: Touchline, platform: Platform, *parts: str) -> dict[str, Done]:
    """How each partition ended."""
    done = run(here.pipeline("tracking"), platform, parts=parts or None)
    return {d.partition: d for d in done}


@pytest.fixture(scope="module")
def usual(provided: Path, tmp_path_factory: pytest.TempPathFactory) -> Touchline:
    """Where this process has made everything."""
    here = landed(provided, tmp_path_factory.mktemp("usual"))
    assert set(ends(here, here.platform())) == {*PARTS, REFUSED}
    return here


@pytest.fixture(scope="module")
def sparked(
    provided: Path, tmp_path_factory: pytest.TempPathFactory, started: tuple[Any, str]
) -> Touchline:
    """Where Spark has made everything, through the session that is there."""
    here = landed(provided, tmp_path_factory.mktemp("sparked"))
    assert set(ends(here, here.platform(workers=2, engine="spark"))) == {*PARTS, REFUSED}
    return here


def stored(here: Touchline, contract: Contract) -> pl.DataFrame:
    """The table's current rows, in the order of its key; who rejected a row is left out."""
    current = here.ledger.current([contract.table])[contract.table]
    pieces = [piece for publish in current.values() for piece in publish.pieces]
    rows = pl.from_arrow(here.tables.read(contract, pieces))
    assert isinstance(rows, pl.DataFrame)
    return rows.drop("run_id", strict=False).sort(contract.key or pl.all())


def same(here: Touchline, there: Touchline) -> dict[str, int]:
    """Table -> rows, which are the same in both places: floats to 1e-9, all else exactly."""
    found = {}
    for contract in here.pipeline("tracking").contracts:
        rows = stored(here, contract)
        assert_frame_equal(rows, stored(there, contract), rel_tol=0.0, abs_tol=1e-9)
        found[contract.table] = rows.height
    return found


def published(here: Touchline) -> dict[tuple[str, str], Any]:
    """What the ledger says is current, without what no two runs share."""
    tables = [c.table for c in here.pipeline("tracking").contracts]
    own = {"run_id": "", "commit_id": "", "snapshot_id": "", "published_at": None, "pieces": ()}
    rejected = {"derivation": "", "content": ""}
    return {
        (table, part): replace(p, **own, **({} if p.made_from else rejected))
        for table, parts in here.ledger.current(tables).items()
        for part, p in parts.items()
    }


def reported(here: Touchline) -> dict[str, Any]:
    """The last run of each partition: status, message, and rows by step."""
    return {
        r.partition: (
            r.status,
            r.message,
            [(s["table"], s["rows"], s["rejected"]) for s in r.report["steps"]],
        )
        for r in here.ledger.runs(pipeline="tracking")
    }


def test_spark_makes_the_same_tables_as_this_process(usual: Touchline, sparked: Touchline) -> None:
    rows = same(usual, sparked)
    assert rows["tracking.matches"] == 3
    assert rows["tracking.player_metrics"] > 3 * 22
    assert rows["tracking.frames"] > 10_000
    assert rows["tracking.events_rejected"] == 1


def test_the_ledger_has_the_same_publishes(usual: Touchline, sparked: Touchline) -> None:
    assert published(sparked) == published(usual)
    assert {part for _, part in published(sparked)} == set(PARTS)


def test_the_same_match_is_refused_with_the_same_words(
    usual: Touchline, sparked: Touchline
) -> None:
    assert reported(sparked) == reported(usual)
    assert {part: status for part, (status, *_) in reported(sparked).items()} == {
        **dict.fromkeys(PARTS, "published"),
        REFUSED: "refused",
    }


def lost_once(task: Callable[[Job], Outcome], mark: Path) -> Callable[[Job], Outcome]:
    """The task, whose worker is killed the first time as it has staged half of each file."""

    def attempt(job: Job) -> Outcome:
        outcome = task(job)
        if not mark.exists():
            mark.touch()
            for piece in (p for s in (*outcome.staged, *outcome.rejected) for p in s.pieces):
                os.truncate(piece.path.removeprefix("file://"), piece.bytes // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    return attempt


def test_a_worker_killed_while_it_stages_is_tried_again_and_publishes_once(
    usual: Touchline, provided: Path, engine: Engine, tmp_path: Path
) -> None:
    here = landed(provided / "matches/1", tmp_path)
    platform = here.platform()
    task = lost_once(platform.task, tmp_path / "mark")
    done = ends(here, replace(platform, engine=engine, task=task), *PARTS[:1])
    assert (tmp_path / "mark").exists()
    assert {part: d.error for part, d in done.items()} == {PARTS[0]: None}
    for contract in here.pipeline("tracking").contracts:
        rows = stored(usual, contract).filter(pl.col("match_id") == 1)
        assert_frame_equal(stored(here, contract), rows, rel_tol=0.0, abs_tol=1e-9)
    current = here.ledger.current([c.table for c in here.pipeline("tracking").contracts])
    pieces = {p.path for parts in current.values() for one in parts.values() for p in one.pieces}
    assert {f"file://{f}" for f in tmp_path.rglob("*.parquet")} == pieces


# --- outcomes and errors ------------------------------------------------------------------------


def test_outcomes_come_as_they_are_ready(engine: Engine, tmp_path: Path) -> None:
    mark = tmp_path / "go"

    def waiting(name: str) -> str:
        for _ in range(1200):
            if name == "quick" or mark.exists():
                return name
            time.sleep(0.05)
        return "never told to go"

    seen = []
    for name in engine.map(waiting, ["slow", "quick"]):
        seen.append(name)
        mark.touch()
    assert seen == ["quick", "slow"]


def test_no_jobs_have_no_outcomes(engine: Engine) -> None:
    assert list(engine.map(abs, [])) == []


def test_an_expected_error_arrives_with_its_hint_and_facts(engine: Engine) -> None:
    def refused(job: int) -> int:
        raise QualityError(f"job {job}: refused", hint="read the report", rows=2)

    with pytest.raises(QualityError, match="job 7: refused") as caught:
        list(engine.map(refused, [7]))
    assert caught.value.hint == "read the report"
    assert caught.value.facts == {"rows": 2}


def test_a_bug_arrives_as_it_was_raised_with_the_workers_traceback(engine: Engine) -> None:
    def broken(job: int) -> float:
        return 1 / job

    with pytest.raises(ZeroDivisionError) as caught:
        list(engine.map(broken, [0]))
    assert "in broken" in caught.value.__notes__[0]


def test_an_error_that_cannot_travel_arrives_as_text(engine: Engine) -> None:
    class TwoWordsError(Exception):
        def __init__(self, one: str, two: str) -> None:
            super().__init__(f"{one} {two}")

    def broken(job: int) -> int:
        raise TwoWordsError("bad", "luck")

    with pytest.raises(RuntimeError, match="TwoWordsError: bad luck"):
        list(engine.map(broken, [1]))


def test_a_job_whose_workers_are_killed_again_and_again_is_a_transient_error(
    engine: Engine, tmp_path: Path
) -> None:
    def killed(job: int) -> None:
        (tmp_path / str(time.time_ns())).touch()
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(TransientError, match=r"^Spark: .*failed 4 times.*worker exited") as caught:
        list(engine.map(killed, [1]))
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert len(list(tmp_path.iterdir())) == 4


def test_whoever_stops_reading_ends_the_work(engine: Engine) -> None:
    from pyspark.sql import SparkSession

    def slept(seconds: int) -> int:
        time.sleep(seconds)
        return seconds

    outcomes = engine.map(slept, [0, 3600])
    assert next(outcomes) == 0
    outcomes.close()  # type: ignore[attr-defined]
    tracker = SparkSession.active().sparkContext.statusTracker()
    assert list(tracker.getActiveJobsIds()) == []


# --- sessions -----------------------------------------------------------------------------------


def test_workers_have_this_interpreter_their_share_of_threads_and_no_pandas(engine: Engine) -> None:
    def seen(job: int) -> tuple[str, str, bool]:
        return sys.executable, os.environ["POLARS_MAX_THREADS"], "pandas" in sys.modules

    share = max(1, (os.cpu_count() or 1) // 2)
    assert list(engine.map(seen, [1])) == [(sys.executable, str(share), False)]


def test_a_session_of_our_own_is_quiet(started: tuple[Any, str]) -> None:
    _, said = started
    assert [line for line in said.splitlines() if "incubator modules" not in line] == []


def test_an_active_session_is_used_and_left(engine: Engine) -> None:
    from touchline.adapters.spark import SparkExecutors

    other = SparkExecutors(1)
    assert list(other.map(abs, [-2])) == [2]
    other.close()
    assert list(engine.map(abs, [-3])) == [3]


def test_a_closed_engine_starts_again_on_the_master_it_is_told(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import SparkSession

    engine.close()
    assert SparkSession.getActiveSession() is None
    monkeypatch.setenv("SPARK_MASTER", "nonsense")
    with pytest.raises(ConfigError, match=r"Spark does not start: .*nonsense"):
        list(engine.map(abs, [-1]))
    monkeypatch.setenv("SPARK_MASTER", "local[3,2]")
    assert list(engine.map(abs, [-1])) == [1]
    assert SparkSession.active().sparkContext.master == "local[3,2]"
    assert SparkSession.active().sparkContext.uiWebUrl is None


# --- what is missing ----------------------------------------------------------


def apart(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own."""
    start = [sys.executable, "-W", "ignore", "-c", program]
    given = {k: v for k, v in os.environ.items() if k not in ("JAVA_HOME", "PYSPARK_PYTHON")}
    return subprocess.run(
        start, env={**given, **environment}, capture_output=True, text=True, timeout=120
    )


def test_without_pyspark_the_error_says_what_to_install(tmp_path: Path) -> None:
    ended = apart(
        "import sys; sys.modules['pyspark'] = sys.modules['py4j'] = None\n"
        "from touchline.errors import ConfigError\n"
        "from touchline.config import Config\n"
        "from touchline.wiring import Touchline\n"
        f"try: Touchline(Config(folder={str(tmp_path)!r})).platform(engine='spark')\n"
        "except ConfigError as error: print(f'{error} | {error.hint}')\n"
    )
    assert ended.stdout.startswith("no Spark here: "), ended.stderr
    assert ended.stdout.endswith(" | pip install touchline[spark]\n")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PATH": "/nowhere"}, "no Java on the PATH: Spark runs on it"),
        ({"JAVA_HOME": "/nowhere"}, "no Java in JAVA_HOME=/nowhere: Spark runs on it"),
    ],
)
def test_without_java_the_error_says_so(
    environment: dict[str, str], said: str, engine: Engine
) -> None:
    ended = apart(
        "from touchline.errors import ConfigError\n"
        "from touchline.adapters.spark import SparkExecutors\n"
        "try: list(SparkExecutors(1).map(abs, [1]))\n"
        "except ConfigError as error: print(f'{error} | {error.hint}')\n",
        **environment,
    )
    assert ended.stdout == f"{said} | install Java 17 or later, or set JAVA_HOME\n", ended.stderr
