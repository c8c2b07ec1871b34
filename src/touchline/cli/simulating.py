"""Made-up matches on disk: all that is asked for is checked before anything is written."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from touchline.cli.output import progress
from touchline.core.made_up import not_over
from touchline.errors import ConfigError, StorageError
from touchline.tracking import simulate as made_up

LONGEST_ID = 18


def simulated(
    out: Path,
    *,
    matches: int,
    first_id: int,
    first_day: date,
    competition: int,
    minutes: float,
    seed: int,
    layout: Any,
    packed: bool,
    gap_s: float = 0.0,
    teleports: int = 0,
    missing: Any = None,
    reissue: bool = False,
) -> list[Path]:
    """The files written, match after match, a day apart.

    Raises:
        ConfigError: An id or a day is beyond what there can be, or files are there already.
        StorageError: No room or no right to write.
    """
    plans = [
        made_up.MatchPlan(
            match_id=match_id,
            kick_off_at=kick_off_at,
            competition_id=competition,
            seed=seed + at,
            minutes=minutes,
            faults=made_up.Faults(gap_s=gap_s, teleports=teleports, missing_file=missing),
        )
        for at, (match_id, kick_off_at) in enumerate(kick_offs(first_id, first_day, matches))
    ]
    written: list[Path] = []
    with progress("simulate", matches) as tell:
        for plan in plans:
            match = made_up.match(plan)
            if reissue:
                match = made_up.reissued(match, seed=seed + 1000)
            written += _written(match, out, layout=layout, packed=packed)
            tell(str(plan.match_id), "written")
    return written


def kick_offs(first_id: int, first_day: date, matches: int) -> list[tuple[int, datetime]]:
    """The id and the kick-off of each match."""
    last_id = first_id + matches - 1
    if len(str(last_id)) > LONGEST_ID:
        raise ConfigError(
            f"--first-id {first_id} --matches {matches}: ids up to {last_id}, expected"
            f" {LONGEST_ID} digits at most"
        )
    must_end(first_day, "matches", matches)
    kick_off = datetime(first_day.year, first_day.month, first_day.day, 9, 30, tzinfo=UTC)
    return [(first_id + at, kick_off + timedelta(days=at)) for at in range(matches)]


def must_end(first_day: date, name: str, count: int) -> None:
    """Refuse so many things, a day apart, that there is no such day as that of the last."""
    first = date(first_day.year, first_day.month, first_day.day)
    if (date.max - first).days < count - 1:
        raise ConfigError(
            f"--date {first} --{name} {count}: beyond the year 9999",
            hint=f"the {name} are a day apart; give an earlier day",
        )


def _written(match: made_up.SimulatedMatch, out: Path, *, layout: Any, packed: bool) -> list[Path]:
    """The match's files, which do not replace others and do not come to lie among others."""
    with writing_to(out):
        if any(out.glob(f"*/*{match.match['id']}*")):
            with tempfile.TemporaryDirectory(prefix="touchline-") as scratch:
                made_up.write(match, Path(scratch), layout=layout, gzip=packed)
                _refuse_others(Path(scratch), out)
        return made_up.write(match, out, layout=layout, gzip=packed)


def _refuse_others(made: Path, out: Path) -> None:
    """Refuse to write where a file differs, or where the match's folder has one more."""
    new = [f.relative_to(made) for f in made.rglob("*") if f.is_file()]
    for home in {name.parent for name in new if name.parent.name != "truth"}:
        for there in sorted((out / home).glob("*")):
            if there.relative_to(out) not in new:
                raise not_over(there, "is there, and would not be written")
    for name in new:
        there = out / name
        if there.exists() and there.read_bytes() != (made / name).read_bytes():
            raise not_over(there, "is there, and is not what would be written")


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """What the system says against writing there, with what to do about it."""
    try:
        yield
    except OSError as exc:
        said = f"{exc.filename or folder}: {exc.strerror}"
        if isinstance(exc, FileExistsError | NotADirectoryError | IsADirectoryError):
            hint = "a file is where a folder belongs, or the reverse: give another folder"
            raise ConfigError(said, hint=hint) from exc
        hint = "give another folder, or make room or grant the right to write, then run again"
        raise StorageError(said, hint=hint) from exc
