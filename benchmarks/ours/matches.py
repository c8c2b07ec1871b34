"""Several whole matches in one process, landing included, one after the other."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from meter import Watch, peak_mb, since_start, tell

from touchline.config import Config
from touchline.wiring import Touchline


def main(store: Path, matches: list[Path]) -> None:
    here = Touchline(Config(folder=str(store)))
    _whole(here, matches[0])
    cold, cold_peak_mb = since_start(), peak_mb()
    warm = []
    for match in matches[1:]:
        watch = Watch()
        _whole(here, match)
        warm.append(watch.seen())
    tell(**cold, cold_peak_mb=cold_peak_mb, warm=warm)


def _whole(here: Touchline, match: Path) -> None:
    from touchline.core import landing
    from touchline.core.pipeline import drive
    from touchline.tracking.source import files

    found, _ = files.recognised([match], match)
    arrivals = list(files.arrivals(found))
    now = datetime.now(UTC)
    list(landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=now))
    for done in drive.run(
        here.pipeline("tracking"), here.platform(), parts=[arrivals[0].partition]
    ):
        if done.error is not None:
            raise done.error


main(Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]])
