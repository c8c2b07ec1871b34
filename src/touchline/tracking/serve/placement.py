"""Where the names of crowded points go: beside their point, over as little else as possible."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Box = tuple[float, float, float, float]

_AROUND = (
    (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0),
    (0.8, 0.8), (0.8, -0.8), (-0.8, 0.8), (-0.8, -0.8),
)  # fmt: skip


@dataclass(frozen=True)
class PlacementRule:
    """Sizes in pixels; `reach` are the distances tried; a further place costs `far` a pixel."""

    letter_px: float = 6.1
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
    sizes = [len(label) * rule.letter_px * rule.line_px for label in labels]
    found: list[Box | None] = [None] * len(points)
    for _ in range(rule.rounds):
        for at, (boxes, far) in enumerate(choices):
            near = [box for i, box in enumerate(found) if box and i != at]
            covered = _overlaps(boxes, np.array([*near, *taken, *dots])).sum(axis=1)
            outside = sizes[at] - _overlaps(boxes, np.array([frame]))[:, 0]
            best = int(np.argmin(covered + outside * rule.outside + far))
            left, bottom, right, top = boxes[best]
            found[at] = (float(left), float(bottom), float(right), float(top))
    return [box for box in found if box]


def _choices(
    point: tuple[float, float], width: float, rule: PlacementRule
) -> tuple[np.ndarray, np.ndarray]:
    """The boxes to choose from around a point, and what the distance of each costs."""
    x, y, half = point[0], point[1], rule.line_px / 2
    boxes, far = [], []
    for reach in rule.reach:
        for across, up in _AROUND:
            left = x + across * reach - (width / 2 if across == 0 else width if across < 0 else 0)
            middle = y + up * (reach + half / 2)
            boxes.append((left, middle - half, left + width, middle + half))
            far.append(reach * rule.far)
    return np.array(boxes), np.array(far)


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that each box shares with each of the others, a row per box."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared: np.ndarray = np.clip(high - low, 0, None).prod(axis=2)
    return shared
