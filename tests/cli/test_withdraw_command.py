"""withdraw: a landed file that should not count is taken out, told wherever files are, and put back."""

import json
from pathlib import Path

import pytest
from world import EVENTS, MATCH, World, files, world

from touchline import config
from touchline.core import alerts
from touchline.core.alerts import Observed, of_partition
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger
from touchline.server.partition_page import page
from touchline.wiring import Touchline

DAY = "2025-01-01"
PART = f"ingestion_date={DAY}"
TABLE = "activity.curated_events"
GOOD, BAD = "events/app/good.json", "events/app/bad.json"


def event(number: int, **more: object) -> str:
    told = {
        "event_id": f"e{number}",
        "user_id": f"u{number % 7}",
        "event_type": "login",
        "event_ts": f"{DAY}T00:00:{number % 60:02}Z",
        "amount": None,
    }
    return json.dumps({**told, **more}) + "\n"


def put(into: World, name: str, lines: str) -> Path:
    place = into.folder / f"raw/source_system=app/ingestion_date={DAY}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(lines)
    return place


@pytest.fixture
def day(tmp_path: Path) -> World:
    """A day of two files, run."""
    made = world(tmp_path)
    for first, name in ((1, "good.json"), (31, "bad.json")):
        lines = "".join(event(n) for n in range(first, first + 20))
        made.well("ingest", "activity", put(made, name, lines))
    made.well("run")
    return made


def count(of: World) -> int:
    found: int = of.one(f"SELECT count(*) FROM {TABLE}")
    return found


def states(of: World) -> dict[str, str]:
    rows = of.well("withdraw", "activity", PART, "--json").rows
    return {row["name"]: row["state"] for row in rows}


def test_what_is_withdrawn_goes_with_the_next_run_and_comes_back_when_put_back(
    day: World,
) -> None:
    assert states(day) == {GOOD: "counts", BAD: "counts"}
    said = day.well("withdraw", "activity", PART, BAD, "--because", "a test file")
    assert "1 file of ingestion_date=2025-01-01 withdrawn" in said.err
    assert "a test file" in said.out
    (row,) = day.well("plan", "activity", "--json").rows
    assert row["reason"].startswith("withdrawn: ")
    assert row["reason"].endswith("bad.json")
    assert (count(day), states(day)) == (40, {GOOD: "counts", BAD: "withdrawn"})
    day.well("run")
    assert count(day) == 20
    assert day.one("SELECT count(DISTINCT sha256) FROM activity.bronze_events") == 1

    day.well("withdraw", "activity", PART, BAD, "--undo")
    day.well("run")
    assert (count(day), states(day)) == (40, {GOOD: "counts", BAD: "counts"})


def test_ingest_says_that_the_same_content_stays_withdrawn_and_takes_another(day: World) -> None:
    day.well("withdraw", "activity", PART, BAD, "--because", "a test file")
    place = day.folder / f"raw/source_system=app/ingestion_date={DAY}/bad.json"
    again = day.well("ingest", "activity", place, "--json")
    assert again.rows == [
        {"partition": PART, "new": 0, "re-issued": 0, "unchanged": 1, "missing": None}
    ]
    assert f"{PART} {BAD} stays withdrawn" in again.err
    assert f"touchline withdraw activity {PART} {BAD} --undo" in again.err
    assert states(day)[BAD] == "withdrawn"

    put(day, "bad.json", event(90))
    (row,) = day.well("ingest", "activity", place, "--json").rows
    assert row["re-issued"] == 1
    assert states(day)[BAD] == "counts"
    day.well("run")
    assert count(day) == 21


def test_a_day_without_files_is_emptied_and_shown_as_withdrawn(day: World) -> None:
    said = day.well("withdraw", "activity", PART, GOOD, BAD, "--because", "the wrong day")
    assert "nothing that arrived for it counts any more: touchline run empties" in said.err
    (planned,) = day.well("plan", "activity", "--partition", PART, "--json").rows
    assert planned["reason"] == "every file was withdrawn"
    (ran,) = day.well("run", "--partition", PART, "--json").rows
    assert (ran["status"], ran["rows"]) == ("withdrawn", 0)
    assert count(day) == 0
    (stands,) = day.well("status", "activity", "--json").rows
    assert (stands["state"], stands["published"]) == ("withdrawn", 0)
    assert stands["message"] == "every file was withdrawn: the wrong day"
    assert "every file was withdrawn" in day.well("show", ran["run"]).out
    assert day.well("run", "--json").rows == []
    assert "everything is fresh" in day.well("run").out
    assert "nothing is stale" in day.well("plan").out
    assert "all is well" in day.well("check").out

    ended = day.do("diff", TABLE, PART, "--dry-run")
    assert (ended.code, "every file was withdrawn" in ended.error) == (4, True)
    day.well("rollback", TABLE, PART)
    assert day.well("plan", "--json").rows == []
    assert count(day) == 40


def test_a_backfill_empties_it_too(day: World) -> None:
    day.well("withdraw", "activity", PART, GOOD, BAD, "--because", "the wrong day")
    (ran,) = day.well("backfill", "activity", DAY, DAY, "--json").rows
    assert ran["status"] == "withdrawn"


def test_the_pages_tell_what_was_withdrawn_and_why(day: World) -> None:
    day.well("withdraw", "activity", PART, BAD, "--because", "a <test> file")
    here = Touchline(config.load(day.folder / "touchline.toml"))
    assert "withdrawn: a &lt;test&gt; file" in page(here, "activity", PART)
    day.well("withdraw", "activity", PART, GOOD, "--because", "another")
    day.well("run")
    whole = page(here, "activity", PART)
    assert "withdrawn: another" in whole
    assert "every file was withdrawn: another; a &lt;test&gt; file" in whole


def test_to_say_it_twice_changes_nothing(day: World) -> None:
    day.well("withdraw", "activity", PART, BAD, "--because", "a test file")
    before = day.asked("SELECT count(*) FROM receipts"), day.everything()
    again = day.well("withdraw", "activity", PART, BAD, "--because", "and again")
    assert "nothing changed: withdrawn already" in again.err
    assert "a test file" in again.out
    assert (
        "nothing changed: none was withdrawn"
        in day.well("withdraw", "activity", PART, GOOD, "--undo").err
    )
    assert (day.asked("SELECT count(*) FROM receipts"), day.everything()) == before


@pytest.mark.parametrize(
    ("words", "code", "said", "hint"),
    [
        (("activity", PART, BAD), 2, "--because is empty", ""),
        (("activity", PART, BAD, "--because", " "), 2, "--because is empty", ""),
        (("activity", PART, BAD, "--because", "x", "--undo"), 2, "give one of them", ""),
        (
            ("activity", PART, "--because", "x"),
            2,
            "which files?",
            f"withdraw activity {PART} lists",
        ),
        (("activity", PART, "--undo"), 2, "which files?", "lists them"),
        (
            ("activity", PART, "bad.json", "--because", "x"),
            2,
            "nothing has arrived as bad.json",
            f"there is: {GOOD}, {BAD}",
        ),
        (("activity", "ingestion_date=2025-01-02"), 4, "nothing has arrived", f"there is: {PART}"),
        (("activity", "match_id=1"), 2, "match_id", ""),
        (("sales", PART), 2, "sales", "activity"),
    ],
)
def test_what_cannot_be_withdrawn_is_refused_with_what_there_is(
    day: World, words: tuple[str, ...], code: int, said: str, hint: str
) -> None:
    before = day.asked("SELECT count(*) FROM receipts")
    ended = day.do("withdraw", *words)
    assert (ended.code, said in ended.error, hint in ended.hint) == (code, True, True), ended.err
    assert day.asked("SELECT count(*) FROM receipts") == before


def test_a_refused_day_names_the_way_out_and_is_well_once_it_was_taken(day: World) -> None:
    nobody = "".join(event(n, user_id=None) for n in range(200, 240))
    day.well("ingest", "activity", put(day, "odd.json", nobody))
    refused = day.do("run")
    assert refused.code == 3
    assert f"touchline withdraw activity {PART}" in refused.hint
    day.well("withdraw", "activity", PART, "events/app/odd.json", "--because", "no users")
    day.well("run")
    assert (count(day), day.well("alerts", "--json").rows["incidents"]) == (40, [])


def test_a_match_that_lacks_a_withdrawn_file_waits_and_its_page_stays(empty: World) -> None:
    empty.publish(files(1))
    said = empty.well("withdraw", "tracking", "match_id=1", EVENTS, "--because", "of another match")
    assert f"it waits for {EVENTS}" in said.err
    assert empty.do("run").code == 4
    empty.well("report", "match", "1")
    empty.well("withdraw", "tracking", "match_id=1", MATCH, "--because", "too")
    others = [name for name in files(1) if name not in (EVENTS, MATCH)]
    empty.well("withdraw", "tracking", "match_id=1", *others, "--because", "a test match")
    empty.well("run")
    assert {rows for rows, _ in empty.contents(1).values()} == {0}
    ended = empty.do("report", "match", "1")
    assert (ended.code, "every file was withdrawn" in ended.error) == (4, True)

    empty.ingest(files(1, version=2))
    empty.well("withdraw", "tracking", "match_id=1", *files(1), "--undo")
    assert empty.well("run", "--json").rows[0]["status"] == "published"
    empty.well("report", "match", "1")


def test_what_was_said_of_match_events_is_no_file_to_be_withdrawn(day: World) -> None:
    for names in ((), ("log/x.jsonl", "--because", "a test")):
        ended = day.do("withdraw", "matches", "match_id=1", *names)
        assert (ended.code, "no file is withdrawn" in ended.error) == (2, True)
        assert "correct or cancel the event, see docs/matches.md" in ended.hint


def test_what_retain_took_away_cannot_be_withdrawn(day: World) -> None:
    day.configure("[retention]\nbronze = { activity = 30 }\n")
    day.well("withdraw", "activity", PART, BAD, "--because", "a test file")
    day.well("retain")
    ended = day.do("withdraw", "activity", PART)
    assert (ended.code, "past their days" in ended.error) == (4, True)
    assert day.asked("SELECT count(*) FROM receipts") == [(0,)]


def test_what_came_after_its_days_is_withdrawn_and_the_tables_stay(day: World) -> None:
    day.configure("[retention]\nbronze = { activity = 30 }\n")
    day.well("retain")
    day.well("ingest", "activity", put(day, "late.json", event(90)))
    late = "events/app/late.json"
    said = day.well("withdraw", "activity", PART, late, "--because", "a test file")
    assert "it is retired, and its tables stay as they are" in said.err
    assert "touchline run empties" not in said.err
    day.well("run")
    assert count(day) == 40


def test_what_no_run_has_to_follow_is_said_so(day: World) -> None:
    day.well("withdraw", "activity", PART, BAD, "--because", "a test file")
    said = day.well("withdraw", "activity", PART, BAD, "--undo")
    assert "its tables stay as they are" in said.err
    assert day.well("plan", "--json").rows == []


def test_files_that_retain_takes_away_meanwhile_are_no_bug(
    day: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_away(pipeline: Pipeline, part: str, ledger: Ledger) -> Observed:
        ledger.retire(pipeline.name, [part])
        return of_partition(pipeline, part, ledger)

    monkeypatch.setattr(alerts, "of_partition", taken_away)
    day.well("withdraw", "activity", PART, BAD, "--because", "a test file")
    assert day.asked("SELECT count(*) FROM receipts") == [(0,)]


@pytest.mark.parametrize(
    "words",
    [
        ("withdraw", "activity", PART, BAD, "--because", "caf\udce9"),
        ("quarantine", "discard", "aa:1", "--because", "caf\udce9"),
        ("quarantine", "fix", "aa:1", "--because", "x", "--row", "caf\udce9"),
        ("quarantine", "fix", "aa:1", "--because", "x", "--set", "city=caf\udce9"),
        ("quarantine", "fix", "aa:1", "--because", "x", "--replace", "a", "caf\udce9"),
    ],
)
def test_bytes_that_are_no_text_are_not_kept(day: World, words: tuple[str, ...]) -> None:
    before = day.asked("SELECT count(*) FROM receipts"), day.everything()
    ended = day.do(*words)
    assert (ended.code, "not text in UTF-8" in ended.err) == (2, True), ended.err
    assert (day.asked("SELECT count(*) FROM receipts"), day.everything()) == before
