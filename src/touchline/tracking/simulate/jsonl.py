"""The tracking file as text: fixed-width rows of characters, from which the padding is removed.

All numbers have two decimals at most, so each is looked up, as text, in a table of centimetres.
A row takes the longest text that each of its parts can have, filled up with zero bytes; taking all
zero bytes out of a block of rows leaves the lines. What is written equals what `json.dumps` gives.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from touchline.tracking.simulate.arrays import Bools, Bytes, Floats, Ints
from touchline.tracking.simulate.clock import FRAMES_PER_MIN, Clock
from touchline.tracking.simulate.plan import FRAMES_PER_S

LARGEST_CM = 15_000
BLOCK_ROWS = 2_000
CORNERS = tuple(
    f"{axis}_{corner}"
    for corner in ("top_left", "bottom_left", "bottom_right", "top_right")
    for axis in "xy"
)
GROUPS = ("home team", "away team")


@dataclass(frozen=True)
class Frames:
    """What the tracking file says, by row; `players` holds the ids by row and slot, 0 for nobody.

    `order` is the slots in the order of the file, by period. `corners` has eight columns in metres,
    nan where the file has none.
    """

    xy: Floats
    detected: Bools
    players: Ints
    order: tuple[Ints, Ints]
    ball_xyz: Floats
    ball_detected: Bools
    holder: Ints
    side: Ints
    corners: Floats
    blank: Bools


def lines(frames: Frames, clock: Clock) -> bytes:
    """The whole file, with the frames outside the periods."""
    texts = _texts()
    parts: list[bytes] = []
    written, row = 0, 0
    for period, order in zip(clock.periods, frames.order, strict=True):
        parts.append(_null_lines(written, period.first_frame))
        for block in _blocks(frames.players[row : row + period.rows]):
            rows = np.arange(row + block.start, row + block.stop)
            head = _head(period.first_frame - row + rows, clock, period.number)
            parts.append(_block(frames, rows, order, head=head, texts=texts))
        row += period.rows
        written = period.last_frame + 1
    parts.append(_null_lines(written, clock.lines))
    return b"".join(parts)


def _blocks(players: Ints) -> Iterator[slice]:
    """Slices of rows in which the same players are on the pitch, none longer than a block."""
    changes = np.flatnonzero((players[1:] != players[:-1]).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(players)]
    for first, last in pairwise(edges):
        for start in range(first, last, BLOCK_ROWS):
            yield slice(start, min(start + BLOCK_ROWS, last))


def _block(frames: Frames, rows: Ints, order: Ints, *, head: list[Bytes], texts: Bytes) -> bytes:
    """The lines of some rows with the same players."""
    parts = [*head, *_ball(frames, rows, texts), *_possession(frames, rows)]
    parts += [*_corners(frames, rows, texts), _constant('"player_data": [')]
    players = _side_by_side(_players(frames, rows, order, texts=texts), len(rows))
    players[frames.blank[rows]] = 0
    parts += [players, _constant("]}\n")]
    return _side_by_side(parts, len(rows)).tobytes().translate(None, b"\0")


def _players(frames: Frames, rows: Ints, order: Ints, *, texts: Bytes) -> list[Bytes]:
    ids = frames.players[rows[0]]
    seen = _flags(frames.detected[rows])
    place = _numbers(frames.xy[rows], texts)
    parts: list[Bytes] = []
    for slot in (int(slot) for slot in order if ids[slot]):
        parts += [
            _constant(', {"x": ' if parts else '{"x": '),
            place[:, slot, 0],
            _constant(', "y": '),
            place[:, slot, 1],
            _constant(f', "player_id": {ids[slot]}, "is_detected": '),
            seen[:, slot],
            _constant("}"),
        ]
    return parts


def _side_by_side(parts: Sequence[Bytes], count: int) -> Bytes:
    wide = [np.broadcast_to(part, (count, part.shape[1])) for part in parts]
    return np.concatenate(wide, axis=1)


def _head(numbers: Ints, clock: Clock, period: int) -> list[Bytes]:
    ticks = clock.elapsed(numbers)
    minutes, seconds = ticks // FRAMES_PER_MIN, ticks // FRAMES_PER_S
    digits = np.stack([minutes // 600, minutes // 60 % 10, minutes % 60 // 10, minutes % 10,
                       seconds % 60 // 10, seconds % 10, ticks % 10], axis=1)  # fmt: skip
    shown = (digits + ord("0")).astype(np.uint8)
    return [
        _constant('{"frame": '),
        _strings(numbers.astype("S7")),
        _constant(', "timestamp": "'),
        shown[:, 0:2],
        _constant(":"),
        shown[:, 2:4],
        _constant(":"),
        shown[:, 4:6],
        _constant("."),
        shown[:, 6:7],
        _constant(f'0", "period": {period}, "ball_data": {{"x": '),
    ]


def _ball(frames: Frames, rows: Ints, texts: Bytes) -> list[Bytes]:
    blank = frames.blank[rows]
    place = _numbers(frames.ball_xyz[rows], texts)
    place[blank] = _padded("null", place.shape[-1])
    seen = _flags(frames.ball_detected[rows])
    seen[blank] = _padded("null", seen.shape[-1])
    return [
        place[:, 0],
        _constant(', "y": '),
        place[:, 1],
        _constant(', "z": '),
        place[:, 2],
        _constant(', "is_detected": '),
        seen,
        _constant('}, "possession": {"player_id": '),
    ]


def _possession(frames: Frames, rows: Ints) -> list[Bytes]:
    visible = ~frames.blank[rows]
    held = visible & (frames.holder[rows] >= 0)
    ids = frames.players[rows[0]]
    names = np.array([str(name) for name in ids] + ["null"], dtype="S12")
    groups = np.array([f'"{group}"' for group in GROUPS] + ["null"], dtype="S12")
    return [
        _strings(names[np.where(held, frames.holder[rows], -1)]),
        _constant(', "group": '),
        _strings(groups[np.where(visible, frames.side[rows], -1)]),
        _constant('}, "image_corners_projection": {'),
    ]


def _corners(frames: Frames, rows: Ints, texts: Bytes) -> list[Bytes]:
    metres = frames.corners[rows]
    shown = _numbers(np.nan_to_num(metres), texts)
    shown[np.isnan(metres)] = _padded("null", shown.shape[-1])
    parts: list[Bytes] = []
    for k, name in enumerate(CORNERS):
        parts += [_constant(f'{", " if k else ""}"{name}": '), shown[:, k]]
    return [*parts, _constant("}, ")]


def _null_lines(first: int, stop: int) -> bytes:
    """Frames outside the periods: everything is null."""
    ball = '"ball_data": {"x": null, "y": null, "z": null, "is_detected": null}'
    corners = ", ".join(f'"{name}": null' for name in CORNERS)
    tail = (
        f'"timestamp": null, "period": null, {ball}, '
        '"possession": {"player_id": null, "group": null}, '
        f'"image_corners_projection": {{{corners}}}, "player_data": []}}\n'
    )
    return "".join(f'{{"frame": {frame}, {tail}' for frame in range(first, stop)).encode()


def _texts() -> Bytes:
    """Every number from -150.00 to 150.00 as text, one row each."""
    numbers = [repr(cm / 100) for cm in range(-LARGEST_CM, LARGEST_CM + 1)]
    return _strings(np.array(numbers, dtype="S7"))


def _numbers(metres: Floats, texts: Bytes) -> Bytes:
    cm = np.rint(metres * 100).astype(np.int64)
    return texts[np.clip(cm, -LARGEST_CM, LARGEST_CM) + LARGEST_CM]


def _flags(values: Bools) -> Bytes:
    return np.stack([_padded("false", 5), _padded("true", 5)])[values.astype(np.int8)]


def _strings(values: npt.NDArray[np.bytes_]) -> Bytes:
    width = values.dtype.itemsize
    return values.view(np.uint8).reshape(-1, width)


def _constant(text: str) -> Bytes:
    return np.frombuffer(text.encode(), dtype=np.uint8)[None, :]


def _padded(text: str, width: int) -> Bytes:
    return np.frombuffer(text.encode().ljust(width, b"\0"), dtype=np.uint8)
