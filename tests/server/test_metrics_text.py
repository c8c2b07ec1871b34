"""/metrics as Prometheus reads it."""

from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sick_world import Sick

from touchline.config import Config
from touchline.core.health import STATES
from touchline.server import metrics
from touchline.wiring import Touchline

Figures = Mapping[tuple[str, ...], float]


def figures(text: str) -> Figures:
    """(name, label values in the order of labels' names) -> value."""
    return {
        (s.name, *(v for _, v in sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


@pytest.fixture(scope="module")
def found(sick: Sick) -> Figures:
    return figures(metrics.text(sick.here))


def test_runs_are_counted_by_pipeline_and_end(found: Figures, sick: Sick) -> None:
    assert found["touchline_runs_total", "activity", "refused"] == 1
    assert found["touchline_runs_total", "activity", "failed"] == 1
    assert found["touchline_runs_total", "activity", "published"] == 5
    assert found["touchline_runs_total", "tracking", "waiting"] == 1
    assert found["touchline_run_seconds_count", "activity", "published"] == 5
    spent = sick.here.ledger.totals()["activity", "published"].seconds
    assert found["touchline_run_seconds_sum", "activity", "published"] == pytest.approx(spent)


def test_rows_partitions_and_rejected_rows_are_those_that_are_current(found: Figures) -> None:
    assert found["touchline_rows", "activity.curated_events"] == 300 + 299 + 300 + 300
    assert found["touchline_partitions", "activity.curated_events"] == 4
    assert found["touchline_rejected_rows", "activity.curated_events"] == 3
    assert found["touchline_partitions", "tracking.player_metrics"] == 1
    assert found["touchline_rows", "tracking.matches"] == 1


def test_states_incidents_freshness_and_the_queue_are_told(found: Figures, sick: Sick) -> None:
    told = {s: found["touchline_partitions_state", "activity", s] for s in STATES}
    assert told == {**dict.fromkeys(STATES, 0), "fresh": 3, "stale": 1, "refused": 1, "failed": 1}
    assert found["touchline_partitions_state", "tracking", "waiting"] == 1
    assert found["touchline_incidents_open", "activity"] == 3
    assert found["touchline_incidents_open", "tracking"] == 1
    assert found["touchline_outbox_waiting", "mail"] == 1
    newest = sick.here.ledger.sizes()["activity.curated_events"].published_at.timestamp()
    assert found["touchline_last_publish_timestamp_seconds", "activity"] == pytest.approx(newest)


def test_every_figure_has_a_help_text_and_no_label_names_a_partition(sick: Sick) -> None:
    families = list(text_string_to_metric_families(metrics.text(sick.here)))
    assert all(f.documentation.endswith(".") for f in families)
    labels = {name for f in families for s in f.samples for name in s.labels}
    assert labels == {"pipeline", "status", "state", "table", "target"}


def test_before_anything_has_happened_there_are_figures_too(tmp_path: object) -> None:
    found = figures(metrics.text(Touchline(Config(folder=str(tmp_path)))))
    assert found["touchline_rows", "activity.curated_events"] == 0
    assert not any(name.startswith("touchline_last_publish") for name, *_ in found)
