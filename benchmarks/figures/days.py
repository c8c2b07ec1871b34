"""Days of product events: many backfilled, and a run that finds nothing to do."""

import shutil

import inputs
from runs import Sample, command, ours
from table import Row

FIGURE = "days: product events, a partition a day"
DAYS, ROWS_A_DAY = 1000, 6_500
A_MINUTE = 240.0


def rows() -> list[Row]:
    """A thousand days of a megabyte each, with two workers, then the same command again."""
    raw, store = inputs.folder("days-raw"), inputs.folder("days")
    command("simulate", "activity", raw, "--days", DAYS, "--rows", ROWS_A_DAY, cwd=store)
    first, last = _ends(raw)
    landed = command("ingest", "activity", raw / "raw", cwd=store)
    words = ("backfill", "activity", first, last, "--workers", 2)
    made = ours("command.py", *words, cwd=store)
    again = ours("command.py", *words, cwd=store)
    shutil.rmtree(raw)
    return [
        _row(
            f"{DAYS} landed days of 1 MB, touchline backfill --workers 2, per minute",
            DAYS / made.facts["process_wall_s"] * 60,
            "/min",
            made,
            at_least=A_MINUTE,
        ),
        _row("landing them: touchline ingest", landed.wall_s, " s", landed),
        _row("the same backfill again, nothing to do", again.wall_s, " s", again),
    ]


def _ends(raw: inputs.Path) -> tuple[str, str]:
    days = sorted(p.name.partition("=")[2] for p in raw.rglob("ingestion_date=*") if p.is_dir())
    return days[0], days[-1]


def _row(what: str, measured: float, unit: str, seen: Sample, at_least: float | None = None) -> Row:
    return Row(
        FIGURE,
        what,
        measured,
        unit,
        at_least=at_least,
        cpu_s=seen.cpu_s,
        wall_s=seen.wall_s,
        peak_mb=seen.peak_mb,
    )
