"""Two commands on the same match at once: one publishes, the other is told who holds it."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from phases import children, claims, gone, marks, reached
from stored import disagreeing, orphans
from world import Ended, World, files, world

from touchline import config
from touchline.wiring import Touchline


def ledger_of(world: World) -> Touchline:
    return Touchline(config.load(world.folder / "touchline.toml"))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Match 1, published in two versions."""
    made = world(tmp_path_factory.mktemp("twice"))
    for version in (1, 2):
        made.publish(files(1, version=version))
    return made


def test_of_two_runs_on_one_match_one_publishes_and_one_exits_6(empty: World) -> None:
    empty.ingest(files(1))
    empty.ingest(files(2), 2)
    empty.well("status")
    before = marks(empty)

    with empty.process("run", "--partition", "match_id=1", "--json") as first:
        reached(empty, first, before, "working")
        second = empty.do("run", "--json")
        _out, err = first.communicate(timeout=60)

    assert first.returncode == 0, err
    assert second.code == 6
    assert second.error == f"tracking match_id=1: held by process {first.pid}"
    assert "run again" in second.hint
    states = {row["partition"]: row["status"] for row in second.rows}
    assert states == {"match_id=1": "held", "match_id=2": "published"}
    assert len(empty.asked("SELECT * FROM publishes WHERE table_name = 'tracking.matches'")) == 2
    assert disagreeing(empty) == {}
    assert claims(empty) == []


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--force"),
        ("backfill", "tracking", "1", "1", "--redo"),
        ("rollback", "tracking.player_metrics", "match_id=1"),
    ],
    ids=lambda words: words[0],
)
def test_a_match_that_somebody_holds_is_left_alone(twice: World, words: tuple[str, ...]) -> None:
    heads = twice.heads()

    with ledger_of(twice).ledger.claim("tracking", ["match_id=1"]) as held:
        ended = twice.do(*words)
        meanwhile = twice.heads()
    after = twice.do(*words)

    assert held.held == ("match_id=1",)
    assert ended.code == 6
    assert "match_id=1: held by process" in ended.error
    assert ended.hint
    assert meanwhile == heads
    assert after.code == 0
    assert twice.heads() != heads


def test_two_runs_on_different_matches_do_not_disturb_each_other(empty: World) -> None:
    for match_id in (1, 2):
        empty.ingest(files(match_id), match_id)
    empty.well("status")

    both = [empty.process("run", "--partition", f"match_id={n}") for n in (1, 2)]
    ends = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], ends
    assert all(len(empty.heads(match_id)) == 12 for match_id in (1, 2))
    assert disagreeing(empty) == {}
    empty.well("maintain")
    assert orphans(empty) == []


def test_maintain_beside_a_run_takes_nothing_from_it(empty: World) -> None:
    empty.publish(files(1))
    empty.ingest(files(1, version=2))
    before = marks(empty)

    with empty.process("run") as process:
        reached(empty, process, before, "staging")
        ended = empty.do("maintain")
        _, err = process.communicate(timeout=120)

    assert (process.returncode, ended.code) == (0, 0), err
    assert disagreeing(empty) == {}
    assert empty.one("SELECT count(*) FROM tracking.player_metrics") > 0
    empty.well("maintain")
    assert orphans(empty) == []


def test_ingest_beside_a_run_is_not_lost(empty: World) -> None:
    empty.ingest(files(1))
    empty.well("status")
    before = marks(empty)

    with empty.process("run") as process:
        reached(empty, process, before, "working")
        empty.ingest(files(1, version=2))
        process.communicate(timeout=120)
    planned = {row["table"] for row in empty.well("plan", "--json").rows}

    assert process.returncode == 0
    assert "tracking.events" in planned


def test_a_worker_process_that_is_killed_is_an_error_that_may_pass(empty: World) -> None:
    ended, heads = Ended(0, "", ""), dict[str, str]()
    for version in range(1, 9):
        empty.ingest(files(1, version=version))
        heads = empty.heads()
        ended = with_its_workers_killed(empty)
        if ended.code:
            break
        assert empty.heads() != heads, "a run whose workers were killed too late publishes"

    assert ended.code == 5, "eight kills in a row came too late"
    assert "Traceback" not in ended.err
    assert "a worker process was ended from outside" in ended.err
    assert empty.heads() == heads
    assert claims(empty) == []
    empty.well("run")
    assert len(empty.heads()) == 12
    assert empty.heads() != heads


def with_its_workers_killed(world: World) -> Ended:
    """How a run ends whose workers are killed once the first table is staged."""
    before = marks(world)
    with world.process("run", "--workers", "2") as process:
        reached(world, process, before, "staging")
        workers = [pid for pid in children(process.pid) if "spawn_main" in command_of(pid)]
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
    assert gone(workers)
    return Ended(process.returncode, out, err)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
