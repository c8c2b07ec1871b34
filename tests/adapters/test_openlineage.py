"""OpenLineage events have the fields that version 2-0-2 of the specification requires."""

import json
import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from run_told import PUBLISHED, REFUSED, WAITING

from touchline.adapters.openlineage import LineageFile, events
from touchline.config import Config
from touchline.core.ports import Run
from touchline.wiring import activity

PIPELINE = activity(Config())
REQUIRED = {
    "tags": [],
    "errorMessage": ["message", "programmingLanguage"],
    "version": ["datasetVersion"],
    "schema": [],
    "dataQualityAssertions": ["assertions"],
    "outputStatistics": [],
}
"""Facet -> what the specification requires of it beside `_producer` and `_schemaURL`."""
PLACES = ("facets", "inputFacets", "outputFacets")
IS_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


def required(of: dict[str, Any], *names: str) -> None:
    assert set(names) <= set(of), f"{names} in {of}"


def check_facets(of: dict[str, Any]) -> None:
    for name, facet in (pair for place in PLACES for pair in of.get(place, {}).items()):
        required(facet, "_producer", "_schemaURL", *REQUIRED[name])
        assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")
        assert IS_URI.fullmatch(facet["_producer"])


def check(event: dict[str, Any]) -> None:
    """Hold an event to the specification's required fields and their formats."""
    required(event, "eventTime", "producer", "schemaURL", "run", "job")
    assert (
        event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    )
    assert IS_URI.fullmatch(event["producer"])
    assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
    assert str(uuid.UUID(event["run"]["runId"])) == event["run"]["runId"]
    required(event["job"], "namespace", "name")
    check_facets(event["run"])
    for dataset in (*event["inputs"], *event["outputs"]):
        required(dataset, "namespace", "name")
        check_facets(dataset)
        for field in dataset["facets"].get("schema", {}).get("fields", ()):
            required(field, "name")
        for told in dataset["facets"].get("dataQualityAssertions", {}).get("assertions", ()):
            required(told, "assertion", "success")
            assert isinstance(told["success"], bool)
    for tag in event["run"]["facets"]["tags"]["tags"]:
        required(tag, "key", "value")


@pytest.mark.parametrize(
    ("run", "end"), [(PUBLISHED, "COMPLETE"), (REFUSED, "FAIL"), (WAITING, "ABORT")]
)
def test_a_run_has_one_start_and_one_end_as_the_specification_wants(run: Run, end: str) -> None:
    begun, ended = events(PIPELINE, run)
    check(begun)
    check(ended)
    assert (begun["eventType"], ended["eventType"]) == ("START", end)
    assert begun["run"]["runId"] == ended["run"]["runId"]
    assert begun["eventTime"] == "2025-04-05T12:00:00+00:00"


def test_inputs_are_the_files_and_outputs_the_tables() -> None:
    ended = events(PIPELINE, PUBLISHED)[1]
    (file,), (table,) = ended["inputs"], ended["outputs"]
    assert (file["namespace"], file["name"]) == ("file", "in/1_squad.txt")
    assert file["facets"]["version"]["datasetVersion"] == "ab" * 32
    assert table["name"] == "activity.curated_events"
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert "event_id" in [f["name"] for f in table["facets"]["schema"]["fields"]]
    seen = table["facets"]["dataQualityAssertions"]["assertions"]
    assert [(a["assertion"], a["success"], a["severity"]) for a in seen] == [
        ("row count", True, "error"),
        ("unique event_id", False, "warn"),
    ]


def test_a_refused_run_wrote_nothing_and_says_why() -> None:
    ended = events(PIPELINE, REFUSED)[1]
    assert "outputFacets" not in ended["outputs"][0]
    assert ended["run"]["facets"]["errorMessage"]["message"] == REFUSED.message


def test_the_same_run_has_the_same_id_in_every_event_and_another_run_another() -> None:
    other = Run("another", "activity", "ingestion_date=2025-04-05", "failed", PUBLISHED.started_at)
    ids = [e["run"]["runId"] for r in (PUBLISHED, REFUSED, other) for e in events(PIPELINE, r)]
    assert len(set(ids)) == 2


def test_events_are_appended_to_the_file_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "made" / "openlineage.ndjson"
    for run in (PUBLISHED, REFUSED):
        LineageFile(file)(PIPELINE, run)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [e["eventType"] for e in lines] == ["START", "COMPLETE", "START", "FAIL"]
