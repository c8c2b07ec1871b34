"""Where the names of crowded points go: beside their point, over as little else as possible."""

from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]

_AROUND = (
    (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0),
    (0.8, 0.8), (0.8, -0.8), (-0.8, 0.8), (-0.8, -0.8),
)  # fmt: skip


@dataclass(frozen=True)
class PlacementRule:
    """Sizes in pixels; `reach` are the distances tried; a further place costs `far` a pixel."""

    letter_px: float = 5.4
    line_px: float = 11.0
    dot_px: float = 6.0
    reach: tuple[float, ...] = (8.0, 16.0, 28.0, 42.0)
    far: float = 1.2
    rounds: int = 4
    outside: float = 50.0


def placed(
    points: Sequence[tuple[float, float]],
    labels: Sequence[str],
    frame: Box,
    *,
    taken: Sequence[Box] = (),
    rule: PlacementRule = PlacementRule(),
) -> list[Box]:
    """A box (left, bottom, right, top) for each label, in the points' own unit, y upward.

    Each label takes the place beside its point that covers least of the other points, the other
    labels and what is taken already; it then gives way again in the next rounds.
    """
    dots = [(x - rule.dot_px, y - rule.dot_px, x + rule.dot_px, y + rule.dot_px) for x, y in points]
    choices = [
        _choices(point, len(label) * rule.letter_px, rule)
        for point, label in zip(points, labels, strict=True)
    ]
    found: list[Box | None] = [None] * len(points)
    for _ in range(rule.rounds):
        for at, options in enumerate(choices):
            near = [box for i, box in enumerate(found) if box and i != at]
            inside = [*near, *taken, *dots]
            found[at] = min(
                options, key=lambda o: o[1] + _cost(o[0], inside, frame=frame, rule=rule)
            )[0]
    return [box for box in found if box]


def _choices(
    point: tuple[float, float], width: float, rule: PlacementRule
) -> list[tuple[Box, float]]:
    """The places around a point, each with what its distance costs."""
    x, y, half = point[0], point[1], rule.line_px / 2
    places = []
    for reach in rule.reach:
        for across, up in _AROUND:
            left = x + across * reach - (width / 2 if across == 0 else width if across < 0 else 0)
            middle = y + up * (reach + half / 2)
            places.append(((left, middle - half, left + width, middle + half), reach * rule.far))
    return places


def _cost(box: Box, others: Sequence[Box], *, frame: Box, rule: PlacementRule) -> float:
    area = (box[2] - box[0]) * (box[3] - box[1])
    covered = sum(_overlap(box, other) for other in others)
    return covered + (area - _overlap(box, frame)) * rule.outside


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across * up if across > 0 and up > 0 else 0.0
