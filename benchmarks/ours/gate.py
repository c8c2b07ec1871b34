"""Ten rules over a frames table: the first time in a process, and again."""

import statistics
import sys

import polars as pl
from meter import Watch, tell

from touchline.core.quality import Allowed, NotNull, Ratio, Rows, Unique, Within, measure

RULES = (
    Rows(at_least=1),
    Unique(("match_id", "player_id", "frame")),
    NotNull("player_id"),
    NotNull("x_m"),
    NotNull("team_id", max_ratio=0.03),
    Within("x_m", -110, 110),
    Within("y_m", -90, 90),
    Within("period", 1, 5),
    Allowed("competition_id", ("aus1",)),
    Ratio("detected", "is_detected", at_least=0.5),
)
AGAIN = 7


def main(file: str) -> None:
    frames = pl.read_parquet(file).rechunk()
    watch = Watch()
    results = measure(frames, RULES)
    first = watch.seen()
    again = []
    for _ in range(AGAIN):
        watch = Watch()
        measure(frames, RULES)
        again.append(watch.seen())
    if not all(r.passed for r in results):
        raise SystemExit(f"a rule failed: {results}")
    middle = {k: statistics.median(a[k] for a in again) for k in ("cpu_s", "wall_s")}
    tell(**middle, first=first, rows=frames.height, rules=len(RULES))


main(sys.argv[1])
