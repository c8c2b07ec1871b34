"""Bad rows below the threshold go to quarantine, with reason and line; odd but good input passes."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import pytest
from world import (
    EVENTS,
    MATCH,
    PHASES,
    TABLES,
    TRACKING,
    World,
    broken,
    files,
    frames_with_players,
    with_frame,
    with_json,
    with_lines,
    with_rows,
    world,
)

Edit = Callable[[bytes], bytes]


def set_in(number: int, **values: str) -> Edit:
    """The CSV file with other values in one row, the first being line 2."""
    return with_rows(lambda rows: rows[number - 2].update(values))


def shown(at: int) -> int:
    """The line of one of the frames that hold positions."""
    return frames_with_players(files(1)[TRACKING])[at]


def placed(number: int, **values: object) -> Edit:
    """The tracking file with another fourth position in one line."""
    return with_frame(number, lambda document: document["player_data"][3].update(values))


def line_for(number: int, line: bytes) -> Edit:
    return with_lines(lambda lines: lines.__setitem__(number - 1, line))


def again(number: int) -> Edit:
    """One line given again right behind itself."""
    return with_lines(lambda lines: lines.insert(number, lines[number - 1]))


def run_line() -> int:
    """The line of the first off-ball run."""
    rows = files(1)[EVENTS].decode().splitlines()
    return next(n for n, row in enumerate(rows, start=1) if ",off_ball_run," in row)


def all_of(*edits: Edit) -> Edit:
    return lambda data: reduce(lambda so_far, edit: edit(so_far), edits, data)


@dataclass(frozen=True)
class Bad:
    """A bad row: the edit that makes it, why it is rejected, its line, and how many rows that is."""

    what: str
    edit: Edit
    reason: str
    line: int
    rows: int = 1


def bad_events() -> list[Bad]:
    run = run_line()
    return [
        Bad("an unknown subtype", set_in(run, event_subtype="moonwalk"),
            "event_subtype is not an allowed value", run),
        Bad("a player in no squad", set_in(7, player_id="424242"),
            "player is in no squad of the match", 7),
        Bad("of another match", set_in(9, match_id="2"),
            "match_id: '2' is another match than 1", 9),
        Bad("a number that is none", set_in(11, frame_start="12x"),
            "frame_start: '12x' is not int", 11),
        Bad("a share of 7", set_in(13, xthreat="7"), "xthreat outside [0, 1]", 13),
        Bad("an event twice", again(17), "repeats the key (match_id, ", 18),
    ]  # fmt: skip


def bad_lines() -> list[Bad]:
    return [
        Bad("a player in no squad", placed(shown(5), player_id=424242),
            "player is in no squad of the match", shown(5)),
        Bad("far outside the pitch", placed(shown(6), x=-120.0),
            "position more than 50 m outside the pitch", shown(6)),
        Bad("malformed in the middle", line_for(shown(7), b'{"frame": 7, "player_data": [{"x"\n'),
            "malformed line", shown(7)),
        Bad("of another shape", line_for(shown(8), b'{"picture": 7}\n'),
            "line of another shape", shown(8)),
        Bad("a frame twice", again(shown(9)),
            "repeats the key (match_id, ", shown(9) + 1, rows=22),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which one row in ten may be rejected, so that all kinds can be at once."""
    made = world(tmp_path_factory.mktemp("lenient"))
    made.configure("[tracking]\nmax_rejected = 0.1\n")
    return made


@pytest.mark.parametrize(
    ("name", "table", "bad"), [(EVENTS, "events", bad_events), (TRACKING, "frames", bad_lines)]
)
def test_bad_rows_go_to_quarantine_with_reason_and_line_and_the_others_are_published(
    lenient: World, name: str, table: str, bad: Callable[[], list[Bad]]
) -> None:
    lenient.ingest(broken(files(1), name, all_of(*(b.edit for b in bad()))))

    ended = lenient.well("run", "--json")

    (row,) = ended.rows
    assert row["status"] == "published"
    looked = [
        found
        for each in {table, "ball" if name == TRACKING else table}
        for found in lenient.well("query", f"SELECT * FROM tracking.{each}_rejected", "--json").rows
        if each == table or "line" in found["reason"]
    ]
    for b in bad():
        of_it = [r for r in looked if r["line"] == b.line]
        assert len(of_it) == b.rows, (b.what, looked)
        assert all(b.reason in r["reason"] for r in of_it), (b.what, of_it)
        assert all(r["row"] for r in of_it), b.what
    assert len(looked) == sum(b.rows for b in bad())
    assert {r["source"] for r in looked} == {name}
    assert {r["run_id"] for r in looked} == {row["run"]}
    told = [reason for step in lenient.report()["steps"] for reason in step["rejected"]]
    assert all(any(b.reason in reason for reason in told) for b in bad())
    assert row["rejected"] >= len(looked)


def test_one_bad_row_among_hundreds_is_below_the_usual_threshold(published: World) -> None:
    before = published.one("SELECT count(*) FROM tracking.frames WHERE match_id = 1")

    published.publish(broken(files(1), TRACKING, placed(shown(5), player_id=424242)))

    assert published.one("SELECT count(*) FROM tracking.frames WHERE match_id = 1") == before - 1
    (row,) = published.query("SELECT * FROM tracking.frames_rejected").to_pylist()
    assert (row["match_id"], row["line"]) == (1, shown(5))
    assert '"player_id":424242' in row["row"]


def test_nothing_is_left_in_quarantine_once_the_rows_are_right(published: World) -> None:
    published.publish(broken(files(1), EVENTS, set_in(7, player_id="424242")))
    assert published.one("SELECT count(*) FROM tracking.events_rejected") == 1

    published.publish(files(1))

    assert published.one("SELECT count(*) FROM tracking.events_rejected") == 0


# --- what is accepted


def another_order(data: bytes) -> bytes:
    lines = [line.split(",") for line in data.decode().splitlines()]
    assert len({len(line) for line in lines}) == 1, "no field is quoted"
    return "".join(",".join(reversed(line)) + "\n" for line in lines).encode()


def another_column(data: bytes) -> bytes:
    header, *rows = data.decode().splitlines()
    return "".join(
        f"{line}\n" for line in (header + ",mood", *(row + ",calm" for row in rows))
    ).encode()


def packed(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def windows(data: bytes) -> bytes:
    """With a byte order mark, Windows line ends, and none at the end of the last line."""
    return b"\xef\xbb\xbf" + data.rstrip(b"\n").replace(b"\n", b"\r\n")


SAME_RESULT: dict[str, dict[str, Edit]] = {
    "another order of columns and members": {
        EVENTS: another_order,
        PHASES: another_order,
        MATCH: lambda data: json.dumps(dict(reversed(json.loads(data).items()))).encode(),
    },
    "added columns and members": {
        EVENTS: another_column,
        PHASES: another_column,
        TRACKING: with_frame(shown(0), lambda d: d.update(weather="rain")),
        MATCH: with_json(lambda d: d.update(weather="rain")),
    },
    "files from Windows": {EVENTS: windows, PHASES: windows},
    "no end of line at the end": dict.fromkeys((EVENTS, PHASES, TRACKING), bytes.rstrip),
    "packed files": dict.fromkeys((EVENTS, PHASES, TRACKING, MATCH), packed),
}


@pytest.fixture(scope="module")
def as_it_is(published: World) -> dict[str, tuple[int, str]]:
    """What match 1 holds before any test."""
    published.publish(files(1))
    return published.contents(1)


@pytest.mark.parametrize("case", SAME_RESULT)
def test_files_that_say_the_same_in_another_way_give_the_same_tables(
    published: World, as_it_is: dict[str, tuple[int, str]], case: str
) -> None:
    given = files(1)
    for name, edit in SAME_RESULT[case].items():
        given = broken(given, name, edit)

    published.publish(given)

    assert published.contents(1) == as_it_is


def test_added_columns_are_reported(published: World) -> None:
    given = broken(files(1), EVENTS, another_column)
    given = broken(given, TRACKING, with_frame(shown(0), lambda d: d.update(weather="rain")))

    published.publish(given)

    notes = [note for step in published.report()["steps"] for note in step["notes"]]
    (run, *_) = published.well("runs", "--json").rows
    told = " ".join(published.well("show", run["run"]).out.split())
    for said in ("added columns mood", "added members weather"):
        assert any(said in note for note in notes)
        assert said in told


def test_unused_substitutes_are_players_without_metrics(published: World) -> None:
    document = json.loads(files(1)[MATCH])
    unused = [p["id"] for p in document["players"] if p["playing_time"]["total"] is None]
    assert unused
    listed = ",".join(map(str, unused))

    asked = "SELECT count(*) FROM tracking.{} WHERE match_id = 1 AND player_id IN ({})"

    assert published.one(asked.format("players", listed)) == len(unused)
    assert published.one(asked.format("player_metrics", listed)) == 0


def test_every_starter_has_a_row_of_metrics(published: World) -> None:
    document = json.loads(files(1)[MATCH])
    starters = {p["id"] for p in document["players"] if p["start_time"] == "00:00:00"}
    rows = published.query(
        "SELECT player_id FROM tracking.player_metrics WHERE match_id = 1 AND started"
    )

    assert len(starters) == 22
    assert set(rows.column(0).to_pylist()) == starters


def test_an_empty_phase_is_accepted(published: World) -> None:
    def empty(rows: list[dict[str, str]]) -> None:
        rows[2]["frame_end"] = rows[2]["frame_start"]

    published.publish(broken(files(1), PHASES, with_rows(empty)))

    assert published.one("SELECT count(*) FROM tracking.phases_rejected") == 0


def test_a_match_without_a_press_has_zeros(published: World) -> None:
    def without(rows: list[dict[str, str]]) -> None:
        rows[:] = [row for row in rows if row["event_type"] != "on_ball_engagement"]

    published.publish(broken(files(1), EVENTS, with_rows(without)))

    found = published.query(
        "SELECT sum(pressing_action_count) AS n, count(*) AS players, count(press_success_rate) AS r"
        " FROM tracking.player_metrics WHERE match_id = 1"
    ).to_pylist()
    assert found == [{"n": 0, "players": found[0]["players"], "r": 0}]
    assert found[0]["players"] >= 22
    assert set(published.heads()) == {f"tracking.{t}" for t in TABLES}
