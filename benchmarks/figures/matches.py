"""Match events over HTTP: posted one at a time and in bulk, asked for, followed."""

import statistics

import inputs
from brokers import broker
from clients import posted, quantile, served, waits_ms
from load import Load, asking, batches, fastapi, ours, posting
from table import Row

FIGURE = "matches: events over HTTP, keys, limits and validation on"
MATCHES, EVENTS = [f"m{n}" for n in range(200)], 2000
KAFKA_EVENTS = 1000
ROUNDS, SECONDS = 3, 8


def rows() -> list[Row]:
    """Single posts beside the yardstick; batches; pages; what subscribers wait for; Kafka."""
    return [*_posts(), *_batches_and_pages(), *_streams(), *_through_kafka()]


def _posts() -> list[Row]:
    """In turn, each round on servers of their own."""
    mine, others = list[Load](), list[Load]()
    for n in range(ROUNDS):
        with ours(inputs.folder(f"ours{n}")) as server:
            mine.append(posting(server, f"r{n}", seconds=SECONDS))
        with fastapi(inputs.folder(f"fastapi{n}")) as server:
            others.append(posting(server, f"r{n}", seconds=SECONDS))
    ratio = statistics.median(a.per_s / b.per_s for a, b in zip(mine, others, strict=True))
    return [
        _row(
            "durable POST /events a second, 32 connections",
            _mid(mine, "per_s"),
            "/s",
            at_least=7000,
            load=mine,
        ),
        _row("the same, p99", _mid(mine, "p99_ms"), " ms", at_most=25, load=mine),
        _row("FastAPI and pydantic, shared commits", _mid(others, "per_s"), "/s", load=others),
        _row("the same, p99", _mid(others, "p99_ms"), " ms", load=others),
        _row("ours over theirs", ratio, "x", at_least=1.5),
    ]


def _batches_and_pages() -> list[Row]:
    with ours(inputs.folder("stored")) as server:
        bodies = list(batches(MATCHES, EVENTS, of=10_000))
        before = server.cpu_s
        took = posted(server, bodies, connections=2)
        spent = server.cpu_s - before
        rest = served(server, MATCHES, EVENTS)
        count = len(MATCHES) * EVENTS
        asked = asking(server, connections=4, seconds=SECONDS)
    return [
        Row(
            FIGURE,
            "POST /events/batch of 10,000: durable events a second",
            count / took,
            "/s",
            at_least=60_000,
            cpu_s=spent,
            wall_s=took,
        ),
        Row(FIGURE, "until all 400,000 are served, too", took + rest, " s"),
        _row(
            "GET a page of 100, 400,000 stored, 4 connections: p99",
            asked.p99_ms,
            " ms",
            at_most=5,
            load=[asked],
        ),
        _row("such pages a second", asked.per_s, "/s", load=[asked]),
    ]


def _streams() -> list[Row]:
    with ours(inputs.folder("followed")) as server:
        waits = waits_ms(server, subscribers=200, posts=200, every_s=0.05)
    what = "POST to each of 200 subscribers of its match, 20 a second:"
    return [
        Row(FIGURE, f"{what} p50", quantile(waits, 0.5), " ms", at_most=20),
        Row(FIGURE, "the same, p99", quantile(waits, 0.99), " ms", at_most=60),
    ]


def _through_kafka() -> list[Row]:
    """Batches into a broker of its own, read on from there into the SQLite store."""
    count, bodies = len(MATCHES) * KAFKA_EVENTS, list(batches(MATCHES, KAFKA_EVENTS, of=5000))
    with broker(inputs.folder("broker")) as there, ours(inputs.folder("kafka"), there) as server:
        before = server.all_cpu_s
        took = posted(server, bodies, connections=2)
        rest = served(server, MATCHES, KAFKA_EVENTS)
        spent = server.all_cpu_s - before
    what = "batches through Kafka into the SQLite store:"
    return [
        Row(
            FIGURE,
            f"{what} events a second, from the first post until all are served",
            count / (took + rest),
            "/s",
            at_least=15_000,
            cpu_s=spent,
            wall_s=took + rest,
        ),
        Row(FIGURE, "the same, CPU of server and reader an event", spent / count * 1e6, " µs"),
    ]


def _mid(loads: list[Load], name: str) -> float:
    return statistics.median(getattr(load, name) for load in loads)


def _row(
    what: str,
    measured: float,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    load: list[Load] | None = None,
) -> Row:
    """With the CPU that the server took in the round in the middle."""
    cpu = _mid(load, "cpu_s") if load else None
    wall = load[0].wall_s if load else None
    return Row(
        FIGURE, what, measured, unit, at_most=at_most, at_least=at_least, cpu_s=cpu, wall_s=wall
    )
