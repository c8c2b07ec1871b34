"""A ledger of 10,000 matches, four files and twelve published tables each; then a hundred re-issued."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from meter import Watch, tell

from touchline.config import Config
from touchline.core import planner
from touchline.core.ports import Piece, Publish, Receipt
from touchline.wiring import Touchline

MATCHES, REISSUED = 10_000, 100
NOW = datetime(2025, 5, 1, tzinfo=UTC)


def main(act: str, folder: Path) -> None:
    here = Touchline(Config(folder=str(folder)))
    folder.joinpath("data").mkdir(exist_ok=True)
    files = [b.file for b in here.pipeline("tracking").bronze]
    if act == "fill":
        here.ledger.receive([_receipt(m, f, "a") for m in range(MATCHES) for f in files])
        _fill(here)
    elif act == "reissue":
        every = range(0, MATCHES, MATCHES // REISSUED)
        here.ledger.receive([_receipt(m, files[1], "b") for m in every])
    else:
        watch = Watch()
        plans = planner.plan(here.pipeline("tracking"), here.ledger)
        seen = watch.seen()
        tell(**seen, stale=len(plans), tables=sum(len(p.steps) for p in plans))


def _receipt(match: int, file: str, content: str) -> Receipt:
    sha256 = f"{content}{match:062x}{len(file) % 10}"
    return Receipt(
        domain="tracking",
        partition=f"match_id={match}",
        name=file,
        sha256=sha256,
        size=93_000_000,
        source=f"landing/{match}/{match}_{file}",
        received_at=NOW,
        path=f"objects/{sha256[:2]}/{sha256}",
    )


def _fill(here: Touchline) -> None:
    plans = planner.plan(here.pipeline("tracking"), here.ledger)
    publishes = [
        Publish(
            table=step.table,
            partition=plan.partition,
            run_id=f"run-{plan.partition}",
            commit_id="commit",
            derivation=step.derivation,
            content=step.derivation,
            rows=1000,
            pieces=(Piece(f"file:///warehouse/{step.table}/{plan.partition}.parquet", 1000, 9000),),
            made_from=step.made_from,
        )
        for plan in plans
        for step in plan.steps
    ]
    with (
        here.ledger.claim("tracking", [p.partition for p in plans]) as claims,
        here.ledger.publishing(claims, publishes) as done,
    ):
        for table in {p.table for p in publishes}:
            done(table, "1")


main(sys.argv[1], Path(sys.argv[2]))
