"""fetch: the provider's API and its public repository, as local servers play them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from provider_server import (
    BAD_QUALITY,
    File,
    Match,
    Provider,
    Reply,
    Repository,
    Server,
    cut,
    said,
    serving,
)
from world import EVENTS, MATCH, PHASES, TRACKING, World, files

TOKEN = "t0p-s3cret/+"
NAMES = [MATCH, TRACKING, EVENTS, PHASES]
OF_1 = "/api/match/1/"


def played(match_id: int, version: int = 1, **members: str) -> Match:
    """A match as the provider has it, with simulated files."""
    held = {name: File(data) for name, data in files(match_id, version=version).items()}
    return Match(match_id, files=held, **members)  # type: ignore[arg-type]


@contextmanager
def provider(world: World, *matches: Match) -> Iterator[tuple[Provider, Server]]:
    """The API, where the world's configuration points to."""
    app = Provider(*matches, token=TOKEN)
    with serving(app) as server:
        world.configure(f'[skillcorner]\nbase_url = "{server.url}/api"\n')
        yield app, server


@pytest.fixture
def known(empty: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose environment has a token."""
    forget_credentials(monkeypatch)
    monkeypatch.setenv("SKILLCORNER_TOKEN", TOKEN)
    return empty


def forget_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"SKILLCORNER_{part}", raising=False)


def results(world: World, *words: str) -> dict[tuple[int, str], str]:
    ended = world.well("fetch", "skillcorner", *words, "--json")
    assert TOKEN not in ended.out + ended.err
    return {(row["match_id"], row["file"]): row["result"] for row in ended.rows}


def test_new_matches_are_fetched_landed_and_can_be_run(known: World) -> None:
    with provider(known, played(1), played(2)):
        found = results(known)
    known.well("run")

    assert found == {(match_id, name): "new" for match_id in (1, 2) for name in NAMES}
    assert known.one("SELECT count(DISTINCT match_id) FROM tracking.player_metrics") == 2


def test_what_is_unchanged_is_not_fetched_again(known: World) -> None:
    with provider(known, played(1)) as (_, server):
        results(known)
        before = len(server.calls)
        ended = known.well("fetch", "skillcorner")
        later = [call.path for call in server.calls[before:]]

    assert "nothing new" in ended.out
    assert f"{OF_1}tracking/" not in later
    assert f"{OF_1}dynamic_events/" not in later


def test_a_withdrawn_file_is_fetched_only_when_it_was_issued_again(known: World) -> None:
    with provider(known, played(1)) as (_, server):
        results(known)
        known.well("withdraw", "tracking", "match_id=1", EVENTS, "--because", "of another match")
        before = len(server.calls)
        assert "nothing new" in known.well("fetch", "skillcorner").out
        assert f"{OF_1}dynamic_events/" not in [call.path for call in server.calls[before:]]


def test_a_reissued_file_is_fetched_and_makes_its_match_stale(known: World) -> None:
    with provider(known, played(1), played(2)) as (app, _):
        results(known)
        known.well("run")
        app.matches[0].files[EVENTS] = File(files(1, version=2)[EVENTS], "2025-06-01T00:00:00Z")
        found = results(known)
    planned = known.well("plan", "--json").rows

    assert found[1, EVENTS] == "re-issued"
    assert set(found.values()) <= {"re-issued", "unchanged"}
    assert {row["partition"] for row in planned} == {"match_id=1"}
    assert "tracking.events" in {row["table"] for row in planned}


def test_what_retention_took_away_is_fetched_only_where_it_is_named(known: World) -> None:
    with provider(known, played(1)) as (_, server):
        results(known)
        base = f'[skillcorner]\nbase_url = "{server.url}/api"\n'
        known.configure(base + "[retention]\nbronze = { tracking = 1 }\n")
        known.well("retain")
        ended = known.well("fetch", "skillcorner", "--json")
        assert (ended.rows, "left out as past the days" in ended.err) == ([], True)
        named = known.well("fetch", "skillcorner", "--match", "1", "--json")
        assert len(named.rows) == 4
        assert "tracking match_id=1 is retired" in named.err
        assert known.well("plan", "--json").rows == []


def test_only_the_match_asked_for_is_fetched(known: World) -> None:
    with provider(known, played(1), played(2)):
        found = results(known, "--match", "2")

    assert {match_id for match_id, _ in found} == {2}


def test_days_narrow_what_is_fetched(known: World) -> None:
    early = played(1, date_time="2025-05-01T09:00:00Z")
    late = played(2, date_time="2025-05-20T09:00:00Z")
    with provider(known, early, late):
        found = results(known, "--from", "2025-05-10", "--to", "2025-05-20")

    assert {match_id for match_id, _ in found} == {2}


def test_a_refusal_is_shown_and_the_other_files_are_landed(known: World) -> None:
    with provider(known, played(1)) as (app, _):
        app.faults[f"{OF_1}dynamic_events/"].append(said(BAD_QUALITY, 403))
        found = results(known)
    ended = known.do("run")

    assert found[1, EVENTS] == "refused: 403 Bad data quality"
    assert found[1, MATCH] == "new"
    assert ended.code == 4
    assert ended.error == f"tracking match_id=1: missing {EVENTS}"


def test_a_busy_server_and_a_cut_line_are_waited_for(known: World) -> None:
    with provider(known, played(1)) as (app, server):
        tracking = app.matches[0].files[TRACKING]
        app.faults["/api/matches/"].append(said({}, 429, retry_after="0"))
        app.faults[f"{OF_1}tracking/"].append(cut(tracking, 1000))
        found = results(known)

    assert set(found.values()) == {"new"}
    assert len(server.to(f"{OF_1}tracking/")) == 2
    assert known.one("SELECT count(*) FROM tracking.bronze_frames") == len(
        tracking.body.splitlines()
    )


def test_a_server_that_asks_for_too_much_patience_is_left_for_later(known: World) -> None:
    with provider(known, played(1)) as (app, _):
        app.faults["/api/matches/"].append(said({}, 429, retry_after="9000"))
        ended = known.do("fetch", "skillcorner")

    assert (ended.code, "Traceback" in ended.err) == (5, False), ended.err
    assert "/api/matches/" in ended.error
    assert "429" in ended.error
    assert "run again later" in ended.hint


def test_files_that_came_before_a_failure_stay(known: World) -> None:
    with provider(known, played(1), played(2)) as (app, _):
        app.faults["/api/match/2/tracking/"].append(said({}, 429, retry_after="9000"))
        ended = known.do("fetch", "skillcorner")

    assert ended.code == 5
    rows = {row["partition"]: row["state"] for row in known.well("status", "--json").rows}
    assert rows["match_id=1"] == "stale"


def test_an_answer_that_is_none_of_the_provider_breaks_its_promise(known: World) -> None:
    with provider(known, played(1)) as (app, _):
        app.faults["/api/matches/"].append(Reply(200, b"<html>maintenance</html>"))
        ended = known.do("fetch", "skillcorner")

    assert (ended.code, "Traceback" in ended.err) == (3, False), ended.err
    assert "/api/matches/" in ended.error


def test_a_match_that_the_provider_does_not_have_is_told(known: World) -> None:
    with provider(known, played(1)):
        ended = known.do("fetch", "skillcorner", "--match", "404", "--json")

    assert (ended.code, "Traceback" in ended.err) == (4, False)
    assert ended.error == "skillcorner has no match 404"
    assert {row["result"][:12] for row in ended.rows} == {"refused: 404"}
    assert known.well("status", "--json").rows == []


def test_an_unknown_match_beside_a_known_one_is_told_and_the_other_is_landed(
    known: World,
) -> None:
    with provider(known, played(1)):
        ended = known.do("fetch", "skillcorner", "--match", "404", "--match", "1")

    assert (ended.code, ended.error) == (4, "skillcorner has no match 404")
    assert [row["partition"] for row in known.well("status", "--json").rows] == ["match_id=1"]


def test_a_fetch_of_which_all_was_refused_breaks_a_promise(known: World) -> None:
    with provider(known, played(1)) as (app, _):
        for place in ("", "tracking/", "dynamic_events/", "dynamic_events/phases_of_play/"):
            app.faults[f"{OF_1}{place}"] += [said(BAD_QUALITY, 403)] * 2
        ended = known.do("fetch", "skillcorner")

    assert (ended.code, "Traceback" in ended.err) == (3, False), ended.out
    assert ended.error == "skillcorner refused every file of match 1"


@pytest.mark.parametrize(
    ("status", "why"),
    [(429, "rate limit: 429 slow down"), (503, "server error: 503 slow down")],
)
def test_another_attempt_is_told_and_why(known: World, status: int, why: str) -> None:
    with provider(known, played(1)) as (app, _):
        app.faults["/api/matches/"].append(said({"detail": "slow down"}, status, retry_after="0"))
        ended = known.well("fetch", "skillcorner")

    assert f"127.0.0.1/api/matches/: {why}; trying again in 1 s" in ended.err.splitlines()


def test_a_line_that_was_cut_is_told(known: World) -> None:
    with provider(known, played(1)) as (app, _):
        app.faults[f"{OF_1}tracking/"].append(cut(app.matches[0].files[TRACKING], 1000))
        ended = known.well("fetch", "skillcorner")

    assert f"{OF_1}tracking/: no whole answer: cut after 1000 bytes" in ended.err


def test_without_an_option_every_match_is_fetched_and_that_is_said(known: World) -> None:
    with provider(known, played(1), played(2)):
        ended = known.well("fetch", "skillcorner")
        one = known.well("fetch", "skillcorner", "--match", "1")

    assert "every match of skillcorner, 2 in all; fewer by --match, --from or --to" in ended.err
    assert "every match" not in one.err
    assert "every match" in " ".join(known.well("fetch", "--help").out.split())


PAGE = Reply(200, b"<!doctype html><html>Back soon</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize("place", ["/api/matches/", OF_1])
def test_a_page_of_html_is_no_answer_and_never_landed(known: World, place: str) -> None:
    with provider(known, played(1)) as (app, _):
        app.faults[place].append(PAGE)
        ended = known.do("fetch", "skillcorner")

    assert (ended.code, "Traceback" in ended.err) == (3, False), ended.err
    assert f"{place}: expected " in ended.error
    assert "seen a page of HTML" in ended.error
    assert "check base_url" in ended.hint
    assert not (known.data / "objects/objects").exists()


# --- temporary files


def test_what_a_killed_command_left_is_gone_after_the_next_one(
    known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(known.folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    with provider(known, played(1)) as (app, server):
        app.faults[f"{OF_1}tracking/"].append(said({}, 429, retry_after="200"))
        with known.process("fetch", "skillcorner") as process:
            while not server.to(f"{OF_1}tracking/"):
                assert process.poll() is None
            beside = known.apart("ingest", "tracking", known.put(files(2), 2))
            (left,) = known.folder.glob("touchline-*")
            assert list(left.iterdir())
            process.kill()
        known.well("fetch", "skillcorner")

    assert beside.code == 0
    assert list(known.folder.glob("touchline-*")) == []


# --- credentials


def test_without_credentials_the_variables_are_named(
    empty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)

    ended = empty.do("fetch", "skillcorner")

    assert ended.code == 2
    for name in ("SKILLCORNER_USERNAME", "SKILLCORNER_PASSWORD", "SKILLCORNER_TOKEN"):
        assert name in ended.hint
    assert not empty.data.exists()


def test_half_a_pair_of_credentials_is_told(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_credentials(monkeypatch)
    monkeypatch.setenv("SKILLCORNER_PASSWORD", "pass-word-1")

    ended = empty.do("fetch", "skillcorner")

    assert ended.code == 2
    assert "SKILLCORNER_USERNAME" in ended.hint
    assert "pass-word-1" not in ended.out + ended.err


def test_wrong_credentials_are_told_without_repeating_them(
    empty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)
    monkeypatch.setenv("SKILLCORNER_TOKEN", "wrong-token-7")
    with provider(empty, played(1)):
        ended = empty.do("fetch", "skillcorner")

    assert ended.code == 2
    assert "401 Invalid token or password." in ended.error
    assert "SKILLCORNER_TOKEN" in ended.hint
    assert "wrong-token-7" not in ended.out + ended.err


def test_no_file_that_is_kept_holds_a_secret(known: World) -> None:
    with provider(known, played(1)):
        results(known)
        known.well("run")

    kept = [f for f in known.folder.rglob("*") if f.is_file()]
    assert kept
    assert not [f for f in kept if TOKEN.encode() in f.read_bytes()]


def test_another_variable_can_hold_the_token(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_credentials(monkeypatch)
    monkeypatch.setenv("CLUB_TOKEN", TOKEN)
    with provider(empty, played(1)) as (_, server):
        empty.configure(
            f'[skillcorner]\nbase_url = "{server.url}/api"\ntoken = {{ env = "CLUB_TOKEN" }}\n'
        )
        found = results(empty)

    assert set(found.values()) == {"new"}


@pytest.mark.parametrize("address", ["http://example.org/api", "ftp://127.0.0.1/api", "nowhere"])
def test_an_address_that_would_give_credentials_away_is_refused(known: World, address: str) -> None:
    known.configure(f'[skillcorner]\nbase_url = "{address}"\n')

    ended = known.do("fetch", "skillcorner")

    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert "base_url" in ended.error
    assert TOKEN not in ended.err


# --- the public repository


@contextmanager
def repository(world: World, *matches: Match) -> Iterator[Repository]:
    app = Repository(*matches)
    with serving(app) as server:
        world.configure(
            f'[opendata]\nbase_url = "{server.url}/repo"\nlfs_url = "{server.url}/lfs"\n'
        )
        yield app


def test_open_matches_are_fetched_through_their_pointers(empty: World) -> None:
    with repository(empty, played(1)):
        rows = empty.well("fetch", "skillcorner-open", "--json").rows
        again = empty.well("fetch", "skillcorner-open", "--match", "1").out
    empty.well("run")

    assert {(row["file"], row["result"]) for row in rows} == {(name, "new") for name in NAMES}
    assert "nothing new" in again or "unchanged" in again
    assert empty.one("SELECT count(*) FROM tracking.player_metrics") > 0


def test_the_open_repository_does_not_say_when_files_changed(empty: World) -> None:
    with repository(empty, played(1)):
        ended = empty.do("fetch", "skillcorner-open", "--modified-since", "2025-01-01")

    assert ended.code == 2
    assert "--modified-since" in ended.error
