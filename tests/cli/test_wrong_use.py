"""Wrong commands and wrong configuration: exit 2, a message with what and where, nothing written."""

import pytest
from world import World, files

COMMANDS = (
    "demo", "simulate", "fetch", "ingest", "plan", "run", "backfill", "status", "runs", "show",
    "up", "serve", "check", "alerts", "query", "define", "report", "diff", "quarantine", "rollback", "maintain",
    "retain", "export",
)  # fmt: skip

WRONG: dict[tuple[str, ...], str] = {
    (): "Usage: touchline",
    ("nothing",): "No such command 'nothing'",
    ("ingest",): "Missing argument",
    ("fetch", "skillcorner-open", "--match", "-1"): "'-1' is no whole number from",
    ("show", "1999"): "no run '1999'",
    ("ingest", "tracking"): "Missing argument 'PATHS...'",
    ("ingest", "chess", "landing"): "'chess' is not one of 'tracking', 'activity'",
    ("simulate",): "Usage: touchline simulate",
    ("simulate", "chess"): "No such command 'chess'",
    ("simulate", "activity", "out", "--null-rate", "2"): "'2' is no number from 0 to 1",
    ("simulate", "tracking"): "Missing argument 'OUT'",
    ("simulate", "tracking", "out", "--matches", "0"): "'0' is no whole number from",
    ("simulate", "tracking", "out", "--minutes", "1"): "'1' is no number from 2 to",
    ("simulate", "tracking", "out", "--minutes", "many"): "'many' is no number from 2 to",
    ("simulate", "tracking", "out", "--date", "2024-02-30"): "'2024-02-30' does not match",
    ("simulate", "tracking", "out", "--missing", "ball"): "'ball' is not one of",
    ("simulate", "tracking", "out", "--first-id", "-1"): "'-1' is no whole number from",
    ("simulate", "tracking", "touchline.toml"): "touchline.toml",
    ("fetch",): "Missing argument",
    ("fetch", "elsewhere"): "'elsewhere' is not one of 'skillcorner', 'skillcorner-open'",
    ("fetch", "skillcorner", "--match", "one"): "'one' is no whole number from 1 to",
    ("fetch", "skillcorner", "--from", "yesterday"): "'yesterday' does not match",
    ("plan", "chess"): "no pipeline 'chess'",
    ("plan", "--only", "copper"): "'copper' is not one of 'bronze', 'silver', 'gold'",
    ("plan", "--partition", "2017461"): "partition '2017461': expected column=value",
    ("export", "raml"): "'raml' is not one of 'openapi', 'postman'",
    ("run", "chess"): "no pipeline 'chess'",
    ("run", "--workers", "0"): "'0' is no whole number from",
    ("run", "--workers", "two"): "'two' is no whole number from 1 to 64",
    ("run", "--engine", "steam"): "'steam' is not one of 'process', 'spark'",
    ("run", "--partition", "match_id=../../etc"): "match_id",
    ("run", "--partition", "match_id="): "match_id: '' is not an id",
    ("run", "--partition", "ingestion_date=xx"): "activity ingestion_date=xx: ingestion_date is not a day",
    ("run", "activity", "-p", "ingestion_date=2025-1-31"): "ingestion_date is not a day",
    ("plan", "-p", "ingestion_date=2025-02-30"): "ingestion_date is not a day",
    ("diff", "curated_events", "ingestion_date=xx"): "ingestion_date is not a day",
    ("rollback", "curated_events", "ingestion_date=xx"): "ingestion_date is not a day",
    ("quarantine", "list", "-p", "ingestion_date=xx"): "ingestion_date is not a day",
    ("quarantine", "replay", "ingestion_date=xx"): "ingestion_date is not a day",
    ("run", "--partition", "player_id=1"): "tracking player_id=1: no key player_id; there is: match_id",
    ("plan", "-p", "match=900001"): "no key match; there is: match_id",
    ("plan", "-p", "match_id=abc"): "match_id is not a whole number",
    ("plan", "-p", "match_id=1234567890123456789"): "not a whole number of 1 to 18 digits",
    ("rollback", "tracking.players", "match=1"): "no key match; there is: match_id",
    ("ingest", "tracking", "nowhere"): "nowhere: no such file or folder",
    ("ingest", "tracking", "landing", "nowhere"): "nowhere: no such file or folder",
    ("ingest", "tracking", ""): "the path is empty",
    ("demo", ""): "the path is empty",
    ("simulate", "tracking", ""): "the path is empty",
    ("simulate", "tracking", "out", "--minutes", "nan"): "nan is not a finite number",
    ("simulate", "tracking", "out", "--gap-s", "nan"): "nan is not a finite number",
    ("simulate", "tracking", "out", "--gap-s", "inf"): "inf is not a finite number",
    ("simulate", "tracking", "out", "--first-id", "9" * 19): "is no whole number from",
    ("simulate", "tracking", "out", "--first-id", "9" * 18, "--matches", "2"): "18 digits at most",
    ("simulate", "tracking", "out", "--competition", "9" * 20): "is no whole number from",
    ("simulate", "tracking", "out", "--date", "9999-12-31", "--matches", "3"): "year 9999",
    ("demo", "new", "--minutes", "nan"): "nan is not a finite number",
    ("fetch", "skillcorner", "--from", "2025-05-02", "--to", "2025-05-01"): "first is after",
    ("run", "--partition", "match_id=1/2"): "expected column=value",
    ("run", "--nothing"): "No such option",
    ("backfill",): "Missing argument 'PIPELINE'",
    ("backfill", "tracking", "2024-11-01"): "Missing argument 'LAST'",
    ("backfill", "chess", "1", "2"): "no pipeline 'chess'",
    ("backfill", "activity", "2025-02-30", "2025-03-01"): "2025-02-30 is no day",
    ("backfill", "activity", "2025-02-01", "2025-13-01"): "2025-13-01 is no day",
    ("replay", "no/such"): "no/such: no such file or folder",
    ("status", "chess"): "no pipeline 'chess'",
    ("runs", "chess"): "no pipeline 'chess'",
    ("runs", "--limit", "0"): "'0' is no whole number from",
    ("show",): "Missing argument 'RUN'",
    ("query",): "Missing argument 'SQL'",
    ("query", "SELECT 1", "--format", "xml"): "'xml' is not one of",
    ("query", "SELECT 1", "--as-of", "never"): "'never' is not an instant",
    ("define", "nothing"): "no table 'nothing'",
    ("define", "player_metrics.nothing"): "tracking.player_metrics has no column 'nothing'",
    ("define", "elsewhere.player_metrics"): "no table 'elsewhere.player_metrics'",
    ("define", "tracking.player_metrics.sprint_count.x"): "no table",
    ("define", ""): "no table ''",
    ("report",): "Missing argument",
    ("report", "club", "1"): "'club' is not 'match'",
    ("report", "match", "../1"): "match id: '../1' is not an id",
    ("report", "match", "9" * 26): "is too large: a match id has at most 18 digits",
    ("keys", "make", "feed", "--rate", "nan"): "'--rate': nan is not a finite number",
    ("keys", "make", "feed", "--rate", "inf"): "Invalid value for '--rate'",
    ("keys", "make", "feed", "--rate", "-1"): "Invalid value for '--rate'",
    ("rollback",): "Missing argument 'TABLE'",
    ("rollback", "tracking.players"): "Missing argument 'PARTITION'",
    ("rollback", "tracking.players", "1"): "partition '1': expected column=value",
    ("maintain", "now"): "Got unexpected extra argument (now)",
    ("demo", "demo", "--matches", "99"): "'99' is no whole number from",
}  # fmt: skip

SUCH_AS = {
    ("diff", "curated_events", "2025-01-01"): "such as ingestion_date=2025-01-31",
    ("diff", "curated_events", "match_id=1"): "such as ingestion_date=2025-01-31",
    ("diff", "players", "1"): "such as match_id=2017461",
    ("rollback", "players", "ingestion_date=2025-01-01"): "such as match_id=2017461",
    ("run", "-p", "5"): "such as match_id=2017461 or ingestion_date=2025-01-31",
    ("quarantine", "list", "-p", "ingestion_date=xx"): "such as ingestion_date=2025-01-31",
}


@pytest.mark.parametrize("words", SUCH_AS, ids=" ".join)
def test_a_partition_that_is_none_is_answered_with_one_of_its_pipeline(
    empty: World, words: tuple[str, ...]
) -> None:
    ended = empty.do(*words)
    assert ended.code == 2
    assert SUCH_AS[words] in ended.hint
    assert ended.hint.count("match_id=2017461") <= 1


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("run", "--nothing"), ("ingest",), ("runs", "--limit", "x")],
    ids=" ".join,
)
def test_wrong_use_is_told_as_all_errors_are_with_a_way_out(
    empty: World, words: tuple[str, ...]
) -> None:
    ended = empty.do(*words)
    error, hint = ended.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint:  ")
    assert "--help lists" in hint


NOT_THERE: dict[tuple[str, ...], str] = {
    ("run", "--partition", "match_id=404"): "tracking match_id=404: nothing has arrived for it",
    ("plan", "--partition", "match_id=404"): "tracking match_id=404: nothing has arrived for it",
    ("report", "match", "404"): "tracking match_id=404: nothing has arrived for it",
    ("rollback", "tracking.players", "match_id=404"): "match_id=404: never published",
}


@pytest.fixture(scope="module")
def used(published: World) -> World:
    return published


@pytest.mark.parametrize("words", WRONG, ids=lambda w: " ".join(w) or "nothing")
def test_a_wrong_command_is_told_what_is_wrong_and_writes_nothing(
    used: World, words: tuple[str, ...]
) -> None:
    before = used.everything()

    ended = used.do(*words)

    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert WRONG[words] in ended.err + ended.out
    assert used.everything() == before


@pytest.mark.parametrize("words", NOT_THERE, ids=" ".join)
def test_what_is_not_there_is_named_and_a_way_out_is_told(
    used: World, words: tuple[str, ...]
) -> None:
    before = used.everything()

    ended = used.do(*words)

    assert (ended.code, "Traceback" in ended.err) == (4, False), ended.err
    assert NOT_THERE[words] in ended.error
    assert ended.hint or "no such file" in ended.error
    assert used.everything() == before


def test_a_folder_that_is_not_empty_is_no_place_for_a_demo(used: World) -> None:
    ended = used.do("demo", used.landing)

    assert ended.code == 2
    assert f"{used.landing}: not empty" in ended.error
    assert ended.hint


# --- the configuration

CONFIGURED: dict[str, tuple[str, ...]] = {
    "speed = 1": ("unknown field `speed`",),
    "[tracking]\nmin_sprint = 20": ("unknown field `min_sprint`", "$.tracking"),
    "[stores]\nobjects = { kind = 's4' }": ("$.stores.objects.kind: Invalid value 's4', expected local",),
    "[stores]\nledger = { kind = 'sqlite', file = 'x' }": ("`file`", "$.stores.ledger"),
    "[tracking]\nmin_sprint_kmh = 'fast'": (
        "$.tracking.min_sprint_kmh: Expected `float`, got `str`, seen 'fast'",
    ),
    "[tracking]\nsprint_rule = 'new'": (
        "$.tracking.sprint_rule: Invalid enum value 'new', expected default or prototype",
    ),
    "[tracking]\ncompetitions = { 61 = 1 }": (
        "$.tracking.competitions.61: Expected `str`, got `int`, seen 1",
    ),
    "[tracking]\ncompetitions = { league = 'x' }": (
        "$.tracking.competitions.league: Expected 1 to 18 digits, seen 'league'",
    ),
    "[tracking]\ncompetitions = { 61 = '../x' }": (
        "$.tracking.competitions.61: Expected 1 to 64 letters, digits, _ and -", "seen '../x'",
    ),
    "[retention]\npublishes = 'all'": ("Expected `int`, got `str`", "$.retention.publishes"),
    "[retention]\npublishes = -1": ("$.retention.publishes: Expected `int` >= 1, seen -1",),
    "[retention]\ndays = -1": ("$.retention.days",),
    "[tracking]\nmax_rejected = 2.0": ("$.tracking.max_rejected",),
    "[tracking]\nmin_sprint_s = -1.0": ("$.tracking.min_sprint_s",),
    "[limits]\nmemory = 'much'": (
        "$.limits.memory: Expected a whole number from 1 on and its unit, such as 512MB",
        "seen 'much'",
    ),
    "[limits]\nmemory = '0GB'": ("$.limits.memory", "seen '0GB'"),
    "[limits]\nmemory = '999999999TB'": ("$.limits.memory", "seen '999999999TB'"),
    "[aliases]\nold = 'chess'\nmine = 'tracking'": (
        "$.aliases.old: Invalid enum value 'chess', expected tracking or activity",
    ),
    "[aliases]\nmine = 'tracking'\nOld-One = 'tracking'": (
        "$.aliases.Old-One: Expected small letters, digits and _", "seen 'Old-One'",
    ),
    "[skillcorner]\npassword = 'open sesame'": ("$.skillcorner.password",),
    "[skillcorner]\npassword = { env = 1 }": ("$.skillcorner.password.env",),
    "[stores]\ntables = { kind = 'iceberg', catalog = 'mysql://x' }": (
        "$.stores.tables.catalog", "sqlite:///",
    ),
    "[stores]\nledger = { kind = 'sqlite', path = 'data/../data/catalog.db' }": (
        "$.stores.ledger.path and $.stores.tables.catalog: both are ", "data/catalog.db",
    ),
    "[stores]\ntables = { kind = 'iceberg', catalog = 'sqlite:///data/ledger.db' }": (
        "$.stores.ledger.path and $.stores.tables.catalog: both are ", "data/ledger.db",
    ),
    "[activity.baseline]\nincidents = [2025-01-01, 'soon']": (
        "$.activity.baseline.incidents[1]: Expected a day such as 2025-01-31, seen 'soon'",
    ),
    "[activity.baseline]\nmatch_days = [3]": (
        "$.activity.baseline.match_days[0]: Expected `date`, got `int`, seen 3",
    ),
    "[activity.baseline]\nmatch_days = '2025-01-01'": ("$.activity.baseline.match_days",),
    "[tracking.baseline]\nseverity = 'loud'": (
        "$.tracking.baseline.severity: Invalid enum value 'loud', expected off or warn or fail",
    ),
    "[activity.baseline]\ndays = 3": ("$.activity.baseline.days: Expected `int` >= 4, seen 3",),
    "not toml at all": ("not TOML", "line 1"),
    "[tracking\n": ("not TOML", "line 1"),
    "\udcff": ("not TOML",),
}  # fmt: skip


@pytest.mark.parametrize("text", CONFIGURED, ids=lambda t: t.encode("utf-8", "replace").decode())
def test_a_wrong_configuration_is_told_its_place_and_stops_every_command(
    empty: World, text: str
) -> None:
    (empty.folder / "touchline.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    empty.put(files(1))
    before = empty.everything()

    for words in (
        ("run",),
        ("ingest", "tracking", "landing"),
        ("query", "SELECT * FROM tracking.x"),
    ):
        ended = empty.do(*words)
        assert (ended.code, "Traceback" in ended.err) == (2, False), (words, ended.err)
        assert "touchline.toml" in ended.error, words
        for said in CONFIGURED[text]:
            assert said in ended.error, words
        assert "open sesame" not in ended.err
    assert empty.everything() == before


def test_a_configuration_that_is_not_there_is_named(empty: World) -> None:
    ended = empty.do("--config", "other.toml", "status")

    assert ended.code == 2
    assert "other.toml: no such file" in ended.error
    assert "--config" in ended.hint


def test_a_configuration_elsewhere_keeps_its_data_beside_it(empty: World) -> None:
    (empty.folder / "club").mkdir()
    (empty.folder / "club/touchline.toml").write_text("")

    empty.well("-c", "club/touchline.toml", "ingest", "tracking", empty.put(files(1)))

    assert (empty.folder / "club/data/ledger.db").exists()
    assert not empty.data.exists()


def test_every_store_can_be_put_elsewhere(empty: World) -> None:
    empty.configure(
        "[stores]\n"
        "objects = { kind = 'local', root = 'a/objects' }\n"
        "tables = { kind = 'iceberg', catalog = 'sqlite:///b/c.db', warehouse = 'd' }\n"
        "ledger = { kind = 'sqlite', path = 'e/l.db' }\n"
    )
    empty.publish(files(1))

    assert {f.name for f in empty.folder.iterdir()} == {
        "a", "b", "d", "e", "landing", "touchline.toml",
    }  # fmt: skip
    assert empty.one("SELECT count(*) FROM tracking.player_metrics") > 0


def test_a_secret_that_is_written_down_is_not_repeated(empty: World) -> None:
    empty.configure("[skillcorner]\ntoken = 'abc-secret'\n")

    ended = empty.do("fetch", "skillcorner")

    assert ended.code == 2
    assert "$.skillcorner.token" in ended.error
    assert "abc-secret" not in ended.out + ended.err
