"""Days of events beside the weeks before them, through whole commands."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_event_days import report, rows
from world import World, world

LAST, WEEK = "2025-02-04", ("2025-01-07", "2025-01-14", "2025-01-21", "2025-01-28")
FAIL = '[activity.baseline]\nseverity = "fail"\n'
Lines = list[dict[str, Any]]


def simulate(into: World, *, days: int, first: str, out: str, seed: int = 1) -> Path:
    words = ("--days", str(days), "--date", first, "--rows", "1000", "--seed", str(seed))
    into.well("simulate", "activity", out, *words)
    return into.folder / out / "raw"


def odd_day(into: World, of: str, edit: Callable[[Lines], Lines]) -> None:
    """A re-issue of a day, or a new one, with other events in it."""
    raw = simulate(into, days=1, first=of, out=f"odd-{of}")
    (file,) = raw.rglob("events.json")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("\n".join(json.dumps(line) for line in edit(lines)))
    into.well("ingest", "activity", raw)


def without_half_the_purchases(lines: Lines) -> Lines:
    """As where a client lost them: the rows are hardly fewer."""
    bought = [e for e in lines if e["event_type"] == "purchase"]
    gone = {e["event_id"] for e in bought[: (len(bought) + 1) // 2]}
    return [e for e in lines if e["event_id"] not in gone]


def all_viewed(lines: Lines) -> Lines:
    return [{**e, "event_type": "view_item", "amount": None} for e in lines]


@pytest.fixture
def weeks(tmp_path: Path) -> World:
    """Five weeks of made-up days, from a Wednesday to Tuesday, LAST."""
    made = world(tmp_path)
    made.well("ingest", "activity", simulate(made, days=35, first="2025-01-01", out="landing"))
    made.well("run")
    return made


def verdicts(of: World) -> dict[str, Any]:
    """Day -> what the baseline's rules saw in its newest run."""
    found = {}
    for file in (of.data / "objects/metrics").glob("ingestion_date=*/report.json"):
        rules = json.loads(file.read_text())["steps"][0]["rules"]
        found[file.parent.name] = [r for r in rules if r["rule"].startswith("baseline")]
    return found


def test_made_up_weeks_are_as_usual_and_all_is_well(weeks: World) -> None:
    assert all(rule["passed"] for rules in verdicts(weeks).values() for rule in rules)
    assert [r["seen"] for r in verdicts(weeks)[f"ingestion_date={WEEK[3]}"]] == [
        "no baseline yet: 3 comparable Tuesdays"
    ]
    assert "all is well" in weeks.well("check").out
    profile = report(weeks, LAST)["steps"][0]["profile"]
    assert profile["rows"] == len(rows(weeks, LAST))
    assert sum(profile["shares"]["event_type"].values()) == pytest.approx(1.0, abs=1e-5)


def test_a_day_that_warns_is_published_and_told_by_every_command(weeks: World) -> None:
    odd_day(weeks, LAST, all_viewed)
    ran = weeks.well("run")
    said = "baseline event_type: view_item 100 %, usually "
    assert said in ran.err
    (found,) = weeks.well("check", "--json").rows
    assert found["where"] == f"ingestion_date={LAST}"
    assert found["what"].startswith(f"warned: activity.curated_events: {said}")
    (run,) = weeks.well("runs", "--limit", "1", "--json").rows
    assert (run["status"], said in run["message"]) == ("published", True)
    shown = weeks.well("show", run["run"]).out
    assert re.search(r"baseline event_type +warns +view_item 100 %", shown), shown
    assert {r["event_type"] for r in rows(weeks, LAST)} == {"view_item"}

    weeks.configure(f"[activity.baseline]\nincidents = [{LAST}]\n")
    assert "all is well" in weeks.well("check").out


def test_a_day_that_fails_is_refused_its_old_rows_stay_and_an_incident_lets_it_pass(
    weeks: World,
) -> None:
    before = rows(weeks, LAST)
    weeks.configure(FAIL)
    odd_day(weeks, LAST, all_viewed)
    words = ("diff", "curated_events", f"ingestion_date={LAST}", "--dry-run")
    assert weeks.do(*words).code == 3
    ended = weeks.do("run")
    assert ended.code == 3
    assert "baseline event_type: view_item 100 %" in ended.error
    assert "activity.baseline.incidents" in ended.hint
    assert rows(weeks, LAST) == before
    assert report(weeks, LAST)["status"] == "refused"
    checked = weeks.do("check", "--json")
    assert (checked.code, checked.rows[0]["what"][:8]) == (3, "refused:")

    weeks.configure(f'{FAIL}incidents = ["{LAST}"]\n')
    weeks.well("run")
    assert {r["event_type"] for r in rows(weeks, LAST)} == {"view_item"}
    assert "all is well" in weeks.well("check").out


def test_a_published_day_that_a_forced_run_refuses_is_well_nowhere(weeks: World) -> None:
    part = f"ingestion_date={LAST}"
    odd_day(weeks, LAST, all_viewed)
    weeks.well("run")
    weeks.configure(FAIL)
    assert weeks.do("run", "--force", "-p", part).code == 3
    checked = weeks.do("check", "--json")
    assert (checked.code, checked.rows[0]["what"][:8]) == (3, "refused:")
    assert [row["where"] for row in weeks.well("alerts", "--json").rows["incidents"]] == [part]
    (stands,) = [r for r in weeks.well("status", "--json").rows if r["partition"] == part]
    assert stands["state"] == "refused"

    weeks.configure(f'{FAIL}incidents = ["{LAST}"]\n')
    weeks.well("run", "--force", "-p", part)
    assert "all is well" in weeks.well("check").out


def test_half_the_purchases_missing_is_told_by_name(weeks: World) -> None:
    new = "2025-02-05"
    odd_day(weeks, new, without_half_the_purchases)
    weeks.configure(FAIL)
    ended = weeks.do("run")
    assert ended.code == 3
    assert re.search(r"baseline event_type: purchase \d[.\d]* %, usually ", ended.error)
    assert rows(weeks, new) == []
    weeks.configure("")
    assert "baseline event_type: purchase" in weeks.well("run").err
    assert rows(weeks, new) != []


def test_a_dry_run_tells_a_warning(weeks: World) -> None:
    odd_day(weeks, LAST, all_viewed)
    words = ("diff", "curated_events", f"ingestion_date={LAST}", "--dry-run")
    assert "baseline event_type: view_item 100 %" in weeks.well(*words).out
    assert weeks.well(*words, "--json").rows["warned"].startswith("warned: ")
    assert {r["event_type"] for r in rows(weeks, LAST)} != {"view_item"}


def test_a_baseline_that_is_off_says_nothing(weeks: World) -> None:
    weeks.configure('[activity.baseline]\nseverity = "off"\n')
    odd_day(weeks, LAST, all_viewed)
    assert "baseline" not in weeks.well("run").err
    assert verdicts(weeks)[f"ingestion_date={LAST}"] == []


def test_days_run_again_by_two_workers_get_the_verdicts_of_one(weeks: World) -> None:
    odd_day(weeks, LAST, all_viewed)
    weeks.well("run")
    span = ("activity", WEEK[2], LAST, "--redo")
    told = []
    for workers in ("1", "2"):
        weeks.well("backfill", *span, "--workers", workers)
        told.append(verdicts(weeks))
    assert told[0] == told[1]
    (kind,) = [r for r in told[0][f"ingestion_date={LAST}"] if r["rule"] == "baseline event_type"]
    assert (kind["passed"], kind["severity"]) == (False, "warn")


def test_a_backfill_stops_at_an_unusual_day_and_publishes_none_behind_it(weeks: World) -> None:
    weeks.configure(FAIL)
    odd_day(weeks, LAST, all_viewed)
    raw = simulate(weeks, days=3, first="2025-02-05", out="more")
    weeks.well("ingest", "activity", raw)
    ended = weeks.do("backfill", "activity", LAST, "2025-02-07")
    assert ended.code == 3
    assert "stopped after 1 of 4" in ended.err
    assert rows(weeks, "2025-02-05") == []


def test_match_days_are_those_of_the_configuration(weeks: World) -> None:
    many = ("2025-01-03", "2025-01-11", "2025-01-19", "2025-01-29")
    weeks.configure(f"[activity.baseline]\nmatch_days = [{', '.join(many)}, {LAST}]\n")
    weeks.well("run", "--force", "--partition", f"ingestion_date={LAST}")
    (first, *_) = verdicts(weeks)[f"ingestion_date={LAST}"]
    assert "median of 4 comparable match days" in first["seen"]
