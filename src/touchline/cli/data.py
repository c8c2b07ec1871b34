"""fetch, ingest: what brings data in."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from touchline import config
from touchline.cli.kinds import DAY, KICK_OFF, Place, Whole
from touchline.cli.output import JSON, complain, counted, progress, say, table, worst
from touchline.cli.scratch import scratch
from touchline.core.ports import WITHDRAWN
from touchline.errors import ConfigError, StorageError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.landing import Arrival


@click.command()
@click.argument("domain", type=click.Choice(["tracking", "activity", "matches"]))
@click.argument("paths", nargs=-1, required=True, type=Place(path_type=Path))
@KICK_OFF
@JSON
@click.pass_obj
def ingest(
    file: Path | None,
    domain: str,
    paths: tuple[Path, ...],
    kick_offs: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Land the files of DOMAIN under PATHS (folders, zips, files) in bronze, as they are.

    The same files again change nothing; other content under the same name is a re-issue. What
    cannot be read or named is told, and does not keep the rest from landing. Events of matches are
    at once in the store that applications ask.

    Example: touchline ingest tracking matches/
    """
    here = Touchline(config.load(file))
    for path in paths:
        _must_be_there(path)
    if domain == "matches":
        from touchline.cli.match_files import ingested

        ingested(here, paths, kick_offs, as_json=as_json)
    if kick_offs:
        raise ConfigError(f"--kick-off: {domain}'s files say it", hint="it is for matches")
    with scratch() as unpacked:
        found = here.found(domain)(paths, unpacked, here.folders)
        if others := found.others:
            say(
                f"left alone, as not {domain}'s: {counted(len(others), 'file')}, such as {others[0]}"
            )
        for error in found.bad:
            complain(str(error), error.hint)
        for line in found.told:
            say(line)
        if found.arrivals:
            land(here, domain, found.arrivals, as_json=as_json)
    sys.exit(worst(error.exit_code for error in found.bad))


def _must_be_there(path: Path) -> None:
    """Refuse a path that is none: it was mistyped, and no waiting helps."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise ConfigError(
            f"{path}: no such file or folder", hint=f"paths are taken from {Path.cwd()}"
        ) from exc
    except OSError as exc:
        hint = "grant the right to read, then run again"
        raise StorageError(f"{path}: {exc.strerror}", hint=hint) from exc


def land(here: Touchline, domain: str, arrivals: "Sequence[Arrival]", *, as_json: bool) -> None:
    """Land these arrivals, show what became of each partition, and what it still lacks."""
    parts = sorted({a.partition for a in arrivals})
    counts: dict[str, dict[str, int]] = {
        p: {"new": 0, "re-issued": 0, "unchanged": 0} for p in parts
    }
    still = list[str]()
    with progress("land", len(arrivals)) as tell:
        for arrival, kind in landed(here, domain, arrivals, now=datetime.now(UTC)):
            counts[arrival.partition]["unchanged" if kind == WITHDRAWN else kind] += 1
            still += [f"{arrival.partition} {arrival.name}"] if kind == WITHDRAWN else []
            tell(f"{arrival.partition}/{arrival.name}", kind)
    after = here.ledger.arrivals(domain, parts)
    bronze = here.pipeline(domain).bronze
    rows = [
        {
            "partition": p,
            **counts[p],
            "missing": ", ".join(b.file for b in bronze if not b.of(after.get(p, {}))) or None,
        }
        for p in parts
    ]
    table(rows, as_json=as_json)
    tell_retired(here, domain, parts)
    for file in still:
        say(
            f"{domain} {file} stays withdrawn, as it is what was withdrawn:"
            f" touchline withdraw {domain} {file} --undo puts it back"
        )


def tell_retired(here: Touchline, domain: str, parts: Sequence[str]) -> None:
    """A line for each partition that arrived although retention has taken it away."""
    from touchline.core.retention import unplanned

    for part in sorted(unplanned(here.pipeline(domain), here.ledger, parts)):
        say(
            f"{domain} {part} is retired, past the days that retention keeps: nothing is made of it"
            f" without touchline run --force --partition {part}"
        )


def landed(
    here: Touchline, domain: str, arrivals: "Sequence[Arrival]", *, now: datetime
) -> "Iterator[tuple[Arrival, str]]":
    """Each arrival once it is durable, and whether it is new, re-issued, unchanged or withdrawn."""
    from touchline.core import landing
    from touchline.core.withdrawing import received

    parts = sorted({a.partition for a in arrivals})
    latest = {
        (p, n): r for p, rs in received(here.ledger, domain, parts).items() for n, r in rs.items()
    }
    receipts = landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=now)
    for arrival, receipt in zip(arrivals, receipts, strict=True):
        old = latest.get((receipt.partition, receipt.name))
        latest[receipt.partition, receipt.name] = receipt
        same = old is not None and old.sha256 == receipt.sha256
        came = "new" if old is None else "unchanged" if same else "re-issued"
        yield arrival, WITHDRAWN if receipt.withdrawn else came


@click.command()
@click.argument("source", type=click.Choice(["skillcorner", "skillcorner-open"]))
@click.option(
    "--match",
    "match_ids",
    type=Whole(1, 10**18 - 1),
    multiple=True,
    help="Only this match; may be repeated.",
)
@click.option("--from", "first", type=DAY, help="First day of matches.")
@click.option("--to", "last", type=DAY, help="Last day of matches.")
@click.option(
    "--modified-since",
    type=DAY,
    help="Also matches whose files changed since then; alone, only those.",
)
@JSON
@click.pass_obj
def fetch(
    file: Path | None,
    source: str,
    match_ids: tuple[int, ...],
    first: datetime | None,
    last: datetime | None,
    modified_since: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Fetch matches from SOURCE and land them; what is unchanged there is not fetched again.

    Without --match, --from, --to and --modified-since it is every match that SOURCE has.

    skillcorner needs SKILLCORNER_USERNAME and SKILLCORNER_PASSWORD, or SKILLCORNER_TOKEN.
    skillcorner-open is the provider's public repository.

    Example: touchline fetch skillcorner-open --match 2017461
    """
    from touchline.cli.fetching import fetched

    days = (first.date() if first else None, last.date() if last else None)
    if first and last and first > last:
        raise ConfigError(f"--from {days[0]} --to {days[1]}: the first is after the last")
    here = Touchline(config.load(file))
    fetched(
        here, source, match_ids=match_ids, days=days, modified_since=modified_since, as_json=as_json
    )
