"""Rejected rows of a day: listed, shown as they arrived, mended, let go, run again."""

import json
from pathlib import Path
from typing import Any

import pytest
from event_lines import DAYS, event, events, text
from world import World, world

DAY = DAYS[0]
CUT = '{"event_id": "cut'


@pytest.fixture
def day(tmp_path: Path) -> World:
    """A day of 300 events in two files, three rows of which are rejected."""
    made = world(tmp_path)
    one = [*events(150), event(151, event_ts="2025-01-01 at noon"), CUT]
    two = [*events(150, first=500), event(700, event_ts="2025-01-01 at noon")]
    arrive(made, one, "a.json")
    arrive(made, two, "b.json")
    made.well("run")
    return made


def arrive(into: World, lines: list[Any], name: str) -> None:
    place = into.folder / f"raw/ingestion_date={DAY}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text(lines))
    into.well("ingest", "activity", place)


def listed(of: World, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of.well("quarantine", "list", "--each", *words, "--json").rows
    return found


def ids(of: World, *words: str) -> list[str]:
    return [row["id"] for row in listed(of, *words)]


def count(of: World) -> int:
    found: int = of.one("SELECT count(*) FROM activity.curated_events")
    return found


NOON = ("--replace", " at noon", "T12:00:00Z", "--because", "an old app")


def test_rows_are_listed_by_reason_and_one_by_one(day: World) -> None:
    grouped = day.well("quarantine", "list", "--json").rows
    assert [(g["reason"], g["file"], g["rows"], g["open"]) for g in grouped] == [
        ("malformed line: Input data was truncated", "events/app/a.json", 1, 1),
        ("event_ts is not an instant", "events/app/a.json", 1, 1),
        ("event_ts is not an instant", "events/app/b.json", 1, 1),
    ]
    assert [(r["file"], r["line"], r["state"]) for r in listed(day)] == [
        ("events/app/a.json", 152, "open"),
        ("events/app/a.json", 151, "open"),
        ("events/app/b.json", 151, "open"),
    ]


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("--reason", "malformed"), 1),
        (("--table", "curated_events"), 3),
        (("--table", "activity.curated_events"), 3),
        (("--table", "frames"), 0),
        (("--partition", f"ingestion_date={DAY}"), 3),
        (("--partition", "ingestion_date=2025-01-02"), 0),
        (("--run", "20"), 3),
    ],
)
def test_rows_are_chosen_by_table_partition_reason_and_run(
    day: World, words: tuple[str, ...], rows: int
) -> None:
    assert len(listed(day, *words)) == rows


def test_a_row_is_shown_as_it_arrived_and_where_from(day: World) -> None:
    (cut,) = ids(day, "--reason", "malformed")
    said = day.well("quarantine", "show", cut).out
    assert said.splitlines()[-1] == CUT
    assert f"line 152 of {day.folder}/raw/ingestion_date={DAY}/a.json" in said


def test_a_rule_of_repair_mends_rows_of_several_files_and_replay_publishes_them(
    day: World,
) -> None:
    assert count(day) == 300
    before = day.well("quarantine", "fix", "--reason", "not an instant", *NOON)
    assert "2 rows of 1 partition" in before.err
    assert [r["state"] for r in listed(day)] == ["open", "mended", "mended"]
    reasons = day.well("plan", "--json").rows[0]["reason"].split("; ")
    assert [r.partition(": ")[0] for r in reasons] == ["mended", "mended"]
    assert count(day) == 300

    day.well("quarantine", "replay")

    assert count(day) == 302
    at = "SELECT event_at FROM activity.curated_events WHERE event_id = 'e151'"
    assert day.one(at).isoformat() == "2025-01-01T12:00:00+00:00"
    assert [r["reason"][:9] for r in listed(day)] == ["malformed"]
    notes = json.dumps(report(day)["steps"][0]["notes"])
    assert "1 line mended, 0 discarded" in notes


def report(of: World) -> dict[str, Any]:
    place = of.data / f"objects/metrics/ingestion_date={DAY}/report.json"
    found: dict[str, Any] = json.loads(place.read_text())
    return found


def test_replay_finds_nothing_the_second_time_and_forced_runs_keep_the_fix(day: World) -> None:
    day.well("quarantine", "fix", "--reason", "not an instant", *NOON)
    day.well("quarantine", "replay")
    heads = day.asked("SELECT * FROM heads")
    assert "nothing to replay" in day.well("quarantine", "replay").out
    assert day.asked("SELECT * FROM heads") == heads
    day.well("run", "--force")
    assert count(day) == 302


def test_the_files_in_bronze_stay_as_they_came(day: World) -> None:
    before = {f: f.read_bytes() for f in (day.data / "objects/objects").rglob("*") if f.is_file()}
    day.well("quarantine", "fix", "--reason", "not an instant", *NOON)
    day.well("quarantine", "replay")
    assert {f: f.read_bytes() for f in before} == before


def test_a_later_fix_of_a_line_replaces_the_earlier_and_keeps_those_of_other_lines(
    day: World,
) -> None:
    (cut,) = ids(day, "--reason", "malformed")
    day.well("quarantine", "fix", cut, "--row", json.dumps(event(900)), "--because", "a guess")
    day.well("quarantine", "fix", "--reason", "not an instant", *NOON)
    day.well("quarantine", "fix", cut, "--row", json.dumps(event(901)), "--because", "the log")
    day.well("quarantine", "replay")
    assert listed(day) == []
    found = day.query("SELECT event_id FROM activity.curated_events WHERE event_id LIKE 'e90_'")
    assert found.to_pylist() == [{"event_id": "e901"}]
    assert count(day) == 303


def test_fields_of_a_line_that_is_cut_off_cannot_be_set_and_the_way_out_is_told(day: World) -> None:
    ended = day.do("quarantine", "fix", "--reason", "malformed", "--set", "a=1", "--because", "y")
    assert ended.code == 2
    assert ended.error.startswith("the line is no JSON")
    assert "column" not in ended.error.partition(":")[0]
    assert "--row" in ended.hint
    assert "discard" in ended.hint


def test_fields_are_set_as_json(day: World) -> None:
    (one, _) = ids(day, "--reason", "not an instant")
    fields = ("--set", "event_ts=2025-01-01T01:00:00Z", "--set", "user_id=null")
    more = ("--set", 'amount="5"')
    ended = day.do("quarantine", "fix", one, *fields, *more, "--because", "asked them")
    assert ended.error.startswith(
        "line 151 would still be rejected: amount is text, expected number"
    )
    day.well("quarantine", "fix", one, *fields, "--set", "amount=5", "--because", "asked again")
    day.well("quarantine", "replay")
    (row,) = day.query(
        "SELECT user_id, amount FROM activity.curated_events WHERE event_id = 'e151'"
    ).to_pylist()
    assert row == {"user_id": None, "amount": 5.0}


def test_what_is_let_go_counts_no_more_and_is_not_published(day: World) -> None:
    day.well("quarantine", "discard", "--reason", "malformed", "--because", "cut off by a crash")
    day.well("quarantine", "discard", ids(day)[1], "--because", "a test of the app")
    assert [r["state"] for r in listed(day)] == ["discarded", "discarded", "open"]
    day.well("quarantine", "replay")
    assert [r["file"] for r in listed(day)] == ["events/app/b.json"]
    assert count(day) == 300
    assert report(day)["total_rows"] == 301


def test_a_refused_day_passes_once_enough_of_its_rows_were_seen_to(tmp_path: Path) -> None:
    made = world(tmp_path)
    arrive(made, [*events(99), *[CUT] * 3], "a.json")
    assert made.do("run").code == 3
    made.well("quarantine", "discard", *ids(made)[:2], "--because", "nothing to be saved")
    made.well("quarantine", "replay")
    assert count(made) == 99


def test_a_day_that_is_still_refused_is_replayed_once_until_more_is_seen_to(tmp_path: Path) -> None:
    made = world(tmp_path)
    arrive(made, [*events(99), *[CUT] * 4], "a.json")
    assert made.do("run").code == 3
    because = ("--because", "nothing to be saved")
    made.well("quarantine", "discard", ids(made)[0], *because)
    assert made.do("quarantine", "replay").code == 3
    runs = made.asked("SELECT run_id FROM runs")
    assert "nothing to replay" in made.well("quarantine", "replay").out
    assert made.asked("SELECT run_id FROM runs") == runs
    assert made.do("run").code == 3
    made.well("quarantine", "discard", *ids(made)[:2], *because)
    made.well("quarantine", "replay")
    assert count(made) == 99


def test_lines_of_one_fault_count_together_wherever_in_the_line_it_is(tmp_path: Path) -> None:
    made = world(tmp_path)
    arrive(made, [*events(99), *(json.dumps(event(n)) + "}" for n in (5, 50, 500))], "a.json")
    ended = made.do("run")
    assert ended.code == 3
    said = "malformed line: JSON is malformed: trailing characters"
    assert ended.error.endswith(f"; {said}: 3")
    (grouped,) = made.well("quarantine", "list", "--json").rows
    assert (grouped["reason"], grouped["rows"]) == (said, 3)
    first, *_ = listed(made, "--reason", said)
    assert f"reason: {said} (byte " in made.well("quarantine", "show", first["id"]).out


def test_each_of_several_days_with_too_many_rejected_rows_is_named(tmp_path: Path) -> None:
    made = world(tmp_path)
    for of in DAYS[:2]:
        place = made.folder / f"raw/ingestion_date={of}/a.json"
        place.parent.mkdir(parents=True)
        place.write_text(text([*events(9), CUT]))
    made.well("ingest", "activity", made.folder / "raw")
    ended = made.do("run")
    for of in DAYS[:2]:
        assert f"activity.bronze_events ingestion_date={of}: 1 of 10 rows rejected" in ended.error


def test_the_hint_of_a_refused_day_shows_just_its_rows(tmp_path: Path) -> None:
    made = world(tmp_path)
    arrive(made, [*events(99), *[CUT] * 3], "a.json")
    other = made.folder / "raw/ingestion_date=2025-01-02/b.json"
    other.parent.mkdir(parents=True)
    other.write_text(text([*events(99), *[CUT] * 4]))
    made.well("ingest", "activity", other)
    hints = [x for x in made.do("run").err.splitlines() if x.startswith("hint")]
    commands = [hint.partition("see: touchline ")[2].partition(";")[0].split() for hint in hints]
    assert [len(made.well(*words, "--json").rows) for words in commands] == [3, 4]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "line 152 would still be rejected: malformed line"),
        ('{"event_id": 5}', "line 152 would still be rejected: event_id is number, expected text"),
        ("  ", "expected one line"),
    ],
)
def test_a_text_that_would_be_rejected_again_is_refused_with_the_reason(
    day: World, row: str, said: str
) -> None:
    before = day.asked("SELECT count(*) FROM receipts")
    (cut,) = ids(day, "--reason", "malformed")
    ended = day.do("quarantine", "fix", cut, "--row", row, "--because", "y")
    assert ended.code == 2
    assert said in ended.error
    assert day.asked("SELECT count(*) FROM receipts") == before
    day.well("quarantine", "fix", cut, "--row", json.dumps(event(900)), "--because", "y")


def test_a_text_that_is_read_and_no_step_keeps_is_told_by_the_next_run(day: World) -> None:
    words = ("--set", "event_ts=tomorrow", "--because", "a guess")
    before = ids(day, "--reason", "not an instant")
    day.well("quarantine", "fix", before[0], *words)
    day.well("quarantine", "replay")
    again = listed(day, "--reason", "not an instant")
    assert [(row["id"], row["state"]) for row in again] == [(each, "open") for each in before]


def test_a_re_issue_of_the_file_is_taken_as_it_comes(day: World) -> None:
    day.well("quarantine", "fix", "--reason", "not an instant", *NOON)
    arrive(day, [*events(150), event(151, event_ts="2025-01-01T15:00:00Z")], "a.json")
    day.well("run")
    at = "SELECT event_at FROM activity.curated_events WHERE event_id = 'e151'"
    assert day.one(at).isoformat() == "2025-01-01T15:00:00+00:00"
    assert listed(day) == []


def test_what_was_said_of_a_row_is_shown_with_it(day: World) -> None:
    (cut,) = ids(day, "--reason", "malformed")
    slip = json.dumps(event(900, event_ts="at noon"))
    day.well("quarantine", "fix", cut, "--row", slip, "--because", "a slip")
    said = day.well("quarantine", "show", cut).out.splitlines()
    assert said[-3:-1] == [CUT, said[-2]]
    assert said[-2].startswith("mended: a slip (20")
    assert said[-1] == slip
    assert day.do("quarantine", "replay").code == 0
    assert cut in ids(day, "--reason", "not an instant")
    assert "it is what the run rejected" in day.well("quarantine", "show", cut).out


def test_the_report_names_raw_folders_and_nothing_that_was_said(day: World) -> None:
    why = ("--because", "see http://x/y/z")
    day.well("quarantine", "discard", "--reason", "malformed", *why)
    day.well("quarantine", "replay")
    assert report(day)["raw_path"] == str(day.folder / f"raw/ingestion_date={DAY}")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "nope"), 2, "no rejected row nope"),
        (("fix", "nope", "--row", "x", "--because", "y"), 2, "no rejected row nope"),
        (("fix", "--reason", "instant", "--because", "y"), 2, "give one of --row, --set"),
        (("fix", "--row", "x", "--because", "y"), 2, "which rows?"),
        (("discard", "--because", "y"), 2, "which rows?"),
        (("discard", "--reason", "instant", "--because", " "), 2, "--because is empty"),
        (("fix", "--reason", "instant", "--row", "{}", "--because", "y"), 2, "several rows"),
        (("replay", "nope=1"), 2, "no key nope"),
        (("replay", "ingestion_date=2030-01-01"), 4, "nothing has arrived for it"),
        (("discard", "--reason", "instant"), 2, "Missing option '--because'"),
        (("fix", "--reason", "instant", "--replace", "zz", "y", "--because", "y"), 2, "nothing wo"),
        (("fix", "--reason", "malf", "--row", "a\nb", "--because", "y"), 2, "expected one line"),
        (("fix", "--reason", "instant", "--set", "x", "--because", "y"), 2, "FIELD=VALUE"),
        (("fix", "--reason", "absent", "--row", "x", "--because", "y"), 4, "no such rejected row"),
        (
            ("fix", "--reason", "malformed", "--set", "a=1", "--because", "y"),
            2,
            "the line is no JSON",
        ),
    ],
)
def test_wrong_use_is_told_and_nothing_is_said_of_any_row(
    day: World, words: tuple[str, ...], code: int, said: str
) -> None:
    before = day.asked("SELECT count(*) FROM receipts")
    ended = day.do("quarantine", *words)
    assert ended.code == code, ended.err
    assert said in ended.err + ended.hint
    assert day.asked("SELECT count(*) FROM receipts") == before
