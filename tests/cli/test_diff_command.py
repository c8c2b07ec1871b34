"""diff: what a re-issue changed, and what it would change before it is published."""

import json
from pathlib import Path

import pytest
from days import lines, put
from world import MATCH, World, broken, dearer, files, with_json, world

DAY = "2025-01-01"


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A match and its re-issue, in which one run has another xThreat."""
    made = world(tmp_path_factory.mktemp("twice"))
    made.publish(files(1))
    made.publish(dearer(1))
    return made


def test_a_re_issue_is_told_row_by_row_and_column_by_column(twice: World) -> None:
    ended = twice.well("diff", "tracking.player_runs", "match_id=1")
    assert "0 added, 0 removed, 1 changed" in ended.out
    assert "max_xthreat" in ended.out
    assert "threat_per_90" in ended.out


def test_of_a_first_publish_all_rows_were_added(published: World) -> None:
    ended = published.well("diff", "players", "match_id=1")
    first, counts, *_ = ended.out.splitlines()
    assert "match_id=1  nothing -> 20" in first
    assert counts == f"{published.contents(1)['players'][0]} added, 0 removed, 0 changed"


def test_as_json_it_has_numbers_before_and_after(twice: World) -> None:
    found = json.loads(twice.well("diff", "events", "match_id=1", "--json").out)
    assert (found["added"], found["removed"], found["changed"]) == (0, 0, 1)
    (column,) = found["columns"]
    assert column["column"] == "xthreat"
    (row,) = found["rows"]
    assert row["columns"]["xthreat"][1] == 0.501


def test_what_did_not_change_is_the_same_rows(twice: World) -> None:
    runs = [r["run"] for r in twice.well("runs", "--json").rows]
    ended = twice.well("diff", "players", "match_id=1", "--dry-run")
    assert ended.out.splitlines()[1:] == ["would be published", "the same rows"]
    other = twice.well("diff", "events", "match_id=1", "--from", runs[0], "--to", runs[0])
    assert other.out.splitlines()[1:] == ["the same rows"]
    told = json.loads(twice.well("diff", "players", "match_id=1", "--dry-run", "--json").out)
    assert (told["same"], told["verdict"]) == (True, "would be published")


def test_rows_that_only_came_or_went_are_told_so(tmp_path: Path) -> None:
    made = world(tmp_path)
    put(made, DAY, lines(DAY))
    made.well("ingest", "activity", made.folder / "landing")
    made.well("run")
    put(made, DAY, lines(DAY, 8, seed=2), "late.json")
    made.well("ingest", "activity", made.folder / "landing")
    made.well("run")
    ended = made.well("diff", "curated_events", f"ingestion_date={DAY}")
    assert "rows were only added or removed: no row that is in both differs" in ended.out


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_that_a_run_would_refuse_it_is_the_answer_of_a_dry_run(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    made = world(tmp_path)
    made.ingest(broken(files(1), MATCH, with_json(lambda d: d.update(pitch_length=9))))
    ended = made.do("diff", "players", "match_id=1", "--dry-run", *words)
    assert ended.code == 3
    assert "would be refused" in ended.out
    assert "touchline run would refuse it so" in ended.hint
    if words:
        told = json.loads(ended.out)
        assert (told["verdict"], told["because"]) == ("would be refused", ended.error)


def test_what_a_dry_run_warns_of_is_part_of_the_answer(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.configure('[tracking.baseline]\nseverity = "warn"\n')
    for number in range(1, 6):
        made.ingest(files(number, minutes=4.0 if number == 5 else 2.0), number)
    made.well("run")
    ended = made.well("diff", "players", "match_id=5", "--dry-run")
    assert "would be published, warned: tracking." in ended.out
    assert "tracking.frames: baseline rows: " in ended.out
    assert ended.err == ""


def test_a_dry_run_tells_what_would_change_and_publishes_nothing(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.publish(files(1))
    made.ingest(dearer(2))
    before = made.heads(), made.contents(1), made.asked("SELECT count(*) FROM runs")
    ended = made.well("diff", "events", "match_id=1", "--dry-run", "--json")
    assert json.loads(ended.out)["rows"][0]["columns"]["xthreat"][1] == 0.502
    assert (made.heads(), made.contents(1), made.asked("SELECT count(*) FROM runs")) == before
    assert not list((made.data / "warehouse").rglob("*would*"))
    made.well("run")
    assert made.contents(1) != before[1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("events", "match_id=1", "--from", "1999"),
            2,
            "no publish that is kept is of a run '1999'",
        ),
        (("events", "match_id=404"), 4, "never published"),
        (("events", "match_id=../1"), 2, "match_id"),
        (("events", "ingestion_date=2025-01-01"), 2, "no key ingestion_date"),
        (("goals", "match_id=1"), 2, "no table 'goals'"),
        (("events.xthreat", "match_id=1"), 2, "a column; give a table"),
        (("events", "match_id=1", "--dry-run", "--from", "20"), 2, "--dry-run compares"),
        (("events", "match_id=404", "--dry-run"), 4, "missing match.json"),
    ],
)
def test_wrong_use_is_told(twice: World, words: tuple[str, ...], code: int, said: str) -> None:
    ended = twice.do("diff", *words)
    assert ended.code == code, ended.err
    assert said in ended.error


def test_numbers_of_rows_have_their_thousands_set_apart(published: World) -> None:
    rows, _ = published.contents(1)["frames"]
    ended = published.well("diff", "frames", "match_id=1", "--rows", "0")
    assert rows >= 1000
    assert f"0 -> {rows:,} rows" in ended.out
    assert f"{rows:,} added, 0 removed, 0 changed" in ended.out
