"""Lines of the tracking file -> frames and ball."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from touchline.core.wording import counted
from touchline.errors import ContractError
from touchline.tracking.silver.match import in_play, placed
from touchline.tracking.source.files import TRACKING

if TYPE_CHECKING:
    import numpy.typing as npt

_NOBODY = -(2**63)


@dataclass(frozen=True)
class FrameRule:
    """How far outside the pitch a position may lie before it is no position."""

    max_outside_m: float = 50.0


def frames(
    bronze_frames: pl.DataFrame, players: pl.DataFrame, matches: pl.DataFrame, *, rule: FrameRule
) -> pl.DataFrame:
    """FRAMES, one row per player and frame that the provider gives a position for, ordered by key.

    Rows of a player who is in no squad, of a frame outside the periods of play, or far outside the
    pitch name their reason in `_reject`. Of a frame that comes twice the first line comes first.

    The order is that of lines by frame, then a stable one by the player's place among the squads'
    ids: a small number, by which a million rows are ordered at once.

    Args:
        bronze_frames: One row per line, positions nested in `player_data`.
        players: PLAYERS, the same match.
        matches: MATCHES, the same match.
        rule: What counts as outside.

    Raises:
        ContractError: None of its players is in a squad: the file is of another match.
    """
    import numpy as np

    match = matches.row(0, named=True)
    lines = bronze_frames.select("line", "frame", "period", "player_data")
    if not lines.get_column("frame").is_sorted():
        lines = lines.sort("frame", maintain_order=True)
    each = lines.get_column("player_data").list.len().fill_null(0)
    found = lines.get_column("player_data").explode(empty_as_null=False, keep_nulls=False)
    lines = lines.select(pl.col("line").alias("_line"), "frame", "period").filter(each > 0)
    out_of_play = lines.filter(~in_play(match)).get_column("_line")
    squads = players.select("player_id", "team_id").sort("player_id")
    place = _places(found.struct.field("player_id"), squads.get_column("player_id"))
    rows_at = np.bincount(place, minlength=2 * squads.height + 1)
    if len(found) and not rows_at[1::2].any():
        raise _nobody_known(found.struct.field("player_id"), match)
    order = np.argsort(place, kind="stable")
    line = np.repeat(np.arange(lines.height, dtype=np.uint32), each.filter(each > 0))[order]
    at = [_taken(column, line) for column in lines]
    at += [_taken(found.struct.field(name), order) for name in ("x", "y", "is_detected")]
    player_id, team_id = (_repeated(column, rows_at) for column in squads)
    if player_id.null_count():
        player_id = _taken(found.struct.field("player_id"), order)
    rows = pl.DataFrame([*at, player_id, team_id]).rename({"x": "x_m", "y": "y_m"})
    return _judged(rows.with_columns(placed(matches)), out_of_play, match, rule=rule)


def _places(ids: pl.Series, squad: pl.Series) -> "npt.NDArray[Any]":
    """Each id's place in the ordered squad: 1, 3, 5, ... of its members, even numbers of others."""
    import numpy as np

    known = squad.to_numpy()
    borders = np.column_stack([known, known + 1]).ravel()
    place = np.searchsorted(borders, ids.fill_null(_NOBODY).to_numpy(), side="right")
    return place.astype(np.min_scalar_type(len(borders)))


def _taken(column: pl.Series, at: "npt.NDArray[Any]") -> pl.Series:
    """The values at these indices; by numpy, which is quicker, where no value is null."""
    if column.null_count():
        return column.gather(at)
    return pl.Series(column.name, column.to_numpy()[at])


def _repeated(members: pl.Series, rows_at: "npt.NDArray[Any]") -> pl.Series:
    """Each member's value on as many rows as are at his place, null on those of nobody."""
    import numpy as np

    values = np.zeros(len(rows_at), dtype=np.int64)
    values[1::2] = members.to_numpy()
    column = pl.Series(members.name, np.repeat(values, rows_at))
    if not rows_at[::2].any():
        return column
    nobody = np.repeat(np.arange(len(rows_at)) % 2 == 0, rows_at)
    return column.set(pl.Series(nobody), None)


def _nobody_known(ids: pl.Series, match: Mapping[str, Any]) -> ContractError:
    ids = ids.drop_nulls().unique().sort()
    seen = ", ".join(str(i) for i in ids.head(3)) + (", ..." if len(ids) > 3 else "")
    return ContractError(
        f"{TRACKING}: none of its {counted(len(ids), 'player')} ({seen}) is in a squad of match"
        f" {match['match_id']}",
        hint="this is the tracking file of another match",
    )


def _judged(
    rows: pl.DataFrame, out_of_play: pl.Series, match: Mapping[str, Any], *, rule: FrameRule
) -> pl.DataFrame:
    """The rows, with the first reason against each in `_reject` if there is any at all."""
    x = match["pitch_length_m"] / 2 + rule.max_outside_m
    y = match["pitch_width_m"] / 2 + rule.max_outside_m
    near = pl.col("x_m").is_between(-x, x) & pl.col("y_m").is_between(-y, y)
    unknown = pl.col("team_id").is_null() & pl.col("player_id").is_not_null()
    reasons = {
        "player is in no squad of the match": unknown,
        "positions in a frame outside the match's periods": pl.col("_line").is_in(
            out_of_play.implode()
        )
        if len(out_of_play)
        else pl.lit(value=False),
        f"position more than {rule.max_outside_m:g} m outside the pitch": ~near,
    }
    bad = {reason: broken.fill_null(value=False) for reason, broken in reasons.items()}
    if not any(rows.select(broken.any().alias(reason) for reason, broken in bad.items()).row(0)):
        return rows
    first = pl.coalesce(pl.when(broken).then(pl.lit(reason)) for reason, broken in bad.items())
    return rows.with_columns(_reject=first)


def ball(bronze_frames: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """BALL, one row per frame of a period, ordered by key.

    Args:
        bronze_frames: One row per line of the tracking file.
        matches: MATCHES, the same match.
    """
    at, holder = pl.col("ball_data").struct, pl.col("possession").struct
    return (
        bronze_frames.filter(pl.col("period").is_not_null())
        .select(
            *placed(matches),
            "period",
            "frame",
            pl.col("timestamp").alias("clock"),
            at.field("x").alias("x_m"),
            at.field("y").alias("y_m"),
            at.field("z").alias("z_m"),
            at.field("is_detected"),
            holder.field("player_id").alias("possession_player_id"),
            holder.field("group").alias("possession_group"),
            pl.col("line").alias("_line"),
        )
        .sort("frame", maintain_order=True)
    )
