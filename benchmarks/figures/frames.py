"""Raw tracking file -> the staged silver frames of a match, against the limit and three others."""

from functools import partial
from pathlib import Path

import inputs
from runs import Sample, Seen, command, cpu, interleaved, ours, ratio, yardstick
from table import Row

FIGURE = "frames: a tracking file to the staged table tracking.frames"
ROUNDS = 5
TIMES_THE_LIMIT, LESS_THAN_NOTEBOOK, LESS_THAN_SPARK, PEAK_MB = 3.0, 10.0, 15.0, 450.0


def rows() -> list[Row]:
    """Both matches; the slow ways take part in two rounds of the first and one of the second."""
    found = []
    for slow, (match, place) in zip((2, 1), inputs.whole_matches().items(), strict=False):
        found += _match(match, place, slow)
    return found


def _match(match: str, place: Path, slow: int) -> list[Row]:
    store, ready = landed(place)
    tracking = place / f"{match}_tracking_extrapolated.jsonl"
    out = inputs.folder("frames-out")
    partition = f"match_id={match}"
    cases = {
        "ours": partial(ours, "frames.py", store, partition),
        "limit": partial(yardstick, "limit.py", tracking, ready, out / "limit.parquet"),
        "notebook": partial(yardstick, "notebook.py", tracking),
        "kloppy": partial(yardstick, "kloppy_frames.py", place / f"{match}_match.json", tracking),
        "spark": partial(yardstick, "spark_json.py", tracking, out / "spark", "inferred"),
        "spark, schema given": partial(
            yardstick, "spark_json.py", tracking, out / "spark", "schema"
        ),
    }
    heavy = ("notebook", "kloppy", "spark", "spark, schema given")
    seen = interleaved(cases, ROUNDS, fewer=dict.fromkeys(heavy, slow))
    return _told(f"{match}, {tracking.stat().st_size / 1e6:.0f} MB", seen)


def _told(named: str, seen: dict[str, Seen]) -> list[Row]:
    own, limit = seen["ours"], seen["limit"]
    lines = own.samples[0].facts["rows"]
    imports = own.median(lambda s: s.facts["imports_cpu_s"])
    return [
        Row(
            FIGURE,
            f"{named}, {lines} rows: CPU over the limit's",
            ratio(own, limit),
            "x",
            at_most=TIMES_THE_LIMIT,
            **costs(own),
        ),
        Row(FIGURE, f"{named}: peak memory", own.peak_mb, " MB", at_most=PEAK_MB),
        Row(
            FIGURE,
            f"{named}: the same with imports ({imports:.2f} CPU s), over the limit's",
            ratio(own, limit, _with_imports),
            "x",
        ),
        Row(FIGURE, f"{named}: the limit itself", 1.0, "x", **costs(limit)),
        *(
            Row(
                FIGURE,
                f"{named}: CPU of {name} over ours",
                ratio(seen[name], own),
                "x",
                at_least=LESS_THAN_SPARK if name.startswith("spark") else LESS_THAN_NOTEBOOK,
                **costs(seen[name]),
            )
            for name in ("notebook", "kloppy", "spark", "spark, schema given")
        ),
    ]


def landed(place: Path) -> tuple[Path, Path]:
    """A store in which the match was run, and the Parquet file of its frames."""
    store = inputs.folder(f"store-{place.name}")
    command("ingest", "tracking", place, cwd=store)
    command("run", "tracking", cwd=store)
    told = ours("published.py", store, "tracking.frames", f"match_id={place.name}")
    return store, Path(told.facts["path"])


def costs(seen: Seen) -> dict[str, float]:
    """The columns of a row that say what it took."""
    return {
        "cpu_s": seen.cpu_s,
        "least_cpu_s": seen.least(cpu),
        "wall_s": seen.wall_s,
        "peak_mb": seen.peak_mb,
    }


def _with_imports(sample: Sample) -> float:
    return sample.cpu_s + float(sample.facts.get("imports_cpu_s", 0.0))
