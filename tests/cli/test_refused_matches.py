"""Bad input that refuses the match: right exit code, everything as it was, and a report that tells."""

import gzip
import json
from collections.abc import Callable

import pytest
from world import (
    EVENTS,
    MATCH,
    PHASES,
    TABLES,
    TRACKING,
    Files,
    World,
    broken,
    files,
    with_json,
    with_lines,
    with_rows,
)

Break = Callable[[Files], Files]


def edited(name: str, edit: Callable[[bytes], bytes]) -> Break:
    return lambda good: broken(good, name, edit)


def renamed(column: str) -> Callable[[bytes], bytes]:
    """The CSV file with another name for a column."""

    def change(data: bytes) -> bytes:
        header, rest = data.split(b"\n", 1)
        assert column.encode() in header.split(b",")
        names = [b"other" if n == column.encode() else n for n in header.split(b",")]
        return b",".join(names) + b"\n" + rest

    return change


def every(column: str, value: str) -> Callable[[bytes], bytes]:
    """The CSV file with the same value in each row of a column."""
    return with_rows(lambda rows: [row.update({column: value}) for row in rows])


def without(*path: str) -> Callable[[bytes], bytes]:
    """The document without a member."""

    def drop(document: dict) -> None:  # type: ignore[type-arg]
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return with_json(drop)


def without_positions(data: bytes) -> bytes:
    lines = [json.loads(line) for line in data.splitlines()]
    return b"".join(json.dumps({**line, "player_data": []}).encode() + b"\n" for line in lines)


def each_line(edit: Callable[[dict], object]) -> Callable[[bytes], bytes]:  # type: ignore[type-arg]
    def change(lines: list[bytes]) -> None:
        lines[:] = [with_json(edit)(line) + b"\n" for line in lines]

    return with_lines(change)


def cut_gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1)[:-200]


def damaged_gzip(data: bytes) -> bytes:
    packed = bytearray(gzip.compress(data, 1))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
    return bytes(packed)


def latin(data: bytes) -> bytes:
    """A letter that is not UTF-8, in the middle of the file's second half."""
    at = data.index(b'"', len(data) // 2) if b'"' in data else data.index(b",", len(data) // 2)
    return data[: at + 1] + b"\xe9" + data[at + 1 :]


def pointer(_: bytes) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


def some(share: float, change: Callable[[dict[str, str]], object]) -> Callable[[bytes], bytes]:
    """The CSV file with a change in a share of its rows."""

    def edit(rows: list[dict[str, str]]) -> None:
        for row in rows[: int(share * len(rows)) + 1]:
            change(row)

    return with_rows(edit)


OTHER = files(99, seed=9)

REFUSED: dict[str, tuple[str, Break, tuple[str, ...]]] = {
    **{
        f"{name} is empty": (name, edited(name, lambda _: b""), ("the file is empty",))
        for name in (MATCH, TRACKING, EVENTS, PHASES)
    },
    **{
        f"{name} is not UTF-8": (name, edited(name, latin), ("UTF",))
        for name in (MATCH, TRACKING, EVENTS, PHASES)
    },
    **{
        f"{name} is gzip that is cut off": (name, edited(name, cut_gzip), ("gzip cut off",))
        for name in (TRACKING, EVENTS, PHASES)
    },
    **{
        f"{name} is of another match": (name, edited(name, lambda _, n=name: OTHER[n]), seen)  # type: ignore[misc]
        for name, seen in {
            MATCH: ("99", "expected 1"),
            TRACKING: ("squad",),
            EVENTS: ("99", "is another match than 1", "as in all"),
            PHASES: ("99", "is another match than 1", "as in all"),
        }.items()
    },
    "all four are of another match": (MATCH, lambda _: OTHER, ("99", "expected 1")),
    "tracking is damaged gzip": (TRACKING, edited(TRACKING, damaged_gzip), ("gzip", "damaged")),
    "tracking is a pointer": (TRACKING, edited(TRACKING, pointer), ("Git LFS pointer",)),
    "tracking ends within a line": (
        TRACKING,
        edited(TRACKING, lambda data: data[:-40]),
        ("line", "cut off at the end of the file"),
    ),
    "events end within a line": (
        EVENTS,
        edited(EVENTS, lambda data: data[: data.rstrip(b"\n").rindex(b"\n") + 60]),
        ("line", "cut off at the end of the file"),
    ),
    "match.json ends in the middle": (
        MATCH,
        edited(MATCH, lambda data: data[: len(data) // 2]),
        ("truncated",),
    ),
    "match.json is a list": (MATCH, edited(MATCH, lambda _: b"[]"), ("Expected `object`",)),
    "a required column of events is missing": (
        EVENTS,
        edited(EVENTS, renamed("event_type")),
        ("header", "missing columns event_type", "seen"),
    ),
    "a required column of phases is missing": (
        PHASES,
        edited(PHASES, renamed("frame_end")),
        ("header", "missing columns frame_end", "seen"),
    ),
    "a required column of events comes twice": (
        EVENTS,
        edited(EVENTS, lambda data: data.replace(b",season,", b",event_id,", 1)
               if b",season," in data else data.replace(b",", b",event_id,", 1)),
        ("header", "event_id"),
    ),
    "a required member of match.json is missing": (
        MATCH,
        edited(MATCH, without("pitch_length")),
        ("missing required field `pitch_length`",),
    ),
    "a required member within match.json is missing": (
        MATCH,
        edited(MATCH, without("competition_edition", "competition")),
        ("missing required field `competition`", "$.competition_edition"),
    ),
    "a required member of match.json has another type": (
        MATCH,
        edited(MATCH, with_json(lambda d: d.update(pitch_length="105 m"))),
        ("Expected `float`, got `str`", "$.pitch_length"),
    ),
    **{
        f"match.json has {what}": (MATCH, edited(MATCH, with_json(change)), (MATCH, *said))
        for what, change, said in (
            (
                "a score beyond 32 bits",
                lambda d: d.update(home_team_score=2**31),
                ("Expected `int` <= 2147483647", "$.home_team_score", "seen 2147483648"),
            ),
            (
                "a period's end beyond 32 bits",
                lambda d: d["match_periods"][1].update(end_frame=2**31),
                ("$.match_periods[1].end_frame", "seen 2147483648"),
            ),
            (
                "a period beyond 32 bits",
                lambda d: d["match_periods"][0].update(period=2**31),
                ("$.match_periods[0].period", "seen 2147483648"),
            ),
            (
                "an id beyond 64 bits",
                lambda d: d.update(id=2**70),
                ("$.id", f"seen {2**70}"),
            ),
            (
                "a kick-off in the year 1",
                lambda d: d.update(date_time="0001-01-01T00:00:00+05:00"),
                ("date_time: expected a year from 1900 to 2100", "seen 0001-01-01T00:00:00+05:00"),
            ),
            (
                "a team that plays itself",
                lambda d: d["away_team"].update(id=d["home_team"]["id"]),
                ("away_team.id: expected another id than home_team.id",),
            ),
        )
    },
    "a phase begins before the match": (
        PHASES,
        edited(PHASES, some(0.0, lambda row: row.update(frame_start="-5"))),
        ("tracking.phases match_id=1: 1 of", "frame_start: -5 is not in period 1 of the match"),
    ),
    "a phase ends years after the match": (
        PHASES,
        edited(PHASES, some(0.0, lambda row: row.update(frame_end="2000000000"))),
        ("tracking.phases match_id=1: 1 of", "frame_end: 2000000000 is after the match"),
    ),
    "speeds of events are beyond all measure": (
        EVENTS,
        edited(EVENTS, every("speed_avg", "1e30")),
        ("tracking.events", "speed_avg_kmh outside [0, 100]"),
    ),
    "a required column of events has another type": (
        EVENTS,
        edited(EVENTS, every("frame_start", "soon")),
        ("frame_start: 'soon' is not int", "nor is any other"),
    ),
    "a required column of phases has another type": (
        PHASES,
        edited(PHASES, every("frame_start", "soon")),
        ("frame_start: 'soon' is not int", "nor is any other"),
    ),
    "a required member of tracking is missing": (
        TRACKING,
        edited(TRACKING, each_line(lambda line: line.pop("player_data"))),
        ("player's position", "player_data"),
    ),
    "a required member of tracking has another type": (
        TRACKING,
        edited(TRACKING, each_line(lambda line: line.update(player_data="x"))),
        ("player's position", "Expected `array`, got `str`"),
    ),
    "positions of tracking are words": (
        TRACKING,
        edited(
            TRACKING,
            each_line(lambda line: [p.update(x="far") for p in line["player_data"]]),
        ),
        ("x",),
    ),
    "tracking has no frame with players": (
        TRACKING,
        edited(TRACKING, without_positions),
        ("player's position",),
    ),
    "tracking has empty lines only": (
        TRACKING,
        edited(TRACKING, lambda _: b"\n\n\n"),
        ("player's position",),
    ),
    "events have a header only": (
        EVENTS,
        edited(EVENTS, lambda data: data.split(b"\n")[0] + b"\n"),
        ("none of 0 lines below the header",),
    ),
    "more than one in a hundred events is rejected": (
        EVENTS,
        edited(EVENTS, some(0.02, lambda row: row.update(event_type="dance"))),
        ("event_type is not an allowed value", "expected at most 1 %"),
    ),
    "more than one in a hundred lines of tracking is malformed": (
        TRACKING,
        edited(
            TRACKING,
            with_lines(lambda ls: ls.__setitem__(slice(0, 40), [b'{"frame": 1,\n'] * 40)),
        ),
        ("malformed line", "expected at most 1 %"),
    ),
    "a number of player_metrics is out of range": (
        MATCH,
        edited(
            MATCH,
            with_json(
                lambda d: d["players"][0]["playing_time"]["total"].update(minutes_played=131.0)
            ),
        ),
        ("tracking.player_metrics", "range minutes_played", "outside [0, 130]"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def contents(published: World) -> dict[str, tuple[int, str]]:
    """What both matches hold before any test."""
    return published.contents()


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_refuses_the_match_and_leaves_everything_as_it_was(
    published: World, contents: dict[str, tuple[int, str]], case: str
) -> None:
    name, change, said = REFUSED[case]
    good = files(1)
    published.publish(good)
    heads, snapshots = published.heads(), published.snapshots()
    assert set(heads) == {f"tracking.{t}" for t in TABLES}

    bad = change(good)
    assert bad != good
    published.ingest(bad)
    ended = published.do("run", "--json")

    assert ended.code == 3, ended.err
    assert "Traceback" not in ended.err
    assert ended.hint
    assert [row["status"] for row in ended.rows] == ["refused"]
    assert published.heads() == heads
    assert published.snapshots() == snapshots
    assert published.contents() == contents

    report = published.report()
    (failure,) = report["failures"]
    assert report["status"] == "refused"
    assert failure["message"] in ended.error
    for words in said:
        assert words in failure["message"]
    assert names_the_file(name, failure["message"])


def names_the_file(name: str, message: str) -> bool:
    """By its own name, or by the table that it alone makes."""
    tables = {
        MATCH: ("tracking.matches", "tracking.player"),
        TRACKING: ("tracking.frames", "tracking.ball", "tracking.bronze_frames"),
        EVENTS: ("tracking.events",),
        PHASES: ("tracking.phases",),
    }
    return name in message or any(table in message for table in tables[name])


@pytest.mark.parametrize("name", [MATCH, TRACKING, EVENTS, PHASES])
def test_a_match_without_one_of_its_files_waits_for_it(empty: World, name: str) -> None:
    good = files(1)
    empty.ingest({n: data for n, data in good.items() if n != name})

    ended = empty.do("run", "--json")

    assert ended.code == 4, ended.err
    assert ended.error == f"tracking match_id=1: missing {name}"
    assert "ingest" in ended.hint
    assert [row["status"] for row in ended.rows] == ["waiting"]
    assert empty.heads() == {}
    assert empty.report()["failures"][0]["message"] == ended.error
    (planned,) = empty.well("plan", "--json").rows
    assert planned["reason"] == f"waiting for {name}"

    empty.ingest(good)
    empty.well("run")
    assert len(empty.heads()) == len(TABLES)


def test_the_share_of_rejected_rows_that_refuses_is_configurable(empty: World) -> None:
    bad = broken(files(1), EVENTS, some(0.02, lambda row: row.update(event_type="dance")))
    empty.ingest(bad)
    assert empty.do("run").code == 3

    empty.configure("[tracking]\nmax_rejected = 0.05\n")
    empty.well("run")

    reasons = empty.query("SELECT DISTINCT reason FROM tracking.events_rejected").to_pylist()
    assert reasons == [{"reason": "event_type is not an allowed value"}]


def test_rows_of_a_refused_match_can_be_looked_at(empty: World) -> None:
    bad = broken(files(1), EVENTS, some(0.02, lambda row: row.update(event_type="dance")))
    empty.ingest(bad)

    ended = empty.do("run")

    words = ended.hint.partition("see: touchline ")[2].partition(";")[0].split()
    looked = empty.well(*words, "--json").rows
    assert looked
    assert {row["reason"] for row in looked} == {"event_type is not an allowed value"}
    assert [int(row["id"].rpartition(":")[2]) for row in looked] == list(range(2, 2 + len(looked)))


def test_a_refused_match_is_not_refused_again_with_each_run_of_another(published: World) -> None:
    published.publish(files(1))
    other = published.heads(2)
    published.ingest(broken(files(1), EVENTS, lambda _: b""))

    ended = published.do("run", "--partition", "match_id=2")

    assert ended.code == 0
    assert published.heads(2) == other
    published.publish(files(1))
