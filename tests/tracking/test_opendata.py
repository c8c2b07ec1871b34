"""The provider's public repository as a local server plays it: layout, Git LFS, faults."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_server import (
    NAMES,
    File,
    Match,
    Reply,
    Repository,
    Server,
    cut,
    match,
    said,
    serving,
)

from sample_data import sample
from touchline.errors import ConfigError, ContractError, TransientError
from touchline.tracking.source import opendata
from touchline.tracking.source.skillcorner import CallRule, Fetched, MatchEntry, Refused

BATCH = "/lfs/objects/batch"
TRACKING = "tracking_extrapolated.jsonl"
POINTER = f"/repo/data/matches/1/1_{TRACKING}"


@contextmanager
def repository(*matches: Match) -> Iterator[tuple[Repository, Server]]:
    app = Repository(*matches)
    with serving(app) as server:
        yield app, server


@contextmanager
def reading(
    server: Server, waits: list[float] | None = None, **said: Any
) -> Iterator[opendata.Client]:
    given = opendata.Settings(f"{server.url}/repo", f"{server.url}/lfs", **said)
    sleep = [].append if waits is None else waits.append
    with opendata.connect(given, sleep=sleep, jitter=lambda: 1.0) as client:
        yield client


def fetched(
    client: opendata.Client, into: Path, ids: Sequence[int] = (1,), **said: Any
) -> list[Fetched | Refused]:
    return list(opendata.fetch(client, [MatchEntry(each) for each in ids], into, **said))


def contents(found: Sequence[object]) -> dict[str, bytes]:
    return {f.name: f.path.read_bytes() for f in found if isinstance(f, Fetched)}


def bodies(of: Match) -> dict[str, bytes]:
    return {name: file.body for name, file in of.files.items()}


def marks(found: Sequence[object]) -> dict[tuple[int, str], str | None]:
    return {(f.match_id, f.name): f.last_modified for f in found if isinstance(f, Fetched)}


def stored(app: Repository) -> str:
    (oid,) = app.objects
    return f"/store/{oid}"


# --- listing


def test_the_list_gives_each_match_once() -> None:
    with repository(match(3), match(1), match(3)) as (_, server), reading(server) as client:
        assert [entry.match_id for entry in opendata.matches(client)] == [3, 1]


def test_an_empty_list_gives_no_matches_and_no_files(tmp_path: Path) -> None:
    with repository() as (_, server), reading(server) as client:
        assert list(opendata.matches(client)) == []
        assert fetched(client, tmp_path, []) == []


def test_both_days_of_a_range_belong_to_it() -> None:
    played = [
        match(1, date_time="2025-05-15T23:59:59Z"),
        match(2, date_time="2025-05-16T00:00:00Z"),
        match(3, date_time="2025-05-18T01:00:00+10:00"),
        match(4, date_time="2025-05-18T00:00:00Z"),
    ]
    with repository(*played) as (_, server), reading(server) as client:
        found = opendata.matches(client, first=date(2025, 5, 16), last=date(2025, 5, 17))
        assert [entry.match_id for entry in found] == [2, 3]


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "7", 7.5, True, None, 0, -1, 2**63])
def test_an_id_that_is_no_positive_whole_number_is_refused(hostile: object) -> None:
    with (
        repository(match(1), Match(hostile)) as (_, server),
        reading(server) as client,
        pytest.raises(ContractError, match=r"/repo/data/matches\.json: .*\$\[1\]\.id"),
    ):
        list(opendata.matches(client))


def test_a_repository_without_a_list_is_a_matter_of_configuration() -> None:
    with serving(lambda call: Reply(404, b"404: Not Found")) as server, reading(server) as client:
        with pytest.raises(ConfigError, match=r"matches\.json: 404 404: Not Found") as told:
            list(opendata.matches(client))
        assert told.value.hint == "check base_url"


def test_the_real_list_is_read() -> None:
    real = sample("skillcorner/matches.json")
    with serving(lambda call: Reply(200, real.read_bytes())) as server, reading(server) as client:
        found = {entry.match_id: entry for entry in opendata.matches(client)}
    assert len(found) == len(json.loads(real.read_text()))
    assert found[2017461].home_team == "Melbourne V FC"
    assert found[2017461].kick_off_at is not None
    assert found[2017461].kick_off_at.isoformat() == "2025-05-17T09:35:00+00:00"


def test_the_defaults_are_the_public_repository() -> None:
    url = "https://raw.githubusercontent.com/SkillCorner/opendata/master"
    assert opendata.Settings().base_url == url
    assert opendata.Settings().lfs_url == "https://github.com/SkillCorner/opendata.git/info/lfs"


# --- files


def test_the_four_files_come_whole_and_a_pointer_is_followed(tmp_path: Path) -> None:
    one = match(1)
    with repository(one) as (app, server), reading(server) as client:
        found = fetched(client, tmp_path)
        (asked,) = server.to(BATCH)
    assert [file.name for file in found] == list(NAMES)
    assert contents(found) == bodies(one)
    assert [file.path.name for file in found] == [f"1_{name}" for name in NAMES]
    (oid,) = app.objects
    assert marks(found)[1, TRACKING] == f"sha256:{oid}"
    assert json.loads(asked.body) == {
        "operation": "download",
        "transfers": ["basic"],
        "objects": [{"oid": oid, "size": len(one.files[TRACKING].body)}],
    }
    assert asked.headers["accept"] == "application/vnd.git-lfs+json"
    assert asked.headers["content-type"] == "application/vnd.git-lfs+json"


def test_any_of_the_files_may_be_kept_by_lfs_or_not(tmp_path: Path) -> None:
    one = match(1)
    with repository(one) as (app, server), reading(server) as client:
        events = app.plain["/repo/data/matches/1/1_dynamic_events.csv"]
        app.plain["/repo/data/matches/1/1_dynamic_events.csv"] = File(app.pointer(events.body))
        app.plain[POINTER] = one.files[TRACKING]
        assert contents(fetched(client, tmp_path)) == bodies(one)


def test_a_packed_object_is_kept_as_it_is_since_its_hash_is_of_the_packed(tmp_path: Path) -> None:
    packed = b"\x1f\x8b not really gzip"
    with repository(match(1)) as (app, server), reading(server) as client:
        app.plain[POINTER] = File(app.pointer(packed))
        assert contents(fetched(client, tmp_path))[TRACKING] == packed


def test_a_missing_file_is_refused_and_the_others_and_other_matches_go_on(tmp_path: Path) -> None:
    one = match(1)
    del one.files["phases_of_play.csv"]
    with repository(one, match(2)) as (_, server), reading(server) as client:
        found = fetched(client, tmp_path, [1, 2])
    assert len(contents(found[:3])) == 3
    assert found[3] == Refused(1, "phases_of_play.csv", 404, "404: Not Found")
    assert len(contents(found[4:])) == 4


def test_what_is_known_and_unchanged_is_not_fetched_and_a_re_issue_is(tmp_path: Path) -> None:
    one = match(1)
    with repository(one) as (app, server), reading(server) as client:
        known = marks(fetched(client, tmp_path))
        server.calls.clear()
        assert fetched(client, tmp_path, known=known) == []
        assert server.to(BATCH) == []
        one.files[TRACKING] = File(b"corrected\n")
        app.hold(one)
        again = fetched(client, tmp_path, known=known)
    assert contents(again) == {TRACKING: b"corrected\n"}
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 404, "message": "Object does not exist"}, (404, "Object does not exist")),
        ({"code": 410, "message": "Object removed"}, (410, "Object removed")),
    ],
)
def test_an_object_that_lfs_does_not_have_is_refused_in_its_words(
    error: dict[str, object], expected: tuple[int, str], tmp_path: Path
) -> None:
    with repository(match(1)) as (app, server), reading(server) as client:
        app.refusal = error
        found = fetched(client, tmp_path)
        assert len(server.to(BATCH)) == 1
    assert found[1] == Refused(1, TRACKING, *expected)
    assert not (tmp_path / f"1_{TRACKING}").exists()


def test_a_repository_over_its_quota_is_refused_in_its_words(tmp_path: Path) -> None:
    said_so = "This repository exceeded its LFS budget."
    with repository(match(1)) as (app, server), reading(server) as client:
        app.faults[BATCH].append(said({"message": said_so}, 403))
        assert fetched(client, tmp_path)[1] == Refused(1, TRACKING, 403, said_so)


@pytest.mark.parametrize(
    "offer",
    [
        {"objects": []},
        {"objects": [{"oid": "x", "size": 1}]},
        {"objects": [{"actions": {}}]},
        {"objects": [{"actions": {"download": {"href": "http://here:no"}}}]},
        {"objects": [{"actions": {"download": {"href": "file:///etc/passwd"}}}]},
        {"objects": [{"actions": {"download": {"href": "/etc/passwd"}}}]},
    ],
)
def test_an_lfs_server_that_offers_nothing_is_a_refusal(
    offer: dict[str, object], tmp_path: Path
) -> None:
    with repository(match(1)) as (app, server), reading(server) as client:
        app.faults[BATCH].append(said(offer))
        refused = fetched(client, tmp_path)[1]
    assert isinstance(refused, Refused)
    assert refused.reason == "the LFS server offers no download"


def test_a_pointer_without_a_hash_is_a_refusal(tmp_path: Path) -> None:
    with repository(match(1)) as (app, server), reading(server) as client:
        app.plain[POINTER] = File(
            b"version https://git-lfs.github.com/spec/v1\noid md5:abc\nsize 3\n"
        )
        found = fetched(client, tmp_path)
    assert found[1] == Refused(1, TRACKING, 200, "a Git LFS pointer without a sha256")
    assert len(contents(found)) == 3


# --- faults that pass


def test_an_object_with_other_bytes_than_its_hash_is_fetched_again(tmp_path: Path) -> None:
    one = match(1)
    with repository(one) as (app, server), reading(server) as client:
        size = len(one.files[TRACKING].body)
        app.faults[stored(app)] += [Reply(200, b"x" * size), Reply(200, b"short")]
        assert contents(fetched(client, tmp_path)) == bodies(one)
        assert len(server.to(stored(app))) == 3


def test_an_object_that_never_has_its_hash_is_given_up_and_leaves_no_file(tmp_path: Path) -> None:
    with repository(match(1)) as (app, server), reading(server) as client:
        app.faults[stored(app)] += [Reply(200, b"forged")] * 5
        with pytest.raises(TransientError, match=r"/store/.*: 5 attempts, last answer: sha256 "):
            fetched(client, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["1_match.json"]


def test_a_cut_object_is_gone_on_with(tmp_path: Path) -> None:
    one = match(1)
    part = Reply(200, one.files[TRACKING].body, {"Accept-Ranges": "bytes"}, cut_at=7_000)
    with repository(one) as (app, server), reading(server) as client:
        app.faults[stored(app)].append(part)
        assert contents(fetched(client, tmp_path)) == bodies(one)
        calls = server.to(stored(app))
    assert [call.headers.get("range") for call in calls] == [None, "bytes=7000-"]
    assert [call.headers["x-pass"] for call in calls] == ["let me in"] * 2


def test_an_lfs_server_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    one, waits = match(1), []
    busy = {"objects": [{"error": {"code": 503, "message": "later"}}]}
    with repository(one) as (app, server), reading(server, waits) as client:
        app.faults[BATCH] += [said({}, 429, retry_after="9"), Reply(500), said(busy)]
        assert contents(fetched(client, tmp_path)) == bodies(one)
    assert waits == [9.0, 2.0, 4.0]


def test_an_lfs_server_that_stays_busy_is_given_up(tmp_path: Path) -> None:
    with repository(match(1)) as (app, server), reading(server, rule=CallRule(2)) as client:
        app.refusal = {"code": 500, "message": "out of order"}
        with pytest.raises(TransientError) as told:
            fetched(client, tmp_path)
    assert str(told.value) == f"{BATCH}: 2 attempts, last answer: 500 out of order"


def test_in_whatever_order_and_weather_each_match_gets_the_same_files(tmp_path: Path) -> None:
    played = [match(n) for n in (1, 2, 3)]
    path = "/repo/data/matches/2/2_dynamic_events.csv"
    faults = {"busy": Reply(503), "cut": cut(played[1].files["dynamic_events.csv"], 3)}

    @settings(max_examples=25, deadline=None)
    @given(st.permutations([1, 2, 3]), st.lists(st.sampled_from(["busy", "cut"]), max_size=4))
    def check(order: list[int], weather: list[str]) -> None:
        app.faults[path] += [faults[each] for each in weather]
        found = fetched(client, tmp_path, order)
        for each in played:
            assert contents([f for f in found if f.match_id == each.id]) == bodies(each)

    with repository(*played) as (app, server), reading(server) as client:
        check()
