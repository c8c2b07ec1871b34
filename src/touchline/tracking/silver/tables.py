"""The provider's CSV rows -> events and phases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from touchline.core.contracts import Contract
from touchline.errors import ContractError
from touchline.tracking.contracts.silver import EVENTS, MATCH, PHASES
from touchline.tracking.silver.match import in_play, periods, placed
from touchline.tracking.source import files

EVENT_COLUMNS: Mapping[str, str] = {
    **{n: n for n in EVENTS.names if n not in MATCH},
    "event_index": "index",
    **{f"{n}_m": n for n in ("x_start", "y_start", "x_end", "y_end")},
    **{f"{n}_m": n for n in ("separation_start", "separation_end", "distance_covered")},
    "duration_s": "duration",
    "speed_avg_kmh": "speed_avg",
    "interplayer_distance_start_m": "interplayer_distance_start",
    "angle_of_engagement_deg": "angle_of_engagement",
}
"""Silver name -> provider's name, for every column of EVENTS that the file holds."""

_SIDES = {
    f"{side}_{size}_{end}_m": f"team_{side}_{size}_{end}"
    for side in ("in_possession", "out_of_possession")
    for size in ("width", "length")
    for end in ("start", "end")
}
PHASE_COLUMNS: Mapping[str, str] = {
    **{n: n for n in PHASES.names if n not in (*MATCH, "team_out_of_possession_id")},
    "phase_index": "index",
    "duration_s": "duration",
    "n_player_possessions": "n_player_possessions_in_phase",
    "possession_loss": "team_possession_loss_in_phase",
    "lead_to_shot": "team_possession_lead_to_shot",
    "lead_to_goal": "team_possession_lead_to_goal",
    **{f"{n}_m": n for n in ("x_start", "y_start", "x_end", "y_end")},
    **_SIDES,
}
"""Silver name -> provider's name, for every column of PHASES that the file holds."""


@dataclass(frozen=True)
class _File:
    """A CSV file: its logical name, the table that is made of it, and where its columns go."""

    name: str
    contract: Contract
    columns: Mapping[str, str]


_EVENTS_FILE = _File(files.EVENTS, EVENTS, EVENT_COLUMNS)
_PHASES_FILE = _File(files.PHASES, PHASES, PHASE_COLUMNS)


def events(
    bronze_events: pl.DataFrame, players: pl.DataFrame, matches: pl.DataFrame
) -> pl.DataFrame:
    """EVENTS, one row per dynamic event, in the provider's order.

    Rows of a player who is in no squad, or with a value of another type, name it in `_reject`.

    Args:
        bronze_events: The file's rows as text.
        players: PLAYERS, the same match.
        matches: MATCHES, the same match.

    Raises:
        ContractError: The file is of another match, or a column of another type.
    """
    typed = _typed(bronze_events, _EVENTS_FILE, matches)
    unknown = ~pl.col("player_id").is_in(players["player_id"].implode())
    reason = pl.coalesce(
        "_reject", pl.when(unknown).then(pl.lit("player is in no squad of the match"))
    )
    return typed.with_columns(_reject=reason)


def phases(bronze_phases: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """PHASES, one row per phase of play, half-open in frames, in the provider's order.

    Rows of a team that does not play, with a value of another type, or of frames that are none of
    the match's, name it in `_reject`.

    Args:
        bronze_phases: The file's rows as text.
        matches: MATCHES, the same match.

    Raises:
        ContractError: The file is of another match, or a column of another type.
    """
    typed = _typed(bronze_phases, _PHASES_FILE, matches)
    match = matches.row(0, named=True)
    teams = [match["home_team_id"], match["away_team_id"]]
    holds = pl.col("team_in_possession_id")
    other = holds.replace_strict(teams, teams[::-1], default=None, return_dtype=pl.Int64)
    strange = pl.when(~holds.is_in(teams)).then(pl.lit("team does not play in the match"))
    return typed.with_columns(
        team_out_of_possession_id=other,
        _reject=pl.coalesce("_reject", strange, *_unplayed(match)),
    )


def _unplayed(match: Mapping[str, Any]) -> list[pl.Expr]:
    """Why a phase's frames are none of the match's; null where they are.

    A phase begins in its period. It may end later, but not after the match: of 1,320 real phases
    one goes on for 7 s after the end of a first half.
    """
    first, after = pl.col("frame_start"), pl.col("frame_end")
    last = max((end for _, _, end in periods(match)), default=-1)
    text = f"frame_end: {{}} is after the match, which ends with frame {last}"
    return [
        pl.when(~in_play(match, "frame_start")).then(
            pl.format("frame_start: {} is not in period {} of the match", first, "period")
        ),
        pl.when(after < first).then(
            pl.format("frame_end: {} is before frame_start {}", after, first)
        ),
        pl.when(after > last + 1).then(pl.format(text, after)),
    ]


def _typed(bronze: pl.DataFrame, file: _File, matches: pl.DataFrame) -> pl.DataFrame:
    """The file's columns under their silver names and types; `_reject` names what would not fit."""
    types = file.contract.polars_schema()
    match_id = matches.item(0, "match_id")
    casts = {new: _cast(pl.col(old), types[new]) for new, old in file.columns.items()}
    unfit = [
        pl.when(pl.col(old).is_not_null() & casts[new].is_null()).then(
            pl.format("{}: '{}' is not {}", pl.lit(old), pl.col(old), pl.lit(_kind(file, new)))
        )
        for new, old in file.columns.items()
        if types[new] != pl.String()
    ]
    said = pl.col("match_id").fill_null("")
    strange = said.cast(pl.Int64, strict=False).ne_missing(match_id)
    other = pl.when(strange).then(
        pl.format("match_id: '{}' is another match than {}", said, pl.lit(match_id))
    )
    typed = bronze.select(
        *placed(matches),
        pl.col("line").alias("_line"),
        pl.coalesce(other, *unfit).alias("_reject"),
        **casts,
    )
    if typed.get_column("_reject").null_count() < typed.height:
        _check_match(bronze.filter(strange), bronze.height, file, match_id=match_id)
        _check_types(bronze, typed, file)
    return typed


def _kind(file: _File, name: str) -> str:
    return file.contract.column(name).type


def _check_match(strange: pl.DataFrame, rows: int, file: _File, *, match_id: int) -> None:
    if strange.height == rows:
        seen, line = strange.item(0, "match_id"), strange.item(0, "line")
        others = f", as in all {rows} rows" if rows > 1 else ""
        raise ContractError(
            f"{file.name}: line {line}: match_id: '{seen}' is another match than {match_id}{others}",
            hint="this is the file of another match",
        )


def _check_types(bronze: pl.DataFrame, typed: pl.DataFrame, file: _File) -> None:
    """Refuse a file in which not one of a column's values is of its type."""
    for new, old in file.columns.items():
        given = bronze.filter(pl.col(old).is_not_null())
        if given.height > 1 and typed.get_column(new).null_count() == typed.height:
            line, seen = given.item(0, "line"), given.item(0, old)
            raise ContractError(
                f"{file.name}: line {line}: {old}: '{seen}' is not {_kind(file, new)},"
                f" nor is any other of the column's {given.height} values",
                hint="the provider changed its format",
            )


def _cast(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Text as a value of a type, null where it is none; a whole number may come as 12.0."""
    if kind == pl.Boolean():
        return column.replace_strict(
            ["True", "False", "true", "false"],
            [True, False, True, False],
            default=None,
            return_dtype=pl.Boolean,
        )
    if kind.is_integer():
        number = column.cast(pl.Float64, strict=False)
        whole = pl.when(number == number.floor()).then(number).cast(kind, strict=False)
        return pl.coalesce(column.cast(kind, strict=False), whole)
    if kind.is_float():
        number = column.cast(kind, strict=False)
        return pl.when(number.is_finite()).then(number)
    return column
