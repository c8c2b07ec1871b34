"""A run that ended as one line in CloudWatch's embedded metric format."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from touchline.adapters.ndjson import appended, line
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Run

_UNITS = {"Rows": "Count", "Rejected": "Count", "Seconds": "Seconds", "Failures": "Count"}


@dataclass(frozen=True)
class EmbeddedMetrics:
    """Writes the line of each run that ended to a file; where there is none, to a stream.

    That is standard error, as results go to standard output, unless another is given.
    """

    namespace: str
    file: Path | None = None
    stream: TextIO | None = None

    def __call__(self, _: Pipeline, run: Run) -> None:
        """The run is told; what keeps it from being told is said, and no error."""
        told = event(run, self.namespace)
        if self.file is not None:
            appended(self.file, told)
            return
        with suppress(OSError, ValueError):
            print(line(told), end="", file=self.stream or sys.stderr, flush=True)


def event(run: Run, namespace: str) -> dict[str, Any]:
    """The line as an object: what CloudWatch makes metrics of, and beside it the run's own names.

    Rows are those of the tables that were made, published or not.
    """
    ended = run.ended_at or run.started_at
    steps = run.report.get("steps", ())
    metrics = [{"Name": name, "Unit": unit} for name, unit in _UNITS.items()]
    directive = {
        "Namespace": namespace,
        "Dimensions": [["pipeline"], ["pipeline", "status"]],
        "Metrics": metrics,
    }
    return {
        "_aws": {
            "Timestamp": int(ended.timestamp() * 1000),
            "CloudWatchMetrics": [directive],
        },
        "pipeline": run.pipeline,
        "status": run.status,
        "partition": run.partition,
        "run_id": run.run_id,
        "message": run.message,
        "Rows": sum(s["rows"] for s in steps),
        "Rejected": sum(sum(s["rejected"].values()) for s in steps),
        "Seconds": run.seconds or 0.0,
        "Failures": int(run.status in ("refused", "failed")),
    }
