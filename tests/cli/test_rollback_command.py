"""rollback, --as-of and maintain: earlier publishes, and what is kept of them."""

from datetime import UTC, datetime, timedelta

import pytest
from stored import disagreeing, missing, orphans
from world import World, dearer, world

from touchline import config
from touchline.core.rollback import readers
from touchline.wiring import Touchline

METRICS = "tracking.player_metrics"
RUNS = "tracking.player_runs"


def value(world: World, table: str = METRICS, *words: str) -> float:
    sql = f"SELECT max(max_xthreat) AS seen FROM {table} WHERE match_id = 1"
    seen: float = world.well("query", sql, "--json", *words).rows[0]["seen"]
    return seen


def latest_run(world: World) -> str:
    run: str = world.well("runs", "--limit", "1", "--json").rows[0]["run"]
    return run


@pytest.fixture
def twice(empty: World) -> World:
    """Match 1, published with the values 0.501 and then 0.502."""
    empty.publish(dearer(1))
    empty.publish(dearer(2))
    assert value(empty) == 0.502
    return empty


def test_a_rollback_brings_back_the_publish_before(twice: World) -> None:
    ended = twice.well("rollback", METRICS, "match_id=1")

    assert value(twice) == 0.501
    assert "tracking.player_metrics match_id=1 is as run" in ended.err
    assert disagreeing(twice) == {}


def test_a_run_does_not_undo_a_rollback_and_a_later_reissue_does(twice: World) -> None:
    twice.well("rollback", METRICS, "match_id=1")

    assert twice.well("run", "--json").rows == []
    assert value(twice) == 0.501
    twice.publish(dearer(3))
    assert value(twice) == 0.503


def test_what_is_made_from_a_rolled_back_table_is_stale_and_follows_it(twice: World) -> None:
    twice.well("rollback", RUNS, "match_id=1")

    planned = twice.well("plan", "--json").rows
    between = value(twice)
    twice.well("run")

    assert [(row["table"], row["reason"]) for row in planned] == [
        (METRICS, f"{RUNS} was published again")
    ]
    assert between == 0.502
    assert value(twice) == value(twice, RUNS) == 0.501
    assert twice.well("plan", "--json").rows == []


def test_a_rollback_can_name_the_run(twice: World) -> None:
    first, *_ = reversed(twice.well("runs", "--json").rows)
    twice.publish(dearer(3))

    twice.well("rollback", METRICS, "match_id=1", "--to", first["run"])

    assert value(twice) == 0.501


def test_two_rollbacks_swap_between_two_versions(twice: World) -> None:
    twice.well("rollback", METRICS, "match_id=1")
    twice.well("rollback", METRICS, "match_id=1")

    assert value(twice) == 0.502


def test_a_rollback_that_cannot_be_done_changes_nothing(twice: World) -> None:
    current = latest_run(twice)
    heads = twice.heads()
    cases = {
        (METRICS, "match_id=1", "--to", "1999"): (2, "no publish that is kept is of a run '1999'"),
        (METRICS, "match=1"): (2, "no key match; there is: match_id"),
        (METRICS, "match_id=1", "--to", current): (2, current, "is current already"),
        (METRICS, "match_id=1", "--to", "20"): (2, "several runs begin with '20'"),
        (METRICS, "match_id=7"): (4, "match_id=7: never published"),
        (METRICS, "match_id"): (2, "expected column=value"),
        (METRICS, "match_id=../1"): (2, "match_id=../1"),
        (METRICS + ".run_count", "match_id=1"): (2, "a column; give a table"),
        ("tracking.nothing", "match_id=1"): (2, "no table 'tracking.nothing'"),
        ("tracking.bronze_frames", "match_id=1"): (2, "bronze"),
        ("tracking.matches", "match_id=1"): (4, "no earlier publish"),
    }

    ended = {words: twice.do("rollback", *words) for words in cases}

    for words, (code, *said) in cases.items():
        assert ended[words].code == code, (words, ended[words].err)
        assert all(text in ended[words].error for text in said), (words, ended[words].err)
        assert ended[words].hint, words
    assert twice.heads() == heads


def test_a_run_that_cannot_be_gone_back_to_is_answered_with_those_that_can(twice: World) -> None:
    second, first = (str(row["run"]) for row in twice.well("runs", "--json").rows)

    of_two = twice.do("rollback", METRICS, "match_id=1", "--to", "nosuch")
    of_one = twice.do("rollback", "tracking.matches", "match_id=1", "--to", "nosuch")

    assert (of_two.code, of_one.code) == (2, 2)
    assert of_two.hint == f"runs that can be named: {first}"
    assert of_one.hint == f"runs that can be named: none but {first}, the current one"
    assert second not in of_two.hint


def test_a_table_is_read_by_those_whose_steps_name_it_or_what_is_made_from_it() -> None:
    pipeline = Touchline(config.Config()).pipeline("tracking")

    assert readers(pipeline, METRICS) == []
    assert readers(pipeline, RUNS) == [METRICS]
    assert "tracking.sprints" in readers(pipeline, "tracking.frames")


def test_as_of_answers_what_was_published_then(empty: World) -> None:
    before = datetime.now(UTC)
    empty.publish(dearer(1))
    between = datetime.now(UTC)
    empty.publish(dearer(2))

    assert value(empty, METRICS, "--as-of", between.isoformat()) == 0.501
    assert value(empty, METRICS, "--as-of", datetime.now(UTC).isoformat()) == 0.502
    assert value(empty, METRICS, "--as-of", before.isoformat()) is None


def test_as_of_before_what_is_kept_is_refused_and_not_answered_with_less(empty: World) -> None:
    empty.configure("[retention]\npublishes = 1\ndays = 0\n")
    empty.publish(dearer(1))
    between = datetime.now(UTC)
    empty.publish(dearer(2))
    empty.well("maintain")

    ended = empty.do("query", f"SELECT * FROM {METRICS}", "--as-of", between.isoformat())

    assert ended.code == 2
    assert METRICS in ended.error
    assert "retention" in ended.hint
    assert value(empty, METRICS, "--as-of", datetime.now(UTC).isoformat()) == 0.502


def test_as_of_wants_an_instant(twice: World) -> None:
    ended = twice.do("query", "SELECT 1", "--as-of", "noon")

    assert ended.code == 2
    assert "'noon' is not an instant" in ended.err


# --- maintain


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Match 1, published eight times, of which three are to be kept; then maintained."""
    made = world(tmp_path_factory.mktemp("many"))
    made.configure("[retention]\npublishes = 3\ndays = 0\n")
    for number in range(1, 9):
        made.publish(dearer(number))
    return made


def test_maintain_leaves_no_orphan_and_the_answers_as_they_were(many: World) -> None:
    before = many.contents()

    rows = {row["table"]: row for row in many.well("maintain", "--json").rows}

    assert orphans(many) == []
    assert missing(many) == []
    assert disagreeing(many) == {}
    assert many.contents() == before
    assert rows[METRICS]["publishes forgotten"] == 5
    assert rows[METRICS]["files deleted"] > 0
    kept = many.asked("SELECT count(*) FROM publishes WHERE table_name = ?", METRICS)
    assert kept == [(3,)]


def test_maintain_again_finds_nothing_to_do(many: World) -> None:
    many.well("maintain")

    again = many.well("maintain", "--json").rows

    assert {(r["publishes forgotten"], r["compacted"], r["snapshots expired"]) for r in again} == {
        (0, 0, 0)
    }


def test_rollback_within_what_is_kept_works_after_maintain(many: World) -> None:
    many.well("maintain")
    assert value(many) == 0.508

    many.well("rollback", METRICS, "match_id=1")
    assert value(many) == 0.507
    many.publish(dearer(9))
    many.well("maintain")

    assert value(many) == 0.509
    assert orphans(many) == []
    assert missing(many) == []


def test_young_publishes_are_kept_however_many_there_are(empty: World) -> None:
    empty.configure("[retention]\npublishes = 1\ndays = 7\n")
    empty.publish(dearer(1))
    at = datetime.now(UTC) + timedelta(seconds=0)
    empty.publish(dearer(2))

    empty.well("maintain")

    assert value(empty, METRICS, "--as-of", at.isoformat()) == 0.501
    empty.well("rollback", METRICS, "match_id=1")
    assert value(empty) == 0.501


def test_maintain_before_anything_arrived_is_no_work(empty: World) -> None:
    assert empty.well("maintain", "--json").rows == []
