"""/metrics: what the ledger knows, as figures for Prometheus; they survive a restart."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from touchline.core import health
from touchline.core.pipeline import Pipeline, rejected_contract
from touchline.core.ports import Size
from touchline.wiring import Touchline

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(here: Touchline) -> str:
    """All figures in Prometheus's text format, as things stand now."""
    registry = CollectorRegistry()
    registry.register(_Figures(here))
    return generate_latest(registry).decode()


class _Figures:
    """The figures, read when they are asked for."""

    def __init__(self, here: Touchline) -> None:
        self._here = here

    def describe(self) -> list[Metric]:
        """Nothing before they are asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every figure."""
        pipelines = list(self._here.pipelines.values())
        sizes = self._here.ledger.sizes()
        yield from _of_runs(self._here)
        yield from _of_tables(pipelines, sizes)
        yield _published(pipelines, sizes)
        yield _states(self._here, pipelines)
        yield from _of_notes(self._here)
        yield from _of_stream(self._here)


def _of_runs(here: Touchline) -> Iterator[Metric]:
    labels = ["pipeline", "status"]
    runs = CounterMetricFamily("touchline_runs", "Runs that ended, by how they did.", labels=labels)
    seconds = SummaryMetricFamily(
        "touchline_run_seconds",
        "For how long partitions were worked on, by runs that ended.",
        labels=labels,
    )
    for (pipeline, status), total in sorted(here.ledger.totals().items()):
        runs.add_metric([pipeline, status], total.runs)
        seconds.add_metric([pipeline, status], total.runs, total.seconds)
    yield from (runs, seconds)


def _of_tables(pipelines: list[Pipeline], sizes: Mapping[str, Size]) -> Iterator[Metric]:
    rows = GaugeMetricFamily("touchline_rows", "Rows that are current, by table.", labels=["table"])
    partitions = GaugeMetricFamily(
        "touchline_partitions",
        "Partitions that are published, by table: matches of tracking, days of activity.",
        labels=["table"],
    )
    rejected = GaugeMetricFamily(
        "touchline_rejected_rows",
        "Rows that lie in quarantine, by the table that they were not let into.",
        labels=["table"],
    )
    for step in (s for p in pipelines for s in p.steps):
        of, aside = sizes.get(step.table), sizes.get(rejected_contract(step.makes).table)
        rows.add_metric([step.table], of.rows if of else 0)
        partitions.add_metric([step.table], of.partitions if of else 0)
        rejected.add_metric([step.table], aside.rows if aside else 0)
    yield from (rows, partitions, rejected)


def _published(pipelines: list[Pipeline], sizes: Mapping[str, Size]) -> Metric:
    newest = GaugeMetricFamily(
        "touchline_last_publish_timestamp_seconds",
        "When anything of the pipeline was last published, in seconds since 1970.",
        labels=["pipeline"],
    )
    for pipeline in pipelines:
        instants = [sizes[s.table].published_at for s in pipeline.steps if s.table in sizes]
        if instants:
            newest.add_metric([pipeline.name], max(instants).timestamp())
    return newest


def _states(here: Touchline, pipelines: list[Pipeline]) -> Metric:
    found = GaugeMetricFamily(
        "touchline_partitions_state",
        "Partitions that have arrived, by how they stand.",
        labels=["pipeline", "state"],
    )
    for pipeline in pipelines:
        counts = Counter(s.state for s in health.states(pipeline, here.ledger))
        for state in health.STATES:
            found.add_metric([pipeline.name, state], counts[state])
    return found


def _of_stream(here: Touchline) -> Iterator[Metric]:
    lag, now = here.lag, datetime.now(UTC)
    yield GaugeMetricFamily(
        "touchline_log_lag_records", "Events that were posted and are not served yet.", lag.records
    )
    yield GaugeMetricFamily(
        "touchline_log_oldest_unread_seconds",
        "For how long the oldest of them waits.",
        max((now - lag.oldest_at).total_seconds(), 0.0) if lag.oldest_at else 0.0,
    )


def _of_notes(here: Touchline) -> Iterator[Metric]:
    incidents = GaugeMetricFamily(
        "touchline_incidents_open", "Incidents that are not closed.", labels=["pipeline"]
    )
    opened = Counter(i.pipeline for i in here.ledger.notes.incidents())
    for pipeline in sorted({*here.pipelines, *opened}):
        incidents.add_metric([pipeline], opened[pipeline])
    outbox = GaugeMetricFamily(
        "touchline_outbox_waiting", "Alerts that wait to be sent, by target.", labels=["target"]
    )
    for target, waiting in sorted(Counter(d.target for d in here.ledger.notes.outbox()).items()):
        outbox.add_metric([target], waiting)
    yield from (incidents, outbox)
