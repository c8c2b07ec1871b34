"""The line of a run that ended, as CloudWatch's embedded metric format wants it."""

import json
from pathlib import Path

import pytest
from run_told import PUBLISHED, REFUSED, WAITING

from touchline.adapters.cloudwatch import EmbeddedMetrics, event
from touchline.config import Config
from touchline.core.ports import Run
from touchline.wiring import activity

PIPELINE = activity(Config())


@pytest.mark.parametrize("run", [PUBLISHED, REFUSED, WAITING], ids=lambda r: r.status)
def test_every_metric_and_dimension_that_is_named_is_there(run: Run) -> None:
    told = event(run, "Touchline")
    assert isinstance(told["_aws"]["Timestamp"], int)
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Namespace"] == "Touchline"
    assert directive["Dimensions"] == [["pipeline"], ["pipeline", "status"]]
    for name in (n for names in directive["Dimensions"] for n in names):
        assert isinstance(told[name], str)
    for metric in directive["Metrics"]:
        assert metric["Unit"] in {"Count", "Seconds"}
        assert isinstance(told[metric["Name"]], int | float)


def test_the_figures_are_those_of_the_run() -> None:
    told = event(PUBLISHED, "Touchline")
    assert (told["Rows"], told["Rejected"], told["Seconds"], told["Failures"]) == (3, 1, 0.4, 0)
    assert told["_aws"]["Timestamp"] == 1743854401500
    assert event(REFUSED, "Touchline")["Failures"] == 1
    assert event(WAITING, "Touchline")["Failures"] == 0


def test_without_a_file_the_line_is_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    EmbeddedMetrics("Touchline")(PIPELINE, PUBLISHED)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert json.loads(said.err)["status"] == "published"


def test_with_a_file_the_line_is_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "emf.ndjson"
    file.write_text("{}\n")
    EmbeddedMetrics("Touchline", file)(PIPELINE, PUBLISHED)
    assert [*map(json.loads, file.read_text().splitlines())][1]["run_id"] == PUBLISHED.run_id
