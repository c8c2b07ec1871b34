"""What only Kafka has: several lanes, groups of processes, and who may connect; on a real broker."""

import base64
import json
import sys
import threading
import time
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka_broker import PASSWORD, USER, Broker, Shared

from touchline.adapters.kafka import Cluster, KafkaLog, Security, msk_iam, sasl_tls, tls
from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, Lag, Record, ServingStore, Share, Version, View
from touchline.core.stream import Stream, catch_up, lag, read_on, replay
from touchline.errors import ConfigError, TransientError

NAMES = [f"match-{n}" for n in range(20)]
SEEN = View("seen")


def seen(records: Sequence[Record], _: ServingStore) -> Mapping[View, Sequence[Version]]:
    """Each record is a row of its key."""
    return {
        SEEN: [
            Version(r.key, f"{r.value!r}", f"{r.value!r}", (), b"", r.offset, 0) for r in records
        ]
    }


WORDS = Stream("events", (SEEN,), seen)
NOBODY = "127.0.0.1:1"


@pytest.fixture
def broker(kafka: Shared) -> Broker:
    return kafka.broker()


@pytest.fixture
def cluster(broker: Broker) -> Cluster:
    """A part of the broker's topics that nobody else uses."""
    prefix = f"{uuid.uuid4().hex[:8]}."
    return Cluster(broker.bootstrap, prefix, replication=1, min_insync=1, timeout_s=20)


@pytest.fixture
def log(cluster: Cluster) -> Iterator[KafkaLog]:
    """A log with a topic of four lanes."""
    with closing(KafkaLog(cluster)) as found:
        found.prepare(["events"], lanes=4)
        yield found


def appended(log: KafkaLog, each: int = 3) -> Mapping[int, int]:
    """So many records of each name are durable; how many are in each lane."""
    records = [(name, f"{n}".encode()) for n in range(each) for name in NAMES]
    placed = log.append("events", records).result(30)
    return {lane: sum(at == lane for at, _ in placed) for lane in range(4)}


def everything(
    log: KafkaLog, position: Mapping[int, int], lanes: Set[int] | None = None
) -> list[Record]:
    """All records from there on, piece by piece."""
    found, at = list[Record](), dict(position)
    while records := log.read("events", at, limit=7, timeout_s=0, lanes=lanes):
        found += records
        at |= {record.lane: record.offset + 1 for record in records}
    return found


# --- lanes --------------------------------------------------------------------------------------


def test_a_key_is_in_one_lane_and_in_order_there(log: KafkaLog) -> None:
    counts = appended(log)
    assert all(counts.values())
    found = everything(log, log.start("events"))
    assert len(found) == 60
    for name in NAMES:
        mine = [record for record in found if record.key == name]
        assert [record.value for record in mine] == [b"0", b"1", b"2"]
        assert len({record.lane for record in mine}) == 1


def test_a_reader_of_some_lanes_gets_their_records_only(log: KafkaLog) -> None:
    counts = appended(log)
    assert log.start("events") == dict.fromkeys(range(4), 0)
    found = everything(log, {3: 1}, {1, 3})
    assert {record.lane for record in found} == {1, 3}
    assert len(found) == counts[1] + counts[3] - 1
    assert len(everything(log, {3: 1})) == log.lag("events", {3: 1}).records == 59


def test_lag_is_of_all_lanes_and_since_the_oldest_of_their_records(log: KafkaLog) -> None:
    appended(log, 1)
    time.sleep(0.05)
    appended(log, 1)
    found = everything(log, log.start("events"))
    assert log.lag("events", log.start("events")) == Lag(40, min(r.at for r in found))
    half = dict(log.end("events"))
    newest = found[-1]
    half[newest.lane] = newest.offset
    assert log.lag("events", half) == Lag(1, newest.at)


def test_a_time_is_a_position_in_every_lane(log: KafkaLog) -> None:
    appended(log, 1)
    time.sleep(0.05)
    between = datetime.now(UTC)
    time.sleep(0.05)
    log.append("events", [(NAMES[0], b"later")]).result(30)
    found = everything(log, log.start("events", between))
    assert [record.value for record in found] == [b"later"]


def test_a_topic_that_was_deleted_and_made_anew_is_another_log_and_so_is_any_other(
    cluster: Cluster, log: KafkaLog
) -> None:
    appended(log)
    log.prepare(["others"])
    first = log.identity("events")
    assert first not in (0, log.identity("others"))
    store = MemoryServing()
    catch_up(WORDS, log, store)
    topic = cluster.topic("events")
    client = AdminClient({"bootstrap.servers": cluster.bootstrap})
    client.delete_topics([topic])[topic].result(30)
    with closing(KafkaLog(cluster)) as anew:
        remade(anew)
        assert anew.identity("events") != first
        appended(anew, each=9)
        with pytest.raises(ConfigError, match="made of another log"):
            read_on(WORDS, anew, store, timeout_s=0)
        assert lag(WORDS, anew, store).records == 180
        replay(WORDS, anew, store)
        assert len(store.rows(SEEN, "match-0", Asked())) == 9


def remade(log: KafkaLog) -> None:
    """The topic is there again: brokers take a moment to forget one that was deleted."""
    deadline = time.monotonic() + 60
    while True:
        try:
            log.prepare(["events"], lanes=4)
            log.append("events", []).result(30)
            assert log.end("events") == dict.fromkeys(range(4), 0)
        except (AssertionError, ConfigError, TransientError):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def test_a_topic_that_is_not_there_has_no_id(log: KafkaLog) -> None:
    with pytest.raises(ConfigError, match="nothing"):
        log.identity("nothing")


def test_many_read_one_topic_at_once_each_from_a_place_of_his_own(log: KafkaLog) -> None:
    appended(log, 5)
    start, found = log.start("events"), dict[int, list[Record]]()

    def work(who: int) -> None:
        found[who] = everything(log, {**start, who % 4: 1})

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(found[who]) for who in range(8)] == [99] * 8


def test_more_than_one_fetch_holds_is_read_in_pieces(log: KafkaLog) -> None:
    value = bytes(50_000)
    log.append("events", [("m1", value)] * 200).result(60)
    assert [len(r.value) for r in everything(log, log.start("events"))] == [50_000] * 200


def test_a_key_without_text_and_a_record_without_value_are_read(
    log: KafkaLog, cluster: Cluster
) -> None:
    foreign = Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    foreign.produce(cluster.topic("events"), b"", b"\xff\x00", 0)
    foreign.produce(cluster.topic("events"), None, None, 0)
    assert foreign.flush(20) == 0
    found = everything(log, {0: 0})
    assert [(r.key, r.value) for r in found] == [("\\xff\x00", b""), ("", b"")]


def test_what_other_producers_called_off_is_not_read_and_not_waited_for(
    log: KafkaLog, cluster: Cluster
) -> None:
    set_ = {"bootstrap.servers": cluster.bootstrap, "transactional.id": cluster.prefix}
    foreign = Producer({**set_, "log_level": 0})
    foreign.init_transactions(30)
    foreign.begin_transaction()
    foreign.produce(cluster.topic("events"), b"never", b"m1", 0)
    foreign.flush(20)
    foreign.abort_transaction(30)
    assert everything(log, {0: 0}) == []


# --- topics -------------------------------------------------------------------------------------


def test_no_topic_is_made_by_using_it(cluster: Cluster) -> None:
    with closing(KafkaLog(replace(cluster, timeout_s=4))) as log:
        for use in (
            lambda: log.append("typo", [("m1", b"")]).result(30),
            lambda: log.read("typo", {0: 0}, timeout_s=0),
            lambda: log.start("typo"),
        ):
            with pytest.raises(ConfigError, match="typo") as caught:
                use()
            assert "touchline up" in caught.value.hint
    client = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    assert cluster.topic("typo") not in client.list_topics(timeout=20).topics


def test_topics_are_made_as_the_settings_say(cluster: Cluster) -> None:
    with closing(KafkaLog(replace(cluster, retention_days=2))) as log:
        log.prepare(["short"], lanes=2)
        assert log.end("short") == {0: 0, 1: 0}
    client = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    asked = ConfigResource(ResourceType.TOPIC, cluster.topic("short"))
    found: Any = client.describe_configs([asked])[asked].result(20)
    assert found["retention.ms"].value == str(2 * 86_400_000)
    assert found["min.insync.replicas"].value == "1"
    assert found["message.timestamp.type"].value == "LogAppendTime"


def test_more_replicas_than_brokers_are_refused_with_the_key(cluster: Cluster) -> None:
    with closing(KafkaLog(replace(cluster, replication=3))) as log:
        with pytest.raises(ConfigError) as caught:
            log.prepare(["events"])
        assert "stores.log.replication" in caught.value.hint


def test_a_record_larger_than_the_cluster_takes_is_refused(log: KafkaLog) -> None:
    with pytest.raises(ConfigError, match="events"):
        log.append("events", [("m1", bytes(2_000_000))]).result(30)
    log.append("events", [("m1", b"fits")]).result(30)


# --- groups -------------------------------------------------------------------------------------


def shared(shares: list[Share], sizes: list[int]) -> list[frozenset[int]]:
    """Wait until the lanes are shared out so."""
    deadline = time.monotonic() + 60
    while True:
        held = [frozenset(share()) for share in shares]
        whole = sorted(lane for lanes in held for lane in lanes) == list(range(4))
        if whole and sorted(map(len, held)) == sizes:
            return held
        assert time.monotonic() < deadline, held
        time.sleep(0.05)


def test_readers_share_the_lanes_and_who_leaves_leaves_them_to_the_others(
    log: KafkaLog, cluster: Cluster
) -> None:
    appended(log)
    with log.share("events", "readers") as first:
        shared([first], [4])
        with closing(KafkaLog(cluster)) as other, other.share("events", "readers") as second:
            lanes = shared([first, second], [2, 2])
            found = [everything(log, {}, lanes[0]), everything(other, {}, lanes[1])]
            assert sum(map(len, found)) == 60
            assert not {r.key for r in found[0]} & {r.key for r in found[1]}
        shared([first], [4])


# --- who connects -------------------------------------------------------------------------------


def certified(broker: Broker) -> Security:
    own = broker.certificates
    return tls(str(own.authority), cert=str(own.client), key=str(own.client_key))


def named(broker: Broker, *, password: str = PASSWORD, mechanism: str = "PLAIN") -> Security:
    ca = str(broker.certificates.authority)
    return sasl_tls(mechanism, lambda: USER, lambda: password, ca=ca)


def works(cluster: Cluster) -> None:
    """A record goes there and comes back, and a group takes this process."""
    with closing(KafkaLog(cluster)) as log:
        log.prepare(["events"])
        log.append("events", [("m1", b"goal")]).result(30)
        assert [r.value for r in log.read("events", log.start("events"))] == [b"goal"]
        with log.share("events", "readers") as share:
            deadline = time.monotonic() + 60
            while share() != {0} and time.monotonic() < deadline:
                time.sleep(0.05)
            assert share() == {0}


def test_a_name_and_a_password_over_tls(cluster: Cluster, broker: Broker) -> None:
    works(replace(cluster, bootstrap=broker.sasl, security=named(broker)))


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_name_and_a_password_that_never_travels(
    cluster: Cluster, broker: Broker, mechanism: str
) -> None:
    kind = ScramMechanism[mechanism.replace("-", "_")]
    client = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    new = UserScramCredentialUpsertion(USER, ScramCredentialInfo(kind, 4096), PASSWORD.encode())
    client.alter_user_scram_credentials([new])[USER].result(20)
    works(replace(cluster, bootstrap=broker.sasl, security=named(broker, mechanism=mechanism)))


def test_a_certificate_of_our_own(cluster: Cluster, broker: Broker) -> None:
    works(replace(cluster, bootstrap=broker.mutual, security=certified(broker)))


def refused(cluster: Cluster, log_topic: KafkaLog) -> None:
    """Everything that one does there is refused, with the key of the settings and without a secret."""
    short = replace(cluster, timeout_s=1.5)
    log_topic.prepare(["events"])
    with closing(KafkaLog(short)) as log:
        for use in (
            lambda: log.prepare(["events"]),
            lambda: log.append("events", [("m1", b"")]).result(30),
            lambda: log.read("events", {0: 0}, timeout_s=0),
        ):
            with pytest.raises(ConfigError) as caught:
                use()
            said = f"{caught.value} {caught.value.hint} {caught.value.facts} {short} {log!r}"
            assert "stores.log.security" in said
            assert "wrong-s3cret" not in said
            assert PASSWORD not in said


def test_a_wrong_password_is_refused_without_showing_it(
    log: KafkaLog, cluster: Cluster, broker: Broker
) -> None:
    wrong = named(broker, password="wrong-s3cret")
    refused(replace(cluster, bootstrap=broker.sasl, security=wrong), log)


def test_a_broker_that_nobody_vouches_for_is_refused(
    log: KafkaLog, cluster: Cluster, broker: Broker
) -> None:
    unknown = sasl_tls("PLAIN", lambda: USER, lambda: PASSWORD)
    refused(replace(cluster, bootstrap=broker.sasl, security=unknown), log)


def test_a_file_of_certificates_that_is_not_there_is_told(cluster: Cluster, tmp_path: Path) -> None:
    absent = tls(str(tmp_path / "none.pem"))
    with (
        closing(KafkaLog(replace(cluster, security=absent))) as log,
        pytest.raises(ConfigError, match=r"ssl\.ca\.location"),
    ):
        log.start("events")


# --- AWS ----------------------------------------------------------------------------------------


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A signer in the place of AWS's, whose tokens the broker takes; the regions it was asked for."""
    asked: list[str] = []

    def part(content: Mapping[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    def generate_auth_token(region: str) -> tuple[str, int]:
        asked.append(region)
        now = int(time.time())
        claims = {"sub": USER, "iat": now, "exp": now + 600}
        return f"{part({'alg': 'none'})}.{part(claims)}.", (now + 600) * 1000

    made: Any = types.ModuleType("aws_msk_iam_sasl_signer")
    made.MSKAuthTokenProvider = types.SimpleNamespace(generate_auth_token=generate_auth_token)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return asked


def test_a_token_of_this_machines_role_is_asked_for_and_taken(
    cluster: Cluster, broker: Broker, signer: list[str]
) -> None:
    ca = str(broker.certificates.authority)
    security = msk_iam(broker.sasl, "eu-central-1", ca=ca)
    works(replace(cluster, bootstrap=broker.sasl, security=security))
    assert set(signer) == {"eu-central-1"}


@pytest.mark.parametrize(
    ("brokers", "region"),
    [
        ("b-1.club.a1b2c3.c4.kafka.eu-west-1.amazonaws.com:9098", "eu-west-1"),
        ("boot-x.c1.kafka-serverless.us-east-2.amazonaws.com:9098", "us-east-2"),
    ],
)
def test_the_region_is_that_of_the_brokers_names(
    brokers: str, region: str, signer: list[str]
) -> None:
    settings = msk_iam(brokers)()
    assert settings["security.protocol"] == "sasl_ssl"
    assert settings["sasl.mechanism"] == "OAUTHBEARER"
    token, until = settings["oauth_cb"]("")
    assert set(signer) == {region}
    assert token
    assert time.time() < until < time.time() + 700


def test_a_machine_without_a_role_is_told_so_and_nothing_else(
    cluster: Cluster, broker: Broker, signer: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sys.modules["aws_msk_iam_sasl_signer"]
    security = msk_iam(broker.sasl, "eu-central-1", ca=str(broker.certificates.authority))
    working = replace(cluster, bootstrap=broker.sasl, security=security, timeout_s=1.5)

    def refuse(region: str) -> tuple[str, int]:
        raise ValueError(f"wrong-s3cret in {region}")

    asked = dict(security())
    monkeypatch.setattr(made.MSKAuthTokenProvider, "generate_auth_token", refuse)
    with closing(KafkaLog(working)) as log, pytest.raises(ConfigError) as caught:
        log.prepare(["events"])
    assert "role" in caught.value.hint
    assert "s3cret" not in str(caught.value)

    later = replace(working, security=lambda: asked)
    with closing(KafkaLog(later)) as log, pytest.raises(ConfigError) as caught:
        log.prepare(["events"])
    assert "stores.log.security" in caught.value.hint


def test_brokers_without_a_region_need_one() -> None:
    with pytest.raises(ConfigError) as caught:
        msk_iam("kafka.example.com:9098")
    assert "stores.log.security.region" in caught.value.hint


# --- nobody there -------------------------------------------------------------------------------


def test_without_a_broker_everything_says_to_try_again() -> None:
    with closing(KafkaLog(Cluster(NOBODY, timeout_s=1))) as log:
        for use in (
            lambda: log.prepare(["events"]),
            lambda: log.append("events", [("m1", b"")]).result(30),
            lambda: log.read("events", {0: 0}, timeout_s=0),
            lambda: log.end("events"),
        ):
            with pytest.raises(TransientError, match=NOBODY):
                use()


def test_a_producer_that_the_brokers_disowned_is_replaced(log: KafkaLog) -> None:
    log.append("events", [("m1", b"before")]).result(30)
    sender = log._appending._sender()
    sender.heard(KafkaError(KafkaError._FATAL, "disowned", fatal=True))
    log.append("events", [("m1", b"after")]).result(30)
    assert log._appending._sender() is not sender
    assert [r.value for r in everything(log, log.start("events"))] == [b"before", b"after"]


def test_a_log_that_nobody_used_connects_to_nothing() -> None:
    KafkaLog(Cluster(NOBODY)).close()


def test_reading_leaves_nothing_in_the_groups_of_the_cluster(
    log: KafkaLog, cluster: Cluster
) -> None:
    appended(log)
    everything(log, log.start("events"))
    client = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    groups: Any = client.list_consumer_groups().result()
    assert not [g.group_id for g in groups.valid if g.group_id.startswith(cluster.prefix)]
