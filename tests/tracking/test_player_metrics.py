"""player_metrics.sql: who, when and where beside every metric; and the contract's gate."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import provider_files
import pytest

from touchline.core.contracts import Contract, enforce
from touchline.core.quality import measure
from touchline.core.sql import rule_row, select, text
from touchline.tracking.contracts.events import PLAYER_PRESSING, PLAYER_RUNS, RateRule
from touchline.tracking.contracts.metrics import PLAYER_METRICS
from touchline.tracking.contracts.physical import PLAYER_PHYSICAL, PLAYER_SPRINTS
from touchline.tracking.contracts.silver import MATCHES, PLAYERS

FAMILIES = (PLAYER_SPRINTS, PLAYER_PHYSICAL, PLAYER_RUNS, PLAYER_PRESSING)
MATCH = {"partition_date": "2024-11-02", "competition_id": "aus1", "match_id": 7}
KEY = ("match_id", "player_id")

DESIGN_000_QUERY = """
SELECT
  player_short_name,
  position_group,
  AVG(sprints_per_90) AS avg_sprints,
  AVG(threat_per_90) AS avg_threat
FROM player_metrics
WHERE partition_date BETWEEN '2024-11-01' AND '2024-11-30'
  AND competition_id = 'aus1'
  AND minutes_played >= 45
GROUP BY player_short_name, position_group
ORDER BY avg_threat DESC
LIMIT 10;
"""


def match(**said: Any) -> dict[str, Any]:
    """Reds (10) against Blues (20), 2:1."""
    when = {"kick_off_at": datetime(2024, 11, 2, 8, 35, tzinfo=UTC), "season_name": "2024/2025"}
    teams = {"home_team_id": 10, "home_team_name": "Reds", "away_team_id": 20, "away_team_name": "Blues"}  # fmt: skip
    return MATCH | when | teams | {"home_score": 2, "away_score": 1} | said


def player(player_id: int = 1, **said: Any) -> dict[str, Any]:
    """A starter of the home team."""
    name = {"player_name": f"Given Name {player_id}", "player_short_name": f"G. Name {player_id}"}
    team = {"team_id": 10, "team_name": "Reds", "is_home": True}
    place = {"position": "LW", "position_group": "Wide Attacker", "started": True, "played": True}
    minutes = {"minutes_played": 90.0, "minutes_tip": 30.0, "minutes_otip": 25.0}
    return MATCH | {"player_id": player_id} | name | team | place | minutes | said


def table(contract: Contract, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(contract.polars_schema()))


def measured(contract: Contract, player_id: int, **said: Any) -> dict[str, Any]:
    """A row of made-up values in which each column has another one."""
    row: dict[str, Any] = {}
    for place, column in enumerate(contract.columns, start=1):
        share = place / 1000 + player_id % 1000 / 1_000_000
        values = {"long": 10 * place + player_id, "double": share, "string": f"{column.name} {player_id}"}  # fmt: skip
        row[column.name] = values[column.type]
    return row | MATCH | {"player_id": player_id} | said


def inputs(squad: list[dict[str, Any]], games: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    """Silver rows as given, and made-up measurements of everybody in the squad."""
    families = {
        family.table.removeprefix("tracking."): table(
            family, (measured(family, p["player_id"], match_id=p["match_id"]) for p in squad)
        )
        for family in FAMILIES
    }
    return {"players": table(PLAYERS, squad), "matches": table(MATCHES, games), **families}


def player_metrics(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    sql = text("touchline.tracking.gold", "player_metrics.sql")
    found = pl.from_arrow(select(sql, tables, name="player_metrics.sql"))
    assert isinstance(found, pl.DataFrame)
    return found


def real(match_id: int) -> dict[str, pl.DataFrame]:
    """The real match, its runs and pressing; made-up sprints and distances."""
    squad, game = provider_files.players(match_id), provider_files.matches(match_id)
    silver = {"players": squad, "matches": game, "events": provider_files.events(match_id)}
    silver |= {"phases": provider_files.phases(match_id), "rule": rule_row(RateRule())}
    made_up = inputs(squad.to_dicts(), game.to_dicts())
    for name in ("player_runs", "player_pressing"):
        found = pl.from_arrow(select(text("touchline.tracking.gold", f"{name}.sql"), silver))
        assert isinstance(found, pl.DataFrame)
        made_up[name] = found
    return made_up | silver


def test_a_row_says_who_when_and_against_whom() -> None:
    row = player_metrics(inputs([player()], [match(competition_name="A-League")])).row(
        0, named=True
    )
    minutes = {"minutes_played": 90.0, "minutes_tip": 30.0, "minutes_otip": 25.0}
    expected = MATCH | minutes | {
        "kick_off_at": datetime(2024, 11, 2, 8, 35, tzinfo=UTC),
        "competition_name": "A-League",
        "season_name": "2024/2025",
        "player_id": 1,
        "player_name": "Given Name 1",
        "player_short_name": "G. Name 1",
        "team_id": 10,
        "team_name": "Reds",
        "is_home": True,
        "position": "LW",
        "position_group": "Wide Attacker",
        "started": True,
        "opponent_team_id": 20,
        "opponent_team_name": "Blues",
        "result": "win",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert tuple(row)[: len(expected)] == PLAYER_METRICS.names[: len(expected)]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.table)
def test_every_metric_of_a_family_is_passed_on_unchanged(family: Contract) -> None:
    squad = [player(1), player(2)]
    found = player_metrics(inputs(squad, [match()]))
    context = {c.name for c in (*PLAYERS.columns, *MATCHES.columns)}
    own = [name for name in family.names if name not in context]
    expected = table(family, (measured(family, p["player_id"]) for p in squad))
    assert len(own) > 20
    assert found.select(own).equals(expected.select(own))


@pytest.mark.parametrize(
    ("score", "home", "away"),
    [
        ((2, 1), "win", "loss"),
        ((0, 1), "loss", "win"),
        ((1, 1), "draw", "draw"),
        ((None, 1), None, None),
    ],
)
def test_the_result_is_that_of_his_team(
    score: tuple[int | None, int], home: str | None, away: str | None
) -> None:
    squad = [player(1), player(2, is_home=False, team_id=20, team_name="Blues")]
    found = player_metrics(inputs(squad, [match(home_score=score[0], away_score=score[1])]))
    assert found.get_column("result").to_list() == [home, away]
    assert found.get_column("opponent_team_name").to_list() == ["Blues", "Reds"]


def test_whoever_started_or_played_has_a_row_and_nobody_else() -> None:
    squad = [
        player(4, started=False, played=False, minutes_played=None),
        player(3, started=False, minutes_played=0.4),
        player(2, played=False, minutes_played=None),
        player(1),
    ]
    found = player_metrics(inputs(squad, [match()]))
    assert found.get_column("player_id").to_list() == [1, 2, 3]


def test_a_player_who_was_not_measured_keeps_his_row() -> None:
    tables = inputs([player()], [match()])
    tables["player_physical"] = tables["player_physical"].clear()
    row = player_metrics(tables).row(0, named=True)
    assert row["distance_m"] is None
    assert row["run_count"] == measured(PLAYER_RUNS, 1)["run_count"]


def test_measurements_of_another_match_are_not_his() -> None:
    squad = [player(), player(match_id=6)]
    tables = inputs(squad, [match(), match(match_id=6, home_score=0)])
    runs = tables["player_runs"]
    tables["player_runs"] = runs.with_columns(run_count=pl.col("match_id") * 100)
    found = player_metrics(tables)
    assert found.select("match_id", "result", "run_count").rows() == [(6, "loss", 600), (7, "win", 700)]  # fmt: skip


def test_no_players_give_no_rows_in_the_contracts_columns() -> None:
    found = player_metrics(inputs([], []))
    assert found.is_empty()
    assert tuple(found.columns) == PLAYER_METRICS.names
    assert dict(found.schema) == PLAYER_METRICS.polars_schema()


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_real_matches_keep_the_contract_and_pass_the_gate(match_id: int) -> None:
    tables = real(match_id)
    found = player_metrics(tables)
    kept = enforce(found, PLAYER_METRICS)
    assert kept.rejected.is_empty()
    assert found.filter("started").height == 22
    assert found.height == tables["players"].filter("played").height
    assert all(result.passed for result in measure(kept.rows, PLAYER_METRICS.rules, inputs=tables))


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_the_order_of_rows_does_not_matter(match_id: int) -> None:
    tables = real(match_id)
    usual = player_metrics(tables)
    for seed in range(5):
        mixed = {name: rows.sample(fraction=1.0, shuffle=True, seed=seed) for name, rows in tables.items()}  # fmt: skip
        assert player_metrics(mixed).equals(usual)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("top_speed_kmh", 40.1),
        ("avg_xthreat", 1.01),
        ("max_xthreat", -0.01),
        ("minutes_played", 130.5),
    ],
)
def test_a_value_out_of_range_fails_the_gate(column: str, value: float) -> None:
    tables = inputs([player()], [match()])
    found = player_metrics(tables).with_columns(pl.lit(value).alias(column))
    failed = [r for r in measure(found, PLAYER_METRICS.rules, inputs=tables) if r.failed]
    assert [r.rule for r in failed] == [f"range {column}"]


def test_a_missing_starter_fails_the_gate_and_a_missing_substitute_does_not() -> None:
    tables = inputs([player(1), player(2), player(3, started=False)], [match()])
    found = player_metrics(tables)

    def failures(rows: pl.DataFrame) -> list[str]:
        results = measure(rows, PLAYER_METRICS.rules, inputs=tables)
        return [r.rule for r in results if r.failed]

    assert failures(found.filter(pl.col("player_id") != 3)) == []
    assert failures(found.filter(pl.col("player_id") != 2)) == ["a row per players where started"]


def test_the_query_of_design_000_gives_its_rows() -> None:
    squad = [player(1), player(2, minutes_played=44.9), player(3), player(1, match_id=8)]
    tables = inputs(squad, [match(), match(match_id=8)])
    per_90 = {(7, 1): (4.0, 0.1), (7, 2): (9.0, 0.9), (7, 3): (1.0, 0.3), (8, 1): (6.0, 0.3)}
    for name, metric, place in (("player_sprints", "sprints_per_90", 0), ("player_runs", "threat_per_90", 1)):  # fmt: skip
        known = pl.DataFrame([(*key, values[place]) for key, values in per_90.items()], schema=[*KEY, metric], orient="row")  # fmt: skip
        tables[name] = tables[name].update(known, on=KEY)
    found = select(DESIGN_000_QUERY, {"player_metrics": player_metrics(tables)}).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("G. Name 3", "Wide Attacker", 1.0, 0.3),
        ("G. Name 1", "Wide Attacker", 5.0, pytest.approx(0.2)),
    ]


def test_every_column_has_a_definition_and_every_derived_number_a_unit() -> None:
    for column in PLAYER_METRICS.columns:
        assert column.definition, column.name
        assert column.version >= 1
        number = column.type in {"long", "int", "double"} and not column.name.endswith("_id")
        assert not number or column.unit, column.name


def test_a_definition_stands_once() -> None:
    context = {*PLAYERS.names, *MATCHES.names}
    for family in FAMILIES:
        for column in family.columns:
            if column.name not in context:
                assert PLAYER_METRICS.column(column.name) is column
