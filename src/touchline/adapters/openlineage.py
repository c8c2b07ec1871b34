"""A run that ended as events of OpenLineage, version 2-0-2 of its specification."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import touchline
from touchline.adapters.ndjson import appended
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Run, RunStatus

NAMESPACE = "touchline"
_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_PRODUCER = f"pkg:pypi/touchline@{touchline.__version__}"
_ENDS: dict[RunStatus, str] = {
    "published": "COMPLETE",
    "checked": "COMPLETE",
    "refused": "FAIL",
    "failed": "FAIL",
}


@dataclass(frozen=True)
class LineageFile:
    """Writes the events of each run that ended to a file, one JSON object a line."""

    file: Path

    def __call__(self, pipeline: Pipeline, run: Run) -> None:
        """The run is told; what keeps it from being told is said, and no error."""
        appended(self.file, *events(pipeline, run))


def events(pipeline: Pipeline, run: Run) -> list[dict[str, Any]]:
    """The run's start and its end: COMPLETE, FAIL, or ABORT where it could not begin or was stopped."""
    begun = _event(run, "START", run.started_at)
    end = _event(run, _ENDS.get(run.status, "ABORT"), run.ended_at or run.started_at)
    end["inputs"] = [_input(file) for file in run.report.get("inputs", ())]
    end["outputs"] = [_output(pipeline, step, run) for step in run.report.get("steps", ())]
    if run.message:
        said = {"message": run.message, "programmingLanguage": "PYTHON"}
        end["run"]["facets"]["errorMessage"] = _facet("ErrorMessageRunFacet", "1-0-0", **said)
    return [begun, end]


def _event(run: Run, kind: str, at: datetime) -> dict[str, Any]:
    """An event with what START and the end have in common."""
    told = {"partition": run.partition, "run_id": run.run_id, "status": run.status}
    if kind == "START":
        del told["status"]
    tags = [{"key": k, "value": v, "source": "TOUCHLINE"} for k, v in told.items()]
    named = uuid.uuid5(uuid.NAMESPACE_URL, f"pkg:pypi/touchline#{run.run_id}")
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _SPEC,
        "run": {
            "runId": str(named),
            "facets": {"tags": _facet("TagsRunFacet", "1-0-0", tags=tags)},
        },
        "job": {"namespace": NAMESPACE, "name": run.pipeline},
        "inputs": [],
        "outputs": [],
    }


def _facet(name: str, version: str, **more: Any) -> dict[str, Any]:
    place = f"https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"
    return {"_producer": _PRODUCER, "_schemaURL": place, **more}


def _input(file: dict[str, Any]) -> dict[str, Any]:
    """A file by where it came from; its version is its content's hash."""
    version = _facet("DatasetVersionDatasetFacet", "1-0-0", datasetVersion=file["sha256"])
    return {"namespace": "file", "name": file["source"], "facets": {"version": version}}


def _output(pipeline: Pipeline, step: dict[str, Any], run: Run) -> dict[str, Any]:
    """A table with its columns and what its gate saw; how many rows, if they were published."""
    contract = pipeline.step(step["table"]).makes
    fields = [
        {"name": c.name, "type": c.type, "description": c.definition} for c in contract.columns
    ]
    rules = [_assertion(rule) for rule in step["rules"]]
    facets = {"schema": _facet("SchemaDatasetFacet", "1-0-0", fields=fields)}
    if rules:
        facets["dataQualityAssertions"] = _facet(
            "DataQualityAssertionsDatasetFacet", "1-0-1", assertions=rules
        )
    told: dict[str, Any] = {"namespace": NAMESPACE, "name": step["table"], "facets": facets}
    if run.status == "published":
        rows = _facet("OutputStatisticsOutputDatasetFacet", "1-0-1", rowCount=step["rows"])
        told["outputFacets"] = {"outputStatistics": rows}
    return told


def _assertion(rule: dict[str, Any]) -> dict[str, Any]:
    severity = {"fail": "error"}.get(rule["severity"], rule["severity"])
    return {"assertion": rule["rule"], "success": rule["passed"], "severity": severity}
