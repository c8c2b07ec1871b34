"""How soon after a file has come `touchline up` begins the run of its day; a file, again and again."""

import json
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from meter import children_peak_mb, cpu_s, tell

TIMES = 15


def main(folder: Path) -> None:
    log = folder / "up.log"
    with log.open("w") as err:
        up = subprocess.Popen([sys.executable, "-m", "touchline.cli", "up"], cwd=folder, stderr=err)
        try:
            _until(log, lambda e: e["event"] == "up")
            waits = [
                _wait_s(folder, log, date(2025, 1, 1) + timedelta(days=n)) for n in range(TIMES)
            ]
        finally:
            up.terminate()
            up.wait()
    tell(
        begun_s=statistics.median(w[0] for w in waits[1:]),
        slowest_s=max(w[0] for w in waits[1:]),
        published_s=statistics.median(w[1] for w in waits[1:]),
        first_s=waits[0][0],
        cpu_s=cpu_s(),
        peak_mb=children_peak_mb(),
    )


def _wait_s(folder: Path, log: Path, day: date) -> tuple[float, float]:
    """From the file's being there to the start of its run, and to its publish."""
    place = folder / "landing/activity" / f"ingestion_date={day}"
    place.mkdir(parents=True)
    event = {"event_id": str(day), "user_id": "1", "event_type": "login", "amount": None}
    beside = folder / "sent.json"
    beside.write_text(json.dumps({**event, "event_ts": f"{day}T12:00:00Z"}) + "\n")
    time.sleep(0.5)
    came = time.time()
    beside.rename(place / "events.json")
    told = _until(log, lambda e: e.get("partition") == f"ingestion_date={day}")
    done = time.time()
    assert told["status"] == "published", told
    report = folder / f"data/objects/metrics/ingestion_date={day}/report.json"
    begun = json.loads(report.read_bytes())["started_at"]
    from datetime import datetime

    return datetime.fromisoformat(begun).timestamp() - came, done - came


def _until(log: Path, wanted: object) -> dict[str, object]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for line in log.read_text().splitlines():
            event = json.loads(line) if line.endswith("}") else {"event": ""}
            if wanted(event):  # type: ignore[operator]
                return event
        time.sleep(0.005)
    raise SystemExit(log.read_text())


main(Path(sys.argv[1]))
