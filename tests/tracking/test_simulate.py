"""Simulated matches: the provider's format, the planted truth, and the faults."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from csv import DictReader
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from provider_files import MATCH_IDS, file

from touchline.errors import ConfigError
from touchline.tracking.contracts.silver import (
    ENGAGEMENT_SUBTYPES,
    EVENT_TYPES,
    IN_POSSESSION,
    OUT_OF_POSSESSION,
    RUN_SUBTYPES,
)
from touchline.tracking.simulate import (
    Faults,
    MatchPlan,
    SimulatedMatch,
    match,
    reissued,
    truth_path,
    write,
)
from touchline.tracking.simulate.clock import clock
from touchline.tracking.simulate.lineup import lineup

KICK_OFF = datetime(2024, 11, 2, 8, 35, tzinfo=UTC)
FIRST, WITH_LONG_BREAKS = 2_100_001, 2_100_002
WINDOW = 7


def plan(match_id: int = FIRST, minutes: float = 6.0, **said: Any) -> MatchPlan:
    """A short match, unless said otherwise."""
    return MatchPlan(match_id=match_id, kick_off_at=KICK_OFF, minutes=minutes, **said)


@cache
def short() -> SimulatedMatch:
    return match(plan())


@cache
def full() -> SimulatedMatch:
    return match(plan(minutes=90.0))


@cache
def middling() -> SimulatedMatch:
    return match(plan(FIRST + 3, minutes=20.0))


@cache
def rows(text: bytes) -> list[dict[str, str]]:
    return list(DictReader(StringIO(text.decode(), newline="")))


def real_events(match_id: int = MATCH_IDS[0]) -> list[dict[str, str]]:
    return rows(file(match_id, "dynamic_events.csv").read_bytes())


def lines(made: SimulatedMatch) -> list[dict[str, Any]]:
    return parsed(made.tracking)


@cache
def parsed(tracking: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tracking.splitlines()]


def played(made: SimulatedMatch) -> list[dict[str, Any]]:
    """The players who were on the pitch."""
    return [p for p in made.match["players"] if p["playing_time"]["total"]]


def positions(made: SimulatedMatch) -> pl.DataFrame:
    """One row per player and frame, as the tracking file has it."""
    found = [
        (frame["frame"], frame["period"], p["player_id"], p["x"], p["y"], p["is_detected"])
        for frame in lines(made)
        for p in frame["player_data"]
    ]
    names = ["frame", "period", "player_id", "x", "y", "is_detected"]
    return pl.DataFrame(found, schema=names, orient="row").sort("player_id", "frame")


def shape(value: Any) -> Any:
    """Members in their order, and the kind of each value; lists by their first element."""
    if isinstance(value, dict):
        return [(name, shape(member)) for name, member in value.items()]
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


# --- the format -------------------------------------------------------------------------------


def test_the_csv_files_have_the_providers_columns_in_the_providers_order() -> None:
    for part, text in (
        ("dynamic_events.csv", short().events),
        ("phases_of_play.csv", short().phases),
    ):
        real = file(MATCH_IDS[0], part).read_bytes()
        assert text.split(b"\n", 1)[0] == real.split(b"\n", 1)[0]
    assert len(short().events.split(b"\n", 1)[0].split(b",")) == 294


def test_match_json_has_the_providers_members_in_the_providers_order() -> None:
    real = json.loads(file(MATCH_IDS[0], "match.json").read_bytes())
    made = short().match

    def like(document: dict[str, Any], kind: str) -> Any:
        starter = next(
            p
            for p in document["players"]
            if {
                "starter": p["start_time"] == "00:00:00" and p["end_time"] is None,
                "unused": p["playing_time"]["total"] is None,
                "late": p["start_time"] not in (None, "00:00:00"),
            }[kind]
            and p["birthday"]
        )
        return shape({**document, "players": [starter]})

    for kind in ("starter", "unused", "late"):
        assert like(made, kind) == like(real, kind)


def test_tracking_lines_have_the_providers_members_in_the_providers_order() -> None:
    path = file(1886347, "tracking_extrapolated.sample.jsonl")
    real = [json.loads(line) for line in path.read_text().splitlines()]
    held = next(frame for frame in real if frame["possession"]["player_id"])
    made = next(
        f for f in lines(short()) if f["player_data"] and f["possession"]["player_id"] is not None
    )
    assert shape(made) == shape(held)
    assert len(made["player_data"]) == len(held["player_data"]) == 22


def test_every_tracking_line_is_written_as_json_writes_it() -> None:
    for line in short().tracking.splitlines():
        assert json.dumps(json.loads(line)).encode() == line
    assert short().tracking.endswith(b"}\n")


def test_the_left_team_comes_first_in_each_frame_with_its_keeper() -> None:
    made = short().match
    teams = {p["id"]: p["team_id"] for p in made["players"]}
    roles = {p["id"]: p["player_role"]["acronym"] for p in made["players"]}
    left = made["home_team"]["id"], made["away_team"]["id"]
    if made["home_team_side"][0] == "right_to_left":
        left = left[::-1]
    for frame in lines(short()):
        ids = [p["player_id"] for p in frame["player_data"]]
        if ids:
            assert roles[ids[0]] == "GK"
            assert teams[ids[0]] == left[frame["period"] - 1]


def test_frames_are_numbered_without_a_break_and_null_outside_the_periods() -> None:
    for match_id in (FIRST, WITH_LONG_BREAKS):
        made = match(plan(match_id, minutes=3.0))
        found = lines(made)
        inside = {
            frame
            for p in made.match["match_periods"]
            for frame in range(p["start_frame"], p["end_frame"] + 1)
        }
        assert [f["frame"] for f in found] == list(range(made.truth["lines"]))
        assert {f["frame"] for f in found if f["period"] is not None} == inside
        assert {f["frame"] for f in found if f["timestamp"] is not None} == inside
        outside = [f for f in found if f["frame"] not in inside]
        assert len(outside) == made.truth["null"] > 0
        for frame in outside:
            assert frame["player_data"] == []
            for name in ("ball_data", "possession", "image_corners_projection"):
                assert set(frame[name].values()) == {None}


def test_some_matches_have_long_breaks_before_kick_off_and_at_half_time() -> None:
    breaks = []
    for match_id in range(60):
        made = clock(plan(match_id, minutes=90.0))
        first, second = made.periods
        rest = second.first_frame - first.last_frame
        breaks.append((first.first_frame, rest))
        assert (first.first_frame, rest) == (10, 10) or (
            2_210 <= first.first_frame <= 4_040 and 8_000 <= rest <= 9_800
        )
    assert 0.2 < sum(lead > 10 for lead, _ in breaks) / len(breaks) < 0.6


def test_the_clock_starts_again_at_45_minutes_and_overlaps_stoppage_time() -> None:
    made = full()
    first, second = made.match["match_periods"]
    texts = made.tracking.splitlines()
    begin = json.loads(texts[second["start_frame"]])
    end = json.loads(texts[first["end_frame"]])
    assert begin["timestamp"] == "00:45:00.00"
    assert end["timestamp"] > begin["timestamp"]
    assert json.loads(texts[first["start_frame"] + 12])["timestamp"] == "00:00:01.20"


def test_in_period_frames_are_blank_and_players_detected_about_as_often_as_in_real_files() -> None:
    truth = full().truth
    assert truth["blank"] / truth["in_period"] == pytest.approx(0.26, abs=0.05)
    sample = [json.loads(line) for line in full().tracking.splitlines()[::40]]
    seen = [p["is_detected"] for frame in sample for p in frame["player_data"]]
    assert np.mean(seen) == pytest.approx(0.85, abs=0.04)
    blank = [f for f in sample if f["period"] and not f["player_data"]]
    assert {f["ball_data"]["x"] for f in blank} == {None}
    assert len({f["image_corners_projection"]["x_top_left"] is None for f in blank}) == 2


def test_each_kind_of_event_fills_the_columns_that_it_fills_in_real_files() -> None:
    for kind in EVENT_TYPES:
        real, made = (
            {name for row in table if row["event_type"] == kind for name in row if row[name]}
            for table in (real_events(), rows(full().events))
        )
        assert made == real


def test_labels_have_the_providers_numbers() -> None:
    known: dict[str, dict[str, str]] = {}
    pairs = [(name, name.replace("_id", "", 1)) for name in real_events()[0] if "_id" in name]
    pairs = [(number, label) for number, label in pairs if label in real_events()[0]]
    for match_id in MATCH_IDS:
        for row in real_events(match_id):
            for number, label in pairs:
                known.setdefault(label, {})[row[label]] = row[number]
    checked = 0
    for row in rows(full().events):
        for number, label in pairs:
            if row[label] in known[label]:
                checked += 1
                assert row[number] == known[label][row[label]], (label, row[label])
    assert checked > 100_000
    assert len(pairs) > 40


def test_phases_are_half_open_share_borders_and_leave_gaps_for_dead_balls() -> None:
    phases = rows(full().phases)
    gaps = [
        int(after["frame_start"]) - int(before["frame_end"])
        for before, after in pairwise(phases)
        if before["period"] == after["period"]
    ]
    assert min(gaps) == 0
    assert 200 < sum(gap == 0 for gap in gaps) < 450
    assert 60 < sum(gap > 0 for gap in gaps) < 150
    for phase in phases:
        frames = int(phase["frame_end"]) - int(phase["frame_start"])
        assert frames > 0
        assert float(phase["duration"]) == pytest.approx(frames / 10)
    assert [phase["index"] for phase in phases] == [str(k) for k in range(len(phases))]


def test_phases_come_in_the_providers_eight_pairs() -> None:
    kinds = {
        (p["team_in_possession_phase_type"], p["team_out_of_possession_phase_type"])
        for p in rows(full().phases)
    }
    real = {
        (p["team_in_possession_phase_type"], p["team_out_of_possession_phase_type"])
        for p in rows(file(MATCH_IDS[0], "phases_of_play.csv").read_bytes())
    }
    assert kinds == real
    assert {kind for kind, _ in kinds} == set(IN_POSSESSION)
    assert {kind for _, kind in kinds} == set(OUT_OF_POSSESSION)


# --- what the files say -----------------------------------------------------------------------


def test_a_full_match_has_as_many_rows_as_a_real_one() -> None:
    truth = full().truth
    assert 3_200 < sum(truth["events"].values()) < 4_800
    assert 330 < truth["phases"] < 520
    assert 57_000 < truth["lines"] < 74_000
    assert 84e6 < len(full().tracking) < 103e6
    counts = Counter(row["event_type"] for row in rows(full().events))
    assert counts == truth["events"]


def test_events_are_numbered_in_order_and_ids_are_unique_within_the_match() -> None:
    events = rows(full().events)
    assert [row["index"] for row in events] == [str(k) for k in range(len(events))]
    frames = [int(row["frame_start"]) for row in events]
    assert frames == sorted(frames)
    assert len({row["event_id"] for row in events}) == len(events)
    prefixes = {(row["event_type"], row["event_id"].split("_")[0]) for row in events}
    assert prefixes == {
        ("player_possession", "8"),
        ("passing_option", "7"),
        ("off_ball_run", "1"),
        ("on_ball_engagement", "9"),
    }


def test_all_kinds_of_runs_and_engagements_occur_even_in_a_short_match() -> None:
    for made in (full(), middling()):
        events = rows(made.events)
        runs = {r["event_subtype"] for r in events if r["event_type"] == "off_ball_run"}
        engaged = {r["event_subtype"] for r in events if r["event_type"] == "on_ball_engagement"}
        assert runs == set(RUN_SUBTYPES)
        assert engaged == set(ENGAGEMENT_SUBTYPES)


def test_dangerous_is_xthreat_above_two_hundredths_and_a_run_is_worth_what_its_option_is() -> None:
    events = rows(full().events)
    runs = {row["event_id"]: row for row in events if row["event_type"] == "off_ball_run"}
    options = [row for row in events if row["associated_off_ball_run_event_id"]]
    assert len(options) == len(runs)
    for row in events:
        if row["xthreat"]:
            assert (float(row["xthreat"]) > 0.02) == (row["dangerous"] == "True")
    for option in options:
        run = runs[option["associated_off_ball_run_event_id"]]
        for name in ("xthreat", "player_id", "associated_player_possession_event_id"):
            assert option[name] == run[name]
    dangerous = np.mean([row["dangerous"] == "True" for row in runs.values()])
    assert 0.15 < dangerous < 0.45


def test_minutes_run_past_90_and_opponents_overtaken_may_be_negative() -> None:
    events = rows(full().events)
    assert max(int(row["minute_start"]) for row in events) >= 91
    assert any(row["time_start"].startswith("9") and row["period"] == "2" for row in events)
    overtaken = [
        int(r["n_opponents_overtaken"]) for r in events if r["event_type"] == "off_ball_run"
    ]
    assert min(overtaken) < 0 < max(overtaken)


def test_engagements_end_as_the_provider_says_or_not_at_all() -> None:
    ends = Counter(
        r["end_type"] for r in rows(full().events) if r["event_type"] == "on_ball_engagement"
    )
    named = {"direct_regain", "indirect_regain", "direct_disruption", "indirect_disruption"}
    assert named <= set(ends) <= named | {"", "foul_committed"}
    assert 0.5 < ends[""] / ends.total() < 0.9


def test_events_happen_where_the_tracking_file_says_seen_by_the_team_that_acts() -> None:
    made = short()
    sides = made.match["home_team_side"]
    home = made.match["home_team"]["id"]
    where = {(f, p): (x, y) for f, _, p, x, y, _ in positions(made).iter_rows()}
    checked = 0
    for row in rows(made.events):
        key = (int(row["frame_start"]), int(row["player_id"]))
        right = (sides[int(row["period"]) - 1] == "left_to_right") == (int(row["team_id"]) == home)
        assert row["attacking_side"] == ("left_to_right" if right else "right_to_left")
        if key in where:
            turn = 1 if right else -1
            assert float(row["x_start"]) == pytest.approx(turn * where[key][0], abs=0.3)
            assert float(row["y_start"]) == pytest.approx(turn * where[key][1], abs=0.3)
            checked += 1
    assert checked > 100


def test_each_team_starts_with_eleven_and_replaces_three_to_five() -> None:
    made = full().match
    assert len({p["id"] for p in made["players"]}) == len(made["players"])
    for team in (made["home_team"]["id"], made["away_team"]["id"]):
        squad = [p for p in made["players"] if p["team_id"] == team]
        starters = [p for p in squad if p["start_time"] == "00:00:00"]
        late = [p for p in squad if p["start_time"] not in (None, "00:00:00")]
        unused = [p for p in squad if p["playing_time"]["total"] is None]
        assert len(starters) == 11
        assert 3 <= len(late) <= 5
        assert 2 <= len(unused) <= 6
        assert len(squad) == len(starters) + len(late) + len(unused) <= 20
        assert {p["player_role"]["acronym"] for p in unused} == {"SUB"}
        assert all(p["start_time"] is None for p in unused)
        assert Counter(p["start_time"] for p in late) == Counter(
            p["end_time"] for p in starters if p["end_time"]
        )


def test_minutes_agree_with_frames_and_time_with_the_ball_with_the_phases() -> None:
    made = full()
    periods = made.match["match_periods"]
    phases = [
        (int(p["frame_start"]), int(p["frame_end"]), int(p["team_in_possession_id"]))
        for p in rows(made.phases)
    ]

    def with_ball(team: int, first: int, last: int) -> float:
        held = [max(0, min(b, last + 1) - max(a, first)) for a, b, who in phases if who == team]
        return round(sum(held) / 600, 2)

    teams = [made.match["home_team"]["id"], made.match["away_team"]["id"]]
    for player in played(made):
        total = player["playing_time"]["total"]
        other = teams[1 - teams.index(player["team_id"])]
        first, last = total["start_frame"], total["end_frame"]
        spans = [(max(first, p["start_frame"]), min(last, p["end_frame"])) for p in periods]
        frames = sum(b - a for a, b in spans if b > a)
        assert total["minutes_played"] == round(frames / 600, 2)
        by_period = player["playing_time"]["by_period"]
        assert sum(p["minutes_played"] for p in by_period) == pytest.approx(
            total["minutes_played"], abs=0.011
        )
        assert total["minutes_tip"] == with_ball(player["team_id"], first, last)
        assert total["minutes_otip"] == with_ball(other, first, last)


def test_players_have_positions_exactly_while_they_are_on_the_pitch() -> None:
    made = short()
    spans = (
        positions(made)
        .group_by("player_id")
        .agg(first=pl.col("frame").min(), last=pl.col("frame").max())
    )
    times = {p["id"]: p["playing_time"]["total"] for p in played(made)}
    assert set(spans["player_id"]) == set(times)
    for player_id, first, last in spans.iter_rows():
        assert times[player_id]["start_frame"] <= first
        assert last <= times[player_id]["end_frame"] + 1
    counts = {len(f["player_data"]) for f in lines(made)} - {0}
    assert counts == {22}


def test_after_a_red_card_the_team_plays_on_with_ten() -> None:
    match_id = next(
        k
        for k in range(200)
        if any(red for _, red in lineup(plan(k), clock(plan(k))).cards.values())
    )
    made = match(plan(match_id))
    sent_off = next(p for p in made.match["players"] if p["red_card"])
    end = sent_off["playing_time"]["total"]["end_frame"]
    counts = {f["frame"]: len(f["player_data"]) for f in lines(made) if f["player_data"]}
    assert {n for frame, n in counts.items() if frame <= end} == {22}
    assert {n for frame, n in counts.items() if frame > end} == {21}
    assert sent_off["end_time"] is not None


def test_the_score_is_what_players_scored_and_goals_are_events() -> None:
    for made in (full(), middling()):
        home = made.match["home_team"]["id"]
        goals: Counter[bool] = Counter()
        for player in made.match["players"]:
            goals[player["team_id"] == home] += player["goal"]
        assert made.match["home_team_score"] == goals[True]
        assert made.match["away_team_score"] == goals[False]
        shots = [r for r in rows(made.events) if r["end_type"] == "shot"]
        assert sum(r["lead_to_goal"] == "True" for r in shots) >= goals.total()
        last = rows(made.events)[-1]
        assert int(last["team_score"]) + int(last["opponent_team_score"]) <= goals.total()


def test_six_matches_in_a_row_are_a_round_of_twelve_clubs_and_players_keep_their_names() -> None:
    plans = [plan(match_id, seed=match_id) for match_id in range(600, 612)]
    teams = [lineup(each, clock(each)) for each in plans]
    for half in (teams[:6], teams[6:]):
        assert len({club.club_id for each in half for club in each.clubs}) == 12
        assert len({each.round_number for each in half}) == 1
    people: dict[int, Any] = {}
    for each in teams:
        for player in [spell.player for spell in each.spells] + [p for _, p in each.unused]:
            assert people.setdefault(player.player_id, player) == player


# --- motion and truth -------------------------------------------------------------------------


def stretches(made: SimulatedMatch) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Player, frames and smoothed speed in m/s of each run of consecutive frames shown."""
    for (player_id,), table in positions(made).group_by("player_id", maintain_order=True):
        frames = table["frame"].to_numpy()
        breaks = np.flatnonzero(np.diff(frames) != 1) + 1
        for part in np.split(np.arange(len(frames)), breaks):
            xy = table.select("x", "y").to_numpy()[part]
            if len(part) > 2 * WINDOW:
                kernel = np.full(WINDOW, 1 / WINDOW)
                smooth = np.stack([np.convolve(xy[:, k], kernel, "valid") for k in (0, 1)], axis=1)
                speed = np.hypot(*np.diff(smooth, axis=0).T) * 10
                yield int(player_id), frames[part][WINDOW // 2 + 1 :][: len(speed)], speed


def test_planted_sprints_are_in_the_emitted_positions() -> None:
    made = middling()
    speeds = list(stretches(made))
    sprints = [b for b in made.truth["bouts"] if b["kind"] == "sprint" and not b["blank_share"]]
    assert len(sprints) > 15
    found = 0
    for bout in sprints:
        for player_id, frames, speed in speeds:
            inside = (frames >= bout["frame_start"]) & (frames <= bout["frame_end"])
            whole = bout["frame_end"] - bout["frame_start"] + 1
            if player_id != bout["player_id"] or inside.sum() < whole:
                continue
            found += 1
            assert speed[inside].max() == pytest.approx(bout["top_speed_ms"], abs=0.25)
            assert speed[inside].sum() / 10 == pytest.approx(bout["distance_m"], rel=0.05)
    assert found > len(sprints) / 2


def test_nobody_sprints_but_where_a_sprint_is_planted() -> None:
    made = middling()
    planted = {
        (bout["player_id"], frame)
        for bout in made.truth["bouts"]
        if bout["kind"] == "sprint"
        for frame in range(bout["frame_start"] - 3, bout["frame_end"] + 4)
    }
    for player_id, frames, speed in stretches(made):
        fast = frames[speed > 25.4 / 3.6]
        assert all((player_id, int(frame)) in planted for frame in fast)


def test_sprints_peak_between_25_and_33_kmh_and_high_speed_runs_below() -> None:
    bouts = full().truth["bouts"]
    sprints = [b for b in bouts if b["kind"] == "sprint"]
    others = [b for b in bouts if b["kind"] == "hsr"]
    assert 100 < len(sprints) < 320
    assert 500 < len(others) < 1_100
    assert all(25.0 < 3.6 * b["top_speed_ms"] < 33.0 for b in sprints)
    assert np.quantile([3.6 * b["top_speed_ms"] for b in sprints], 0.02) > 26.0
    assert all(20.0 < 3.6 * b["top_speed_ms"] < 25.0 for b in others)
    assert np.mean([b["duration_s"] >= 1.0 for b in sprints]) > 0.97
    for bout in bouts:
        frames = bout["frame_end"] - bout["frame_start"] + 1
        assert bout["duration_s"] == frames / 10
        assert 0.0 <= bout["blank_share"] <= 1.0


def test_movement_is_smooth_and_stays_on_the_pitch() -> None:
    made = short()
    found = positions(made)
    half = made.match["pitch_length"] / 2, made.match["pitch_width"] / 2
    assert 104 <= made.match["pitch_length"] <= 106
    assert found["x"].abs().max() <= half[0] + 1
    assert found["y"].abs().max() <= half[1] + 1
    for _, _, speed in stretches(made):
        assert speed.max() < 9.3
        assert np.abs(np.diff(speed)).max() * 10 < 5.5


def test_players_cover_what_players_cover() -> None:
    minutes = {p["id"]: p["playing_time"]["total"]["minutes_played"] for p in played(full())}
    roles = {p["id"]: p["player_role"]["acronym"] for p in played(full())}
    for player in full().truth["players"]:
        player_id = player["player_id"]
        a_minute = player["distance_m"] / minutes[player_id]
        if roles[player_id] == "GK":
            assert 10 < a_minute < 60
        elif minutes[player_id] > 10:
            assert 80 < a_minute < 140
        assert player["top_speed_ms"] < 9.2


def test_truth_counts_runs_and_presses_as_the_events_file_does() -> None:
    for made in (short(), full(), reissued(full(), 5)):
        runs: Counter[int] = Counter()
        worth: Counter[int] = Counter()
        presses: Counter[int] = Counter()
        for row in rows(made.events):
            player_id = int(row["player_id"])
            if row["event_type"] == "off_ball_run":
                runs[player_id] += 1
                worth[player_id] += round(float(row["xthreat"]) * 10_000)
            presses[player_id] += row["event_subtype"] in ("pressing", "counter_press")
        for player in made.truth["players"]:
            player_id = player["player_id"]
            assert player["run_count"] == runs[player_id]
            assert round(player["sum_xthreat"] * 10_000) == worth[player_id]
            assert player["pressing_action_count"] == presses[player_id]
        assert sum(runs.values()) == sum(p["run_count"] for p in made.truth["players"])


def test_truth_sums_distance_over_the_emitted_positions() -> None:
    made = short()
    known = {p["player_id"]: p["distance_m"] for p in made.truth["players"]}
    shown: Counter[int] = Counter()
    seconds: Counter[int] = Counter()
    for player_id, _, speed in stretches(made):
        shown[player_id] += float(speed.sum()) / 10
        seconds[player_id] += len(speed) / 10
    minutes = {p["id"]: p["playing_time"]["total"]["minutes_played"] for p in played(made)}
    rates = [
        (shown[k] / seconds[k]) / (known[k] / minutes[k] / 60) for k in known if seconds[k] > 60
    ]
    assert np.mean(rates) == pytest.approx(1.0, abs=0.12)


# --- the same again, faults, re-issues ---------------------------------------------------------


def test_the_same_plan_gives_the_same_bytes_and_another_seed_does_not() -> None:
    again, other = match(plan()), match(plan(seed=2))
    assert again == short()
    assert other.tracking != short().tracking
    assert other.events != short().events
    assert match(plan(FIRST + 1)).events != short().events


def test_a_gap_takes_all_positions_away_in_the_middle_of_period_1() -> None:
    made = match(plan(faults=Faults(gap_s=20.0)))
    first, last = made.truth["faults"]["gap"]
    assert last - first + 1 == 200
    period = made.match["match_periods"][0]
    middle = (period["start_frame"] + period["end_frame"]) / 2
    assert (first + last) / 2 == pytest.approx(middle, abs=1)
    for before, after in zip(lines(short()), lines(made), strict=True):
        if first <= after["frame"] <= last:
            assert after["player_data"] == []
            assert after["ball_data"]["x"] is None
        else:
            assert after["player_data"] == before["player_data"]
    assert made.events == short().events


def test_teleports_are_single_jumps_of_8_to_30_metres_and_noted() -> None:
    made = match(plan(faults=Faults(teleports=7)))
    noted = {
        (t["frame"], t["player_id"]): (t["dx"], t["dy"]) for t in made.truth["faults"]["teleports"]
    }
    assert len(noted) == 7
    changed = 0
    for before, after in zip(lines(short()), lines(made), strict=True):
        for old, new in zip(before["player_data"], after["player_data"], strict=True):
            if old == new:
                continue
            changed += 1
            dx, dy = noted[after["frame"], new["player_id"]]
            assert new["x"] - old["x"] == pytest.approx(dx, abs=0.02)
            assert new["y"] - old["y"] == pytest.approx(dy, abs=0.02)
            assert 7.9 < np.hypot(dx, dy) < 30.1
    assert changed == 7


@pytest.mark.parametrize("part", ["match", "tracking", "events", "phases"])
def test_a_missing_file_is_not_written(part: Any, tmp_path: Path) -> None:
    made = match(plan(minutes=2.0, faults=Faults(missing_file=part)))
    written = [path.name for path in write(made, tmp_path, layout="landing")]
    names = {
        "match": "match.json",
        "tracking": "tracking_extrapolated.jsonl",
        "events": "dynamic_events.csv",
        "phases": "phases_of_play.csv",
    }
    assert sorted(written) == sorted(name for kind, name in names.items() if kind != part)


def test_a_reissue_changes_some_runs_one_engagement_and_some_positions_only() -> None:
    made = reissued(short(), 9)
    before, after = rows(short().events), rows(made.events)
    changed = [(b, a) for b, a in zip(before, after, strict=True) if b != a]
    runs = [a for _, a in changed if a["event_type"] == "off_ball_run"]
    engaged = [(b, a) for b, a in changed if a["event_type"] == "on_ball_engagement"]
    assert len(runs) == 5
    assert len(engaged) == 1
    assert engaged[0][0]["event_subtype"] in ("other", "pressure")
    assert engaged[0][1]["event_subtype"] == "pressing"
    allowed = {"xthreat", "dangerous", "event_subtype", "event_subtype_id"}
    for b, a in changed:
        assert {name for name in b if b[name] != a[name]} <= allowed
    moved = [
        abs(old["x"] - new["x"])
        for b, a in zip(lines(short()), lines(made), strict=True)
        for old, new in zip(b["player_data"], a["player_data"], strict=True)
        if old != new
    ]
    assert len(moved) == 20
    assert max(moved) < 0.25
    assert (made.match, made.phases) == (short().match, short().phases)
    assert made.truth["faults"]["reissued"]
    assert not short().truth["faults"]["reissued"]


def test_a_plan_can_ask_for_the_reissue() -> None:
    assert match(plan(faults=Faults(reissue=True))) == reissued(short(), 1)


# --- on disk ----------------------------------------------------------------------------------


def test_files_are_laid_out_as_the_provider_has_them(tmp_path: Path) -> None:
    written = write(short(), tmp_path)
    home = tmp_path / "matches" / str(FIRST)
    assert written == [
        home / f"{FIRST}_match.json",
        home / f"{FIRST}_tracking_extrapolated.jsonl",
        home / f"{FIRST}_dynamic_events.csv",
        home / f"{FIRST}_phases_of_play.csv",
    ]
    assert json.loads(written[0].read_bytes()) == short().match
    assert [p.read_bytes() for p in written[1:]] == [
        short().tracking,
        short().events,
        short().phases,
    ]
    assert json.loads(truth_path(short(), tmp_path).read_bytes()) == short().truth
    assert truth_path(short(), tmp_path) == tmp_path / "truth" / f"{FIRST}_truth.json"


def test_the_landing_layout_names_the_day_of_kick_off_in_utc(tmp_path: Path) -> None:
    sydney = timezone(timedelta(hours=11))
    early = MatchPlan(7, datetime(2024, 11, 3, 8, 0, tzinfo=sydney), minutes=2.0)
    written = write(match(early), tmp_path, layout="landing", gzip=True)
    assert {path.parent for path in written} == {
        tmp_path / "partition_date=2024-11-02" / "match_id=7"
    }
    tracking = next(path for path in written if path.name == "tracking_extrapolated.jsonl.gz")
    assert gzip.decompress(tracking.read_bytes()) == match(early).tracking
    again = tracking.read_bytes()
    write(match(early), tmp_path, layout="landing", gzip=True)
    assert tracking.read_bytes() == again


def test_a_plan_that_cannot_be_a_match_is_refused() -> None:
    with pytest.raises(ConfigError, match="time zone"):
        MatchPlan(1, datetime(2024, 11, 2, 8, 35))
    with pytest.raises(ConfigError, match="minutes"):
        plan(minutes=1.0)
    with pytest.raises(ConfigError, match="match_id"):
        plan(-1)
    with pytest.raises(ConfigError, match="missing_file"):
        plan(faults=Faults(missing_file="video"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="faults"):
        plan(faults=Faults(teleports=-1))
