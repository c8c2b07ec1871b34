"""What a publish costs beside the plain writing of its file, and after a thousand others."""

from functools import partial

import inputs
from runs import Sample, Seen, cpu, interleaved, ours, ratio, wall
from table import Row

from figures.gate import longer

FIGURE = "publish: a partition replaced in an Iceberg table"
ROUNDS = 2
TIMES_THE_WRITE = 1.6
MUCH_THE_SAME = 1.3


def rows() -> list[Row]:
    """One large partition against a plain write; then many small ones."""
    return [
        *_large(),
        *_small("1,000 commits, each to a partition of its own", 1000),
        *_small("1,000 commits to 20 partitions in turn", 20),
    ]


def _large() -> list[Row]:
    case = partial(_published)
    found = interleaved({"publish": case}, ROUNDS)["publish"]
    raw, published = (
        Seen(tuple(Sample(**w, peak_mb=s.peak_mb) for s in found.samples for w in s.facts[name]))
        for name in ("raw", "published")
    )
    height = found.samples[0].facts["rows"]
    return [
        Row(
            FIGURE,
            f"{height} rows: stage and publish, CPU over pyarrow's write_table",
            ratio(published, raw),
            "x",
            at_most=TIMES_THE_WRITE,
            cpu_s=published.cpu_s,
            least_cpu_s=published.least(cpu),
            wall_s=published.wall_s,
            peak_mb=published.peak_mb,
        ),
        Row(FIGURE, f"{height} rows: the same by wall clock", ratio(published, raw, wall), "x"),
        Row(
            FIGURE,
            f"{height} rows: write_table itself",
            1.0,
            "x",
            cpu_s=raw.cpu_s,
            least_cpu_s=raw.least(cpu),
            wall_s=raw.wall_s,
        ),
    ]


def _published() -> Sample:
    return ours("publish.py", inputs.folder("publish"), longer())


def _small(what: str, partitions: int) -> list[Row]:
    facts = ours("commits.py", inputs.folder("commits"), partitions).facts
    first, middle, last = facts["first"], facts["middle"], facts["last"]
    upkeep = facts["upkeep"]
    return [
        Row(
            FIGURE,
            f"{what}: CPU of the last 50 over the first 50",
            _over(last, first),
            "x",
            at_most=MUCH_THE_SAME,
            cpu_s=last["cpu_s"],
            wall_s=last["wall_s"],
        ),
        Row(FIGURE, f"{what}: a commit of the first 50", 1.0, "x", **_times(first)),
        Row(
            FIGURE,
            f"{what}: a commit of the middle 50",
            _over(middle, first),
            "x",
            **_times(middle),
        ),
        Row(
            FIGURE,
            f"{what}: upkeep after every 50 (left: {facts['files']} files,"
            f" {facts['data_files']} of data, {facts['snapshots']} snapshots,"
            f" {facts['manifests']} manifests)",
            upkeep["wall_s"],
            " s",
            **upkeep,
        ),
    ]


def _over(later: dict[str, float], first: dict[str, float]) -> float:
    """CPU over CPU, each held against the yardstick that ran beside it: machines change their speed."""
    return (later["cpu_s"] / later["yard_s"]) / (first["cpu_s"] / first["yard_s"])


def _times(found: dict[str, float]) -> dict[str, float]:
    return {"cpu_s": found["cpu_s"], "wall_s": found["wall_s"]}
