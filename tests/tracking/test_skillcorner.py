"""The provider's API as a local server plays it: paging, marks, faults, refusals, secrets."""

import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_server import (
    BAD_QUALITY,
    NAMES,
    Call,
    File,
    Match,
    Provider,
    Reply,
    Server,
    cut,
    match,
    said,
    serving,
)

from touchline.errors import ConfigError, ContractError, StorageError, TransientError
from touchline.tracking.source import skillcorner
from touchline.tracking.source.skillcorner import CallRule, Credentials, MatchEntry
from touchline.tracking.source.skillcorner.calls import ask
from touchline.tracking.source.skillcorner.connection import connected, endpoint

TOKEN = "tok/en+with=signs&"
BY_TOKEN = Credentials(token=TOKEN)
BY_NAME = Credentials(username="coach", password="pass:word 1")
TRACKING = "/api/match/1/tracking/"


class Waits(list[float]):
    """A sleep that returns at once and remembers how long it was meant to be."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def calling(
    server: Server, who: Credentials = BY_TOKEN, waits: Waits | None = None, **said: Any
) -> Iterator[skillcorner.Client]:
    """A client with a full wait at each attempt and pages of two matches."""
    usual = {"base_url": f"{server.url}/api", "credentials": who, "page_matches": 2}
    sleep = Waits() if waits is None else waits
    with skillcorner.connect(
        skillcorner.Settings(**usual | said), sleep=sleep, jitter=lambda: 1.0
    ) as client:
        yield client


@contextmanager
def provider(*matches: Match, **said: Any) -> Iterator[tuple[Provider, Server]]:
    app = Provider(*matches, **{"token": TOKEN} | said)
    with serving(app) as server:
        yield app, server


def fetched(
    client: skillcorner.Client, into: Path, ids: Sequence[int] = (1,), **said: Any
) -> list[skillcorner.Fetched | skillcorner.Refused]:
    return list(skillcorner.fetch(client, [MatchEntry(match_id) for match_id in ids], into, **said))


def contents(found: Sequence[object]) -> dict[str, bytes]:
    return {f.name: f.path.read_bytes() for f in found if isinstance(f, skillcorner.Fetched)}


def bodies(of: Match) -> dict[str, bytes]:
    return {name: file.body for name, file in of.files.items()}


def in_full(error: BaseException) -> str:
    """All that an error and what it came from say."""
    text = f"{error!r} {error} {vars(error)}"
    under = error.__cause__ or error.__context__
    return text + (in_full(under) if under else "")


# --- listing


def test_every_page_is_followed_and_each_match_comes_once_in_order() -> None:
    with provider(*(match(n) for n in range(1, 6))) as (_, server), calling(server) as client:
        assert [entry.match_id for entry in skillcorner.matches(client)] == [1, 2, 3, 4, 5]
        assert [call.query["offset"] for call in server.calls] == ["0", "2", "4"]


def test_an_entry_says_when_who_and_which_version() -> None:
    with provider(match(2017461)) as (_, server), calling(server) as client:
        (entry,) = skillcorner.matches(client)
    assert entry == MatchEntry(
        2017461,
        datetime(2025, 5, 17, 9, 35, tzinfo=UTC),
        "closed",
        "Melbourne V FC",
        "Auckland FC",
        "2025-05-18T06:00:00Z",
    )


def test_no_matches_give_no_entries() -> None:
    with provider() as (_, server), calling(server) as client:
        assert list(skillcorner.matches(client)) == []


def test_both_days_of_a_range_belong_to_it() -> None:
    played = [
        match(1, date_time="2025-05-15T23:59:59Z"),
        match(2, date_time="2025-05-16T00:00:00Z"),
        match(3, date_time="2025-05-17T23:59:00Z"),
        match(4, date_time="2025-05-18T00:00:00Z"),
    ]
    with provider(*played) as (_, server), calling(server) as client:
        found = skillcorner.matches(client, first=date(2025, 5, 16), last=date(2025, 5, 17))
        assert [entry.match_id for entry in found] == [2, 3]


def test_competitions_are_asked_for_together() -> None:
    played = [match(1, competition_id=61), match(2, competition_id=4), match(3, competition_id=7)]
    with provider(*played) as (_, server), calling(server) as client:
        found = skillcorner.matches(client, competitions=[61, 7])
        assert [entry.match_id for entry in found] == [1, 3]


def test_a_match_of_last_year_whose_events_alone_were_corrected_is_found_with_yesterdays() -> None:
    yesterday = match(1, date_time="2025-05-17T09:00:00Z")
    old, untouched = match(2, date_time="2024-11-02T08:00:00Z"), match(3, date_time="2024-11-03")
    for each in (old, untouched):
        for file in each.files.values():
            file.modified = "2024-11-05T00:00:00Z"
    old.files["dynamic_events.csv"].modified = "2025-05-17T23:00:00Z"
    since = dict.fromkeys(NAMES, "2025-05-17T00:00:00Z")
    with provider(old, untouched, yesterday) as (_, server), calling(server) as client:
        found = skillcorner.matches(client, first=date(2025, 5, 17), modified_since=since)
        assert [entry.match_id for entry in found] == [1, 2]


def test_filters_of_two_products_are_never_joined_in_one_request() -> None:
    with provider(match(1)) as (_, server), calling(server) as client:
        list(skillcorner.matches(client, modified_since=dict.fromkeys(NAMES, "2025-01-01")))
        filters = [[n for n in call.query if n.endswith("modified__gte")] for call in server.calls]
    assert filters == [
        ["dynamic_events_v2_last_modified__gte"],
        ["extrapolated_tracking_v3_last_modified__gte"],
    ]


@pytest.mark.parametrize("step", [0, 2], ids=["the same page", "ever new pages"])
def test_pages_that_never_end_are_left(step: int) -> None:
    def endless(call: Call) -> Reply:
        offset = int(call.query["offset"]) + step
        link = f"/api/matches/?limit=2&offset={offset}"
        return said({"results": [match(1).listed()], "next": link})

    with serving(endless) as server, calling(server) as client:
        with pytest.raises(TransientError, match="no new match"):
            list(skillcorner.matches(client))
        assert len(server.calls) == 2


def test_pages_without_end_that_invent_matches_are_left_too() -> None:
    def endless(call: Call) -> Reply:
        number = int(call.query["offset"]) + 1
        return said({
            "results": [match(number).listed()], "next": f"?limit=1&offset={number}",
        })  # fmt: skip

    with serving(endless) as server, calling(server, max_pages=7) as client:
        with pytest.raises(TransientError, match="more than 7 pages"):
            list(skillcorner.matches(client))
        assert len(server.calls) == 7


def test_a_next_page_on_another_host_is_refused_and_never_called() -> None:
    with provider(match(1)) as (app, server), serving(lambda call: said({})) as other:
        page = {"results": [match(1).listed()], "next": f"{other.url}/api/matches/?token={TOKEN}"}
        app.faults["/api/matches/"].append(said(page))
        with calling(server) as client, pytest.raises(ConfigError, match="next page is on") as told:
            list(skillcorner.matches(client))
        assert other.calls == []
        assert TOKEN not in in_full(told.value)


@pytest.mark.parametrize(
    "hostile", ["../../etc/passwd", "7", 7.5, True, None, 0, -1, 2**63], ids=repr
)
def test_an_id_that_is_no_positive_whole_number_is_refused(hostile: object) -> None:
    place = r"/api/matches/: .*\$\.results\[1\]\.id"
    with (
        provider(match(1), Match(hostile)) as (_, server),
        calling(server) as client,
        pytest.raises(ContractError, match=place),
    ):
        list(skillcorner.matches(client))


def test_a_page_that_is_no_json_is_a_broken_promise() -> None:
    with provider() as (app, server), calling(server) as client:
        app.faults["/api/matches/"].append(Reply(200, b"<html>Log in to the hotel</html>"))
        with pytest.raises(ContractError, match="/api/matches/"):
            list(skillcorner.matches(client))


# --- who calls


@pytest.mark.parametrize("who", [BY_TOKEN, BY_NAME], ids=["token", "username and password"])
def test_either_way_of_saying_who_calls_is_accepted_for_lists_and_files(
    who: Credentials, tmp_path: Path
) -> None:
    user = (who.username, who.password)
    with (
        provider(match(1), match(2), match(3), token=who.token, user=user) as (_, server),
        calling(server, who) as client,
    ):
        found = fetched(client, tmp_path, [e.match_id for e in skillcorner.matches(client)])
    assert len(contents(found[:4])) == 4
    assert len(found) == 12


def test_a_wrong_token_is_a_matter_of_configuration_with_the_variables_to_set() -> None:
    wrong = Credentials(token="wrong")
    with provider(match(1)) as (_, server), calling(server, wrong) as client:
        with pytest.raises(ConfigError, match="/api/matches/: 401") as told:
            list(skillcorner.matches(client))
        assert "SKILLCORNER_TOKEN" in told.value.hint
        assert len(server.calls) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_file_denied_for_another_reason_than_quality_stops_the_fetch(
    status: int, tmp_path: Path
) -> None:
    with provider(match(1)) as (app, server), calling(server) as client:
        app.faults[TRACKING].append(said({"detail": "You do not have permission."}, status))
        with pytest.raises(ConfigError, match=f"{status} You do not have") as told:
            fetched(client, tmp_path)
        assert told.value.facts == {"url_path": TRACKING, "status": status}


@pytest.mark.parametrize(
    "who",
    [
        Credentials(),
        Credentials(username="coach"),
        Credentials(password="secret"),
        Credentials("coach", "secret", "secret"),
        Credentials("coach", "", "secret"),
    ],
)
def test_no_credentials_half_of_them_or_two_sorts_are_refused_unsent(who: Credentials) -> None:
    with (
        pytest.raises(ConfigError, match="expected a username with a password, or a token") as told,
        skillcorner.connect(skillcorner.Settings(credentials=who)),
    ):
        pass
    assert "'secret'" not in in_full(told.value)
    assert "SKILLCORNER_PASSWORD" in told.value.hint


@pytest.mark.parametrize(
    "url",
    ["http://example.com/api", "ftp://example.com", "skillcorner", "https://u:p@host/api", "http://[", ""],
)  # fmt: skip
def test_an_address_that_is_wrong_or_unencrypted_is_refused(url: str) -> None:
    given = skillcorner.Settings(base_url=url, credentials=BY_TOKEN)
    with pytest.raises(ConfigError, match="base_url"), skillcorner.connect(given):
        pass


# --- files


def test_the_four_files_of_a_match_come_whole_under_their_names(tmp_path: Path) -> None:
    one = match(1)
    with provider(one) as (_, server), calling(server) as client:
        found = fetched(client, tmp_path)
    assert [file.name for file in found] == list(NAMES)
    assert contents(found) == bodies(one)
    for file in found:
        assert isinstance(file, skillcorner.Fetched)
        assert file.path == tmp_path / f"1_{file.name}"
        assert file.size == file.path.stat().st_size
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"1_{n}" for n in NAMES)


def test_tracking_is_asked_for_in_the_format_and_version_that_is_read(tmp_path: Path) -> None:
    with provider(match(1)) as (_, server), calling(server) as client:
        fetched(client, tmp_path)
        (call,) = server.to(TRACKING)
    assert {**call.query, "token": ""} == {"file_format": "jsonl", "data_version": "3", "token": ""}


def test_no_matches_give_no_files_and_no_calls(tmp_path: Path) -> None:
    with provider() as (_, server), calling(server) as client:
        assert fetched(client, tmp_path, []) == []
        assert server.calls == []


@pytest.mark.parametrize("status", ["not_started", "postponed", "cancelled"])
def test_a_match_that_was_not_played_is_passed_over(status: str, tmp_path: Path) -> None:
    with provider(match(1)) as (_, server), calling(server) as client:
        assert list(skillcorner.fetch(client, [MatchEntry(1, status=status)], tmp_path)) == []
        assert server.calls == []


def test_bad_data_quality_is_recorded_once_and_all_else_goes_on(tmp_path: Path) -> None:
    with provider(match(1), match(2)) as (app, server), calling(server) as client:
        app.faults["/api/match/1/dynamic_events/"].append(said(BAD_QUALITY, 403))
        found = fetched(client, tmp_path, [1, 2])
        assert len(server.to("/api/match/1/dynamic_events/")) == 1
    refused = skillcorner.Refused(1, "dynamic_events.csv", 403, "Bad data quality")
    assert [file for file in found if not isinstance(file, skillcorner.Fetched)] == [refused]
    assert [file.match_id for file in found] == [1] * 4 + [2] * 4


def test_bad_data_quality_is_known_in_whatever_form_it_is_said(tmp_path: Path) -> None:
    pages = [
        b"Bad data quality",
        b'{"error": "BAD DATA QUALITY"}',
        b"x" * 500 + b"bad data quality",
    ]
    with provider(match(1)) as (app, server), calling(server) as client:
        for page in pages:
            app.faults["/api/match/1/dynamic_events/"].append(Reply(403, page))
            (_, _, refused, _) = fetched(client, tmp_path)
            assert isinstance(refused, skillcorner.Refused)
            assert len(refused.reason) <= 200


def test_a_file_that_is_not_there_yet_is_refused_in_the_providers_words(tmp_path: Path) -> None:
    one = match(1)
    del one.files["phases_of_play.csv"]
    with provider(one) as (_, server), calling(server) as client:
        assert fetched(client, tmp_path)[3] == skillcorner.Refused(
            1, "phases_of_play.csv", 404, "Not found."
        )


def test_a_request_that_the_provider_does_not_understand_stops_the_fetch(tmp_path: Path) -> None:
    with provider(match(1)) as (app, server), calling(server) as client:
        app.faults[TRACKING].append(said({"data_version": ['"3" is not a valid choice.']}, 400))
        with pytest.raises(ConfigError, match=r"400 .*not a valid choice") as told:
            fetched(client, tmp_path)
        assert "products" in told.value.hint


def test_a_packed_body_is_unpacked(tmp_path: Path) -> None:
    one = match(1)
    one.files["tracking_extrapolated.jsonl"].packed = True
    with provider(one) as (_, server), calling(server) as client:
        assert contents(fetched(client, tmp_path)) == bodies(one)


def test_a_packed_body_that_ends_early_is_fetched_again(tmp_path: Path) -> None:
    one = match(1)
    file = one.files["tracking_extrapolated.jsonl"]
    file.packed = True
    whole = file.reply(Call("GET", "", {}, {}))
    with provider(one) as (app, server), calling(server) as client:
        app.faults[TRACKING].append(Reply(200, whole.body[:-9], whole.headers))
        assert contents(fetched(client, tmp_path)) == bodies(one)
        assert len(server.to(TRACKING)) == 2


def test_a_body_beyond_all_measure_is_refused_unread(tmp_path: Path) -> None:
    rule = CallRule(max_file_bytes=1000)
    with (
        provider(match(1)) as (_, server),
        calling(server, rule=rule) as client,
        pytest.raises(ContractError, match="more than 1000 bytes"),
    ):
        fetched(client, tmp_path)
    assert not list(tmp_path.glob("*tracking*"))


def test_progress_is_told_up_to_the_whole_size(tmp_path: Path) -> None:
    one, told = match(1), []
    with provider(one) as (_, server), calling(server) as client:
        fetched(client, tmp_path, on_bytes=lambda *step: told.append(step))
    size = len(one.files["tracking_extrapolated.jsonl"].body)
    steps = [step for step in told if step[0] == "1_tracking_extrapolated.jsonl"]
    assert steps[-1] == ("1_tracking_extrapolated.jsonl", size, size)
    assert steps == sorted(steps)


@pytest.mark.parametrize("full", ["the disk", "the folder's place"])
def test_no_room_on_the_disk_is_said_as_such(full: str, tmp_path: Path) -> None:
    into = tmp_path / "into"
    if full == "the disk":
        into.mkdir()
        (into / "1_match.json.part").symlink_to("/dev/full")
    else:
        into.write_text("a file, not a folder")
    with provider(match(1)) as (_, server), calling(server) as client:
        with pytest.raises(StorageError, match=r"1_match\.json") as told:
            fetched(client, into)
        assert told.value.exit_code == 7
        assert len(server.to("/api/match/1/")) == 1


# --- re-issues


def test_what_is_known_and_unchanged_is_not_fetched_and_a_re_issue_is(tmp_path: Path) -> None:
    one = match(1)
    entry = MatchEntry(1, last_modified="2025-05-18T06:00:00Z")
    with provider(one) as (_, server), calling(server) as client:
        first = list(skillcorner.fetch(client, [entry], tmp_path))
        known = {(f.match_id, f.name): f.last_modified for f in first if hasattr(f, "path")}
        assert known[1, "match.json"] == "2025-05-18T06:00:00Z"
        server.calls.clear()
        assert list(skillcorner.fetch(client, [entry], tmp_path, known=known)) == []
        assert server.paths() == ["/api/match/1/data_collection/"]
        one.files["tracking_extrapolated.jsonl"] = File(b"corrected\n", "2025-06-01T00:00:00Z")
        (again,) = skillcorner.fetch(client, [entry], tmp_path, known=known)
    assert isinstance(again, skillcorner.Fetched)
    assert again.path.read_bytes() == b"corrected\n"
    assert again.last_modified == "2025-06-01T00:00:00Z"


def test_where_the_provider_tells_no_marks_the_files_own_marks_do(tmp_path: Path) -> None:
    one = match(1)
    with provider(one) as (app, server), calling(server) as client:
        app.tells_marks = False
        first = fetched(client, tmp_path)
        known = {(f.match_id, f.name): f.last_modified for f in first if hasattr(f, "path")}
        assert fetched(client, tmp_path, known=known) == []
        one.files["dynamic_events.csv"] = File(b"corrected\n")
        (again,) = fetched(client, tmp_path, known=known)
    assert contents([again]) == {"dynamic_events.csv": b"corrected\n"}


# --- faults that pass


def test_too_many_requests_are_followed_by_the_wait_that_the_server_asks_for(
    tmp_path: Path,
) -> None:
    one, waits = match(1), Waits()
    with provider(one) as (app, server), calling(server, waits=waits) as client:
        app.faults[TRACKING].append(said({"detail": "throttled"}, 429, retry_after="17"))
        assert contents(fetched(client, tmp_path)) == bodies(one)
    assert waits == [17.0]


def test_a_wait_beyond_our_patience_ends_the_call_at_once(tmp_path: Path) -> None:
    waits = Waits()
    with provider(match(1)) as (app, server), calling(server, waits=waits) as client:
        app.faults[TRACKING].append(said({"detail": "throttled"}, 429, retry_after="86400"))
        with pytest.raises(TransientError, match="asks to wait 86400 s"):
            fetched(client, tmp_path)
    assert waits == []


@pytest.mark.parametrize(
    ("asked", "expected_s"),
    [
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 1.0),
        ("soon", 1.0),
        ("0", 1.0),
    ],
)
def test_the_wait_may_be_a_date_and_is_never_shorter_than_our_own(
    asked: str, expected_s: float
) -> None:
    waits, replies = Waits(), [Reply(503, b"", {"Retry-After": asked}), Reply(200, b"ok")]
    now = datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    with (
        serving(lambda call: replies.pop(0)) as server,
        connected(server.url, CallRule(), sleep=waits, jitter=lambda: 1.0, now=lambda: now) as line,
    ):
        assert ask(line, endpoint(line, "x")).body == b"ok"
    assert waits == [expected_s]


def test_a_server_that_fails_twice_is_asked_a_third_time_after_doubling_waits(
    tmp_path: Path,
) -> None:
    one, waits = match(1), Waits()
    with provider(one) as (app, server), calling(server, waits=waits) as client:
        app.faults[TRACKING] += [Reply(500), Reply(502)]
        assert contents(fetched(client, tmp_path)) == bodies(one)
    assert waits == [1.0, 2.0]


def test_a_list_that_fails_twice_is_asked_for_a_third_time() -> None:
    with provider(match(1)) as (app, server), calling(server) as client:
        app.faults["/api/matches/"] += [Reply(500), cut(File(b"x" * 100), 50)]
        assert [entry.match_id for entry in skillcorner.matches(client)] == [1]


def test_waits_vary_between_half_and_whole_and_have_an_upper_end(tmp_path: Path) -> None:
    waits = Waits()
    rule = CallRule(attempts=8, first_wait_s=1, longest_wait_s=10)
    with provider(match(1)) as (app, server):
        app.faults[TRACKING] += [Reply(500)] * 7
        given = skillcorner.Settings(f"{server.url}/api", BY_TOKEN, rule=rule)
        with skillcorner.connect(given, sleep=waits, jitter=random.Random(7).random) as client:
            fetched(client, tmp_path)
    assert len(set(waits)) == 7
    for wait_s, most_s in zip(waits, [1, 2, 4, 8, 10, 10, 10], strict=True):
        assert most_s / 2 <= wait_s <= most_s


def test_a_server_that_only_fails_is_given_up_with_path_attempts_and_last_answer(
    tmp_path: Path,
) -> None:
    waits = Waits()
    with provider(match(1)) as (app, server), calling(server, waits=waits) as client:
        app.faults[TRACKING] += [said({"detail": "out of order"}, 500)] * 9
        with pytest.raises(TransientError) as told:
            fetched(client, tmp_path)
    assert str(told.value) == f"{TRACKING}: 5 attempts, last answer: 500 out of order"
    assert told.value.exit_code == 5
    assert told.value.facts == {
        "url_path": TRACKING, "attempts": 5, "last_answer": "500 out of order",
    }  # fmt: skip
    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert [path.name for path in tmp_path.iterdir()] == ["1_match.json"]


def test_a_server_that_is_not_there_is_given_up_too(tmp_path: Path) -> None:
    with serving(lambda call: Reply()) as gone:
        pass
    with calling(gone) as client, pytest.raises(TransientError, match=r"5 attempts.*ConnectError"):
        list(skillcorner.matches(client))


def test_a_cut_body_is_gone_on_with_where_the_server_allows_it(tmp_path: Path) -> None:
    one = match(1)
    file = one.files["tracking_extrapolated.jsonl"]
    file.accept_ranges = True
    with provider(one) as (app, server), calling(server) as client:
        app.faults[TRACKING] += [cut(file, 9_000), Reply(503), Reply(silent=True)]
        assert contents(fetched(client, tmp_path)) == bodies(one)
        ranges = [call.headers.get("range") for call in server.to(TRACKING)]
    assert ranges == [None, "bytes=9000-", "bytes=9000-", "bytes=9000-"]


def test_a_cut_body_is_begun_again_where_the_server_does_not(tmp_path: Path) -> None:
    one = match(1)
    with provider(one) as (app, server), calling(server) as client:
        app.faults[TRACKING].append(cut(one.files["tracking_extrapolated.jsonl"], 9_000))
        assert contents(fetched(client, tmp_path)) == bodies(one)
        assert [call.headers.get("range") for call in server.to(TRACKING)] == [None, None]


def test_a_file_re_issued_between_cut_and_resumption_is_never_a_mixture(tmp_path: Path) -> None:
    one = match(1)
    old = one.files["tracking_extrapolated.jsonl"]
    old.accept_ranges = True
    new = File(b"new" * 20_000, accept_ranges=True)
    one.files["tracking_extrapolated.jsonl"] = new
    with provider(one) as (app, server), calling(server) as client:
        app.faults[TRACKING].append(cut(old, 9_000))
        assert contents(fetched(client, tmp_path))["tracking_extrapolated.jsonl"] == new.body


@pytest.mark.parametrize(
    "odd",
    [
        Reply(206, b"nine thousand and one", {"Content-Range": "bytes 9001-9021/9022"}),
        Reply(416, b"", {"Content-Range": "bytes */9000"}),
    ],
    ids=["another part", "no such part"],
)
def test_a_resumption_that_goes_wrong_is_begun_again(odd: Reply, tmp_path: Path) -> None:
    one = match(1)
    file = one.files["tracking_extrapolated.jsonl"]
    file.accept_ranges = True
    with provider(one) as (app, server), calling(server) as client:
        app.faults[TRACKING] += [cut(file, 9_000), odd]
        assert contents(fetched(client, tmp_path)) == bodies(one)
        ranges = [call.headers.get("range") for call in server.to(TRACKING)]
    assert ranges == [None, "bytes=9000-", None]


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_a_body_that_is_always_cut_leaves_no_file(chunked: bool, tmp_path: Path) -> None:
    broken = Reply(200, b"x" * 1000, cut_at=400, chunked=chunked)
    with provider(match(1)) as (app, server), calling(server) as client:
        app.faults["/api/match/1/"] += [broken] * 5
        with pytest.raises(TransientError, match="5 attempts, last answer: cut after 400 bytes"):
            fetched(client, tmp_path)
    assert list(tmp_path.iterdir()) == []


FAULTS = {
    "busy": lambda file: said({}, 429, retry_after="1"),
    "broken": lambda file: Reply(500, b"<html>"),
    "silent": lambda file: Reply(silent=True),
    "cut at once": lambda file: cut(file, 0),
    "cut early": lambda file: cut(file, 1),
    "cut late": lambda file: cut(file, len(file.body) - 1),
}


def test_whatever_passes_the_files_are_the_same(tmp_path: Path) -> None:
    one = match(1)
    paths = {product.name: product.path.format(match_id=1) for product in skillcorner.PRODUCTS}

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.sampled_from(sorted(FAULTS)), max_size=4), st.sampled_from(NAMES), st.booleans()
    )
    def check(faults: list[str], name: str, accept_ranges: bool) -> None:
        one.files[name].accept_ranges = accept_ranges
        app.faults[f"/api/{paths[name]}"] += [FAULTS[fault](one.files[name]) for fault in faults]
        assert contents(fetched(client, tmp_path)) == bodies(one)
        assert contents(fetched(client, tmp_path)) == bodies(one)

    with provider(one) as (app, server), calling(server) as client:
        check()


# --- secrets


def spellings(who: Credentials) -> list[str]:
    """The secret as it is, as it stands in a URL, and in a header."""
    return {
        TOKEN: [TOKEN, "tok%2Fen%2Bwith%3Dsigns%26"],
        "": ["pass:word 1", "pass%3Aword%201", "pass%3Aword+1", "Y29hY2g6cGFzczp3b3JkIDE="],
    }[who.token]


def tell_tale(call: Call) -> Reply:
    """A server that repeats all it was told, wherever it can."""
    told = f"{call.query.get('token', '')} {call.headers.get('authorization', '')}"
    told += " pass:word 1 pass%3Aword+1 Y29hY2g6cGFzczp3b3JkIDE="
    if call.path == "/api/match/1/" and "token" in call.query:
        return Reply(302, b"", {"Location": f"{call.path}x?token=tok%2Fen%2Bwith%3Dsigns%26"})
    if call.path == "/api/match/1/data_collection/":
        return Reply(404, told.encode())
    return said({"detail": told}, 500, x_told=told)


@pytest.mark.parametrize("who", [BY_TOKEN, BY_NAME], ids=["token", "username and password"])
def test_secrets_are_in_no_message_no_log_line_and_no_repr(
    who: Credentials, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(tell_tale) as server, calling(server, who) as client:
        with pytest.raises(TransientError) as told:
            fetched(client, tmp_path)
        assert server.calls[-1].query.get("token", "") == who.token
        assert all(call.query or "authorization" in call.headers for call in server.calls)
        shown = f"{client!r} {client.settings!r} {client.connection!r} {who!r}"
    assert "***" in str(told.value)
    assert "HTTP Request: GET" in caplog.text
    for secret in spellings(who):
        assert secret not in in_full(told.value)
        assert secret not in caplog.text
        assert secret not in shown


@pytest.mark.parametrize("path", ["/api/matches/", "/api/matches/x"])
def test_a_token_that_the_server_repeats_in_links_is_in_no_underlying_error(path: str) -> None:
    def repeating(call: Call) -> Reply:
        link = f"{path}?limit=2&offset=2&token=tok%2Fen%2Bwith%3Dsigns%26"
        if call.query.get("offset") == "0" and path != "/api/matches/":
            return Reply(302, b"", {"Location": link})
        if call.query.get("offset") == "0":
            return said({"results": [match(1).listed()], "next": link})
        return Reply(silent=True)

    with serving(repeating) as server, calling(server) as client:
        with pytest.raises(TransientError) as told:
            list(skillcorner.matches(client))
        assert {call.query["token"] for call in server.calls} == {TOKEN}
    assert "offset=2" in in_full(told.value)
    for secret in spellings(BY_TOKEN):
        assert secret not in in_full(told.value)


def test_the_secret_is_in_no_refusal_either(tmp_path: Path) -> None:
    with provider(match(1)) as (app, server), calling(server) as client:
        app.faults[TRACKING].append(said({"detail": f"Bad data quality for {TOKEN}"}, 403))
        refused = fetched(client, tmp_path)[1]
    assert refused == skillcorner.Refused(
        1, "tracking_extrapolated.jsonl", 403, "Bad data quality for ***"
    )


@pytest.mark.parametrize("who", [BY_TOKEN, BY_NAME], ids=["token", "username and password"])
def test_a_redirect_to_another_host_carries_no_credentials(
    who: Credentials, tmp_path: Path
) -> None:
    user = (who.username, who.password)
    with (
        provider(match(1), token=who.token, user=user) as (app, server),
        serving(lambda call: Reply(200, b"from the store")) as store,
    ):
        app.faults[TRACKING].append(Reply(302, b"", {"Location": f"{store.url}/f?token=theirs"}))
        with calling(server, who) as client:
            found = contents(fetched(client, tmp_path))
        assert found["tracking_extrapolated.jsonl"] == b"from the store"
        (call,) = store.calls
    assert call.query == {"token": "theirs"}
    assert "authorization" not in call.headers


def test_a_redirect_on_the_same_host_is_still_let_in(tmp_path: Path) -> None:
    one = match(1)
    with provider(one) as (app, server), calling(server) as client:
        app.faults["/api/match/1/"].append(Reply(301, b"", {"Location": TRACKING}))
        found = fetched(client, tmp_path)
        assert server.to(TRACKING)[0].query == {"token": TOKEN}
    assert contents(found)["match.json"] == bodies(one)["tracking_extrapolated.jsonl"]


def test_log_lines_are_left_alone_once_the_client_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with provider() as (_, server), calling(server):
        pass
    assert not logging.getLogger("httpx").filters
