"""The provider's labels with their numbers, and columns made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.shape import Pitch

Columns = dict[str, pl.Series]

MIDDLE_Y_M = 9.16
AREA_HALF_WIDTH_M = 20.16
AREA_DEPTH_M = 16.5


@dataclass(frozen=True)
class Labels:
    """Names and their numbers in the provider's files."""

    names: tuple[str, ...]
    ids: tuple[int, ...]


def _counted(*names: str) -> Labels:
    return Labels(names, tuple(range(1, len(names) + 1)))


# fmt: off
CHANNELS = _counted("wide_left", "half_space_left", "center", "half_space_right", "wide_right")
THIRDS = _counted("defensive_third", "middle_third", "attacking_third")
DIRECTIONS = _counted("forward", "backward", "sideway_left", "sideway_right")
BANDS = _counted("jogging", "running", "hsr", "sprinting")
RANGES = _counted("short", "medium", "long")
LOCATIONS = _counted("behind", "same_line", "ahead")
GAME_STATES = _counted("winning", "losing", "drawing")
SIDES = _counted("left_to_right", "right_to_left")
LINES = _counted("first", "second_last", "last")
BREAKS = _counted("through", "around")
OUTCOMES = _counted("successful", "unsuccessful", "offside")
CHAIN_ENDS = _counted("regain", "disruption")
END_TYPES = _counted("pass", "shot", "clearance", "foul_suffered", "possession_loss", "unknown", "direct_regain", "indirect_regain", "direct_disruption", "indirect_disruption", "foul_committed")
START_TYPES = _counted("pass_reception", "pass_interception", "keep_possession", "recovery", "free_kick_reception", "free_kick_interception", "throw_in_reception", "throw_in_interception", "goal_kick_reception", "goal_kick_interception", "corner_reception", "corner_interception", "unknown")
INTERRUPTIONS = _counted("corner_for", "corner_against", "free_kick_for", "free_kick_against", "goal_for", "goal_against", "goal_kick_for", "goal_kick_against", "kick_off_for", "kick_off_against", "throw_in_for", "throw_in_against")
# fmt: on


def given(values: npt.NDArray[Any] | pl.Series | Sequence[Any], where: Bools) -> pl.Series:
    """The values where they are known, null elsewhere."""
    known = pl.when(pl.Series(where)).then(pl.Series(values))
    return pl.select(known.alias("")).to_series()


def labelled(
    id_column: str, column: str, labels: Labels, *, index: Ints, where: Bools | None = None
) -> Columns:
    """A label's number and its name, by index into the labels; null where it is not known."""
    known = np.ones(len(index), dtype=bool) if where is None else where
    at = np.where(known, index, 0)
    return {
        id_column: given(np.array(labels.ids)[at], known),
        column: given(pl.Series(labels.names).gather(at), known),
    }


def named(id_column: str, column: str, labels: Labels, *, names: Sequence[str]) -> Columns:
    """As `labelled`, by the names themselves; an empty name is null."""
    index = np.array([labels.names.index(name) if name else -1 for name in names], dtype=np.int64)
    return labelled(id_column, column, labels, index=index, where=index >= 0)


def zone(
    at: Floats, pitch: Pitch, *, names: tuple[str, str, str, str, str], where: Bools | None = None
) -> Columns:
    """Channel, third and penalty area of places seen by the team that acts.

    Args:
        at: Places as x and y.
        pitch: Its size.
        names: The columns: channel id, channel, third id, third, penalty area.
        where: Rows in which the place is known.
    """
    known = np.ones(len(at), dtype=bool) if where is None else where
    edges = (-AREA_HALF_WIDTH_M, -MIDDLE_Y_M, MIDDLE_Y_M, AREA_HALF_WIDTH_M)
    channel = 4 - np.digitize(at[:, 1], edges)
    third = np.digitize(at[:, 0], (-pitch.length_m / 6, pitch.length_m / 6))
    deep = at[:, 0] > pitch.half[0] - AREA_DEPTH_M
    area = (np.abs(at[:, 1]) < AREA_HALF_WIDTH_M) & (
        deep | (at[:, 0] < AREA_DEPTH_M - pitch.half[0])
    )
    return {
        **labelled(names[0], names[1], CHANNELS, index=channel, where=known),
        **labelled(names[2], names[3], THIRDS, index=third, where=known),
        names[4]: given(area, known),
    }


def zone_names(prefix: str, suffix: str) -> tuple[str, str, str, str, str]:
    """The columns of a zone whose number comes before the suffix."""
    return (
        f"{prefix}channel_id_{suffix}",
        f"{prefix}channel_{suffix}",
        f"{prefix}third_id_{suffix}",
        f"{prefix}third_{suffix}",
        f"{prefix}penalty_area_{suffix}",
    )


def directions(angles: Floats) -> Ints:
    """Index into DIRECTIONS of angles in degrees; 0 is forward, 90 left."""
    found = np.where(angles > 0, 2, 3)
    found[np.abs(angles) >= 135] = 1
    found[np.abs(angles) <= 45] = 0
    return found


def bands(speeds_kmh: Floats) -> Ints:
    """Index into BANDS."""
    return np.digitize(speeds_kmh, (15.0, 20.0, 25.0))


def ranges(distances_m: Floats) -> Ints:
    """Index into RANGES."""
    return np.digitize(distances_m, (15.0, 30.0))


def angles(change: Floats) -> Floats:
    """Directions in degrees of vectors."""
    turned: Floats = np.degrees(np.arctan2(change[..., 1], change[..., 0]))
    return turned


def cm(values: Floats) -> Floats:
    """Rounded to two decimals, without a negative zero."""
    rounded: Floats = np.round(values, 2) + 0.0
    return rounded
