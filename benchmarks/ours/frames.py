"""tracking.frames of one landed match, as a worker makes it: decode, step, contract, gate, stage."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from meter import Watch, tell

imports = Watch()
import touchline.adapters.iceberg  # noqa: E402
import touchline.tracking.pipeline  # noqa: E402, F401
from touchline.config import Config  # noqa: E402
from touchline.core.pipeline import Job, work  # noqa: E402
from touchline.wiring import Touchline  # noqa: E402

imported = imports.seen()
READ = ("tracking.players", "tracking.matches")
FRAMES = "tracking.frames"


def main(store: Path, partition: str) -> None:
    here = Touchline(Config(folder=str(store)))
    pipeline = here.pipeline("tracking")
    pieces = here.ledger.current(READ, [partition])
    job = Job(
        run_id="bench",
        pipeline="tracking",
        partition=partition,
        started_at=datetime.now(UTC),
        makes=(FRAMES,),
        files=here.ledger.arrivals("tracking", [partition])[partition],
        tables={name: pieces[name][partition].pieces for name in READ},
    )
    here.tables.prepare([c for c in pipeline.contracts if c.table.startswith(FRAMES)])
    watch = Watch()
    outcome = work(job, pipeline=pipeline, objects=here.objects, tables=here.tables)
    seen = watch.seen()
    if outcome.error is not None:
        raise outcome.error
    for piece in outcome.staged[0].pieces:
        Path(piece.path.removeprefix("file://")).unlink()
    tell(**seen, imports_cpu_s=imported["cpu_s"], rows=outcome.staged[0].rows)


main(Path(sys.argv[1]), sys.argv[2])
