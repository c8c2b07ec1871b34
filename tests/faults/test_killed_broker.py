"""kill -9 of a Kafka broker: whatever was told to be durable is there, once, in order of its key."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace

import kafka_broker
import pytest
from kafka_broker import Broker
from silent_line import line

from touchline.adapters.kafka import Cluster, KafkaLog
from touchline.core.ports import Record
from touchline.errors import TransientError

AT_ONCE = 500
KEYS = [f"match-{n}" for n in range(6)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of our own, which may be killed."""
    with kafka_broker.own(tmp_path_factory.mktemp("kafka") / "broker") as found:
        yield found


def cluster(broker: Broker, *, timeout_s: float) -> Cluster:
    return Cluster(broker.bootstrap, replication=1, min_insync=1, timeout_s=timeout_s)


def appending(log: KafkaLog, key: str, told: list[bytes], ended: threading.Event) -> None:
    """Many records are on their way at any time; those that are durable are told in order."""
    waiting: deque[tuple[bytes, Future[object]]] = deque()
    for n in range(10_000_000):
        value = f"{n}".encode()
        waiting.append((value, log.append("events", [(key, value)])))
        while waiting and (len(waiting) > AT_ONCE or ended.is_set()):
            before, done = waiting.popleft()
            done.result(120)
            told.append(before)
        if ended.is_set():
            return


def everything(log: KafkaLog, topic: str = "events") -> list[Record]:
    found, at = list[Record](), dict(log.start(topic))
    while records := log.read(topic, at, timeout_s=0):
        found += records
        at |= {record.lane: record.offset + 1 for record in records}
    return found


def grows(told: Mapping[str, list[bytes]]) -> None:
    """Wait until every key has some records more."""
    before = {key: len(values) for key, values in told.items()}
    deadline = time.monotonic() + 90
    while any(len(told[key]) < before[key] + 2 * AT_ONCE for key in told):
        assert time.monotonic() < deadline, "no more is acknowledged"
        time.sleep(0.02)


def test_two_kills_under_load_lose_and_repeat_no_record(broker: Broker) -> None:
    told: dict[str, list[bytes]] = {key: [] for key in KEYS}
    ended = threading.Event()
    with closing(KafkaLog(cluster(broker, timeout_s=90))) as log:
        log.prepare(["events"], lanes=3)
        threads = [
            threading.Thread(target=appending, args=(log, key, told[key], ended)) for key in KEYS
        ]
        for thread in threads:
            thread.start()
        for _ in range(2):
            grows(told)
            broker.kill()
            broker.start()
        grows(told)
        ended.set()
        for thread in threads:
            thread.join()
        found = everything(log)
    for key in KEYS:
        mine = [record.value for record in found if record.key == key]
        assert len(mine) == len(told[key])
        assert mine == told[key]


def test_without_its_broker_a_log_fails_in_time_and_goes_on_with_it(broker: Broker) -> None:
    with closing(KafkaLog(cluster(broker, timeout_s=30))) as log:
        log.prepare(["later"])
        log.append("later", [("m1", b"before")]).result(60)
    with closing(KafkaLog(cluster(broker, timeout_s=1.5))) as log:
        start = log.start("later")
        broker.kill()
        try:
            waiting = log.append("later", [("m1", b"lost")])
            with pytest.raises(TransientError, match="later"):
                waiting.result(60)
            for ask in (
                lambda: log.read("later", {0: 1}, timeout_s=0),
                lambda: log.lag("later", start),
                lambda: log.prepare(["more"]),
            ):
                with pytest.raises(TransientError, match=broker.bootstrap):
                    ask()
        finally:
            broker.start()
        for _ in range(20):
            try:
                log.append("later", [("m1", b"after")]).result(60)
                break
            except TransientError:
                continue
        found = [record.value for record in everything(log, "later")]
        assert found[0] == b"before"
        assert found[-1] == b"after"


def test_records_whose_acknowledgement_is_lost_are_sent_again_and_there_once(
    broker: Broker,
) -> None:
    there = f"127.0.0.1:{broker.ports['LINE']}"
    set_ = replace(cluster(broker, timeout_s=60), bootstrap=there)
    with line(*broker.line) as found, closing(KafkaLog(set_)) as log:
        log.prepare(["lossy"])
        every = [f"{n}".encode() for n in range(600)]
        log.append("lossy", [("m1", every[0])]).result(60)
        for first in range(1, 600, 100):
            found.is_silent = True
            waiting = [log.append("lossy", [("m1", v)]) for v in every[first : first + 100]]
            time.sleep(0.2)
            assert not any(each.done() for each in waiting)
            found.cut()
            for each in waiting:
                each.result(60)
        assert [record.value for record in everything(log, "lossy")] == every


SHARE = """
import sys, time
from touchline.adapters.kafka import Cluster, KafkaLog

with KafkaLog(Cluster(sys.argv[1])).share("shared", "readers") as share:
    while share() != {0, 1}:
        time.sleep(0.05)
    print("both", flush=True)
    time.sleep(600)
"""


@pytest.mark.soak
def test_the_lanes_of_a_reader_that_was_killed_are_anothers(broker: Broker) -> None:
    with closing(KafkaLog(cluster(broker, timeout_s=30))) as log:
        log.prepare(["shared"], lanes=2)
        words = [sys.executable, "-c", SHARE, broker.bootstrap]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "both\n"
            process.kill()
        with log.share("shared", "readers") as share:
            deadline = time.monotonic() + 90
            while share() != {0, 1}:
                assert time.monotonic() < deadline, "nobody took the lanes over"
                time.sleep(0.05)
