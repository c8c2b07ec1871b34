"""A pitch in metres, origin at its centre, seen along or upright."""

from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.patches import Arc, Circle, Rectangle

from touchline.tracking.serve.drawing import CHALK, GRASS


@dataclass(frozen=True)
class Pitch:
    """Its size, and its markings. Source: Laws of the Game, Law 1."""

    length_m: float = 105.0
    width_m: float = 68.0
    penalty_area_m: tuple[float, float] = (16.5, 40.32)
    goal_area_m: tuple[float, float] = (5.5, 18.32)
    goal_m: float = 7.32
    goal_depth_m: float = 1.6
    circle_m: float = 9.15
    penalty_spot_m: float = 11.0
    arc_degrees: float = 53.1


def draw(axes: Axes, pitch: Pitch, *, upright: bool = False, line: float = 1.1) -> None:
    """Draw the pitch into axes in metres; upright, what lies along x runs up the page."""
    length, width = pitch.length_m, pitch.width_m
    drawn = partial(_box, axes, upright=upright, line=line)
    drawn((-length / 2, -width / 2, length, width), fill=GRASS)
    axes.plot(*_turned([0, 0], [-width / 2, width / 2], upright), color=CHALK, lw=line)
    axes.add_patch(Circle((0, 0), pitch.circle_m, fill=False, ec=CHALK, lw=line))
    for end in (-1, 1):
        for depth, across in (pitch.penalty_area_m, pitch.goal_area_m):
            start = min(end * length / 2, end * (length / 2 - depth))
            drawn((start, -across / 2, depth, across))
        start = min(end * length / 2, end * (length / 2 + pitch.goal_depth_m))
        drawn((start, -pitch.goal_m / 2, pitch.goal_depth_m, pitch.goal_m))
        _arc(axes, pitch, end, upright=upright, line=line)


def _turned(along: list[float], across: list[float], upright: bool) -> tuple[list[float], ...]:
    """(x, y) on the page; upright, the pitch's left is the page's left."""
    return ([-y for y in across], along) if upright else (along, across)


def _box(
    axes: Axes,
    box: tuple[float, float, float, float],
    *,
    upright: bool,
    line: float,
    fill: str = "none",
) -> None:
    x, y, along, across = box
    place = (-y - across, x) if upright else (x, y)
    size = (across, along) if upright else (along, across)
    axes.add_patch(Rectangle(place, *size, fc=fill, ec=CHALK, lw=line))


def _arc(axes: Axes, pitch: Pitch, end: int, *, upright: bool, line: float) -> None:
    spot = end * (pitch.length_m / 2 - pitch.penalty_spot_m)
    middle = (180.0 if end > 0 else 0.0) + (90.0 if upright else 0.0)
    span = (middle - pitch.arc_degrees, middle + pitch.arc_degrees)
    centre = (0.0, spot) if upright else (spot, 0.0)
    size = 2 * pitch.circle_m
    axes.add_patch(Arc(centre, size, size, theta1=span[0], theta2=span[1], ec=CHALK, lw=line))
