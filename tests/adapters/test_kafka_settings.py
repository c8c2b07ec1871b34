"""What the configuration says of Kafka, as its library takes it."""

import sys
from pathlib import Path
from typing import Any

import pytest

from touchline import adapters, config, wiring
from touchline.adapters.kafka import KafkaLog
from touchline.adapters.sqlite import SqliteLog
from touchline.errors import ConfigError
from touchline.wiring import Touchline


def log(folder: Path, said: str) -> Any:
    """The log that the configuration stands for, without what bronze has of it."""
    file = folder / "touchline.toml"
    file.write_text(f"[stores.log]\n{said}\n")
    return Touchline(config.load(file)).log.log


def settings(folder: Path, security: str) -> dict[str, Any]:
    """What the library is told of who we are."""
    found = log(folder, f'kind = "kafka"\nbootstrap = "b1:9094,b2:9094"\nsecurity = {security}')
    assert isinstance(found, KafkaLog)
    return dict(found.cluster.security())


def test_without_a_word_the_log_is_a_file(tmp_path: Path) -> None:
    found: Any = Touchline(config.Config(folder=str(tmp_path))).log.log
    assert isinstance(found, SqliteLog)
    found.close()
    assert found.path == (tmp_path / "data" / "log.db").resolve()


def test_that_file_can_be_elsewhere(tmp_path: Path) -> None:
    found = log(tmp_path, 'kind = "sqlite"\npath = "live/log.db"')
    found.close()
    assert found.path == (tmp_path / "live" / "log.db").resolve()


def test_a_cluster_is_what_the_file_says(tmp_path: Path) -> None:
    found = log(
        tmp_path,
        'kind = "kafka"\nbootstrap = "b1:9092"\nprefix = "club."\nreplication = 2\n'
        "min_insync = 1\nretention_days = 3.5\ntimeout_s = 5",
    ).cluster
    assert (found.bootstrap, found.topic("events")) == ("b1:9092", "club.events")
    assert (found.replication, found.min_insync) == (2, 1)
    assert (found.retention_days, found.timeout_s) == (3.5, 5)
    assert found.security() == {"security.protocol": "plaintext"}


def test_certificates_lie_beside_the_file_that_names_them(tmp_path: Path) -> None:
    found = settings(tmp_path, '{ kind = "tls", ca = "ca.pem", cert = "me.pem", key = "me.key" }')
    assert found == {
        "security.protocol": "ssl",
        "ssl.ca.location": str(tmp_path.resolve() / "ca.pem"),
        "ssl.certificate.location": str(tmp_path.resolve() / "me.pem"),
        "ssl.key.location": str(tmp_path.resolve() / "me.key"),
    }
    assert settings(tmp_path, '{ kind = "tls" }') == {"security.protocol": "ssl"}


def test_a_name_and_a_password_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_USERNAME", "club")
    monkeypatch.setenv("CLUB_PASSWORD", "s3cret")
    said = '{ kind = "sasl_tls", password = { env = "CLUB_PASSWORD" }, mechanism = "PLAIN" }'
    assert settings(tmp_path, said) == {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "club",
        "sasl.password": "s3cret",
    }


def test_a_password_that_is_not_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_USERNAME", "club")
    monkeypatch.delenv("KAFKA_PASSWORD", raising=False)
    found = log(tmp_path, 'kind = "kafka"\nsecurity = { kind = "sasl_tls" }')
    with pytest.raises(ConfigError, match="KAFKA_PASSWORD"):
        found.prepare(["events"])
    with pytest.raises(ConfigError, match="KAFKA_PASSWORD"):
        found.append("events", [("m1", b"")]).result(30)


def test_a_role_in_aws_needs_a_region_and_a_signer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aws_msk_iam_sasl_signer", None)
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, '{ kind = "msk_iam", region = "eu-central-1" }')
    assert "touchline[msk]" in caught.value.hint
    with pytest.raises(ConfigError, match="b1:9094"):
        settings(tmp_path, '{ kind = "msk_iam" }')


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('kind = "pulsar"', "log.kind: Invalid value 'pulsar', expected sqlite or kafka"),
        ('kind = "kafka"\nbootstrap = ""', "log.bootstrap"),
        ('kind = "kafka"\nprefix = "a b"', "Expected up to 100 letters, digits and . _ -"),
        ('kind = "kafka"\nsecurity = { kind = "none" }', "expected plaintext or tls or sasl_tls"),
        (
            'kind = "kafka"\nsecurity = { kind = "sasl_tls", mechanism = "MD5" }',
            "security.mechanism: Invalid enum value 'MD5', expected PLAIN or SCRAM-SHA-256",
        ),
        ('kind = "kafka"\nsecurity = { kind = "sasl_tls", password = "open sesame" }', "password"),
    ],
)
def test_a_wrong_word_is_told_its_place(tmp_path: Path, said: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        log(tmp_path, said)
    assert told in str(caught.value)
    assert "$.stores.log" in str(caught.value)
    assert "open sesame" not in str(caught.value)


def test_without_its_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        n
        for n in sys.modules
        if n.startswith(("touchline.adapters.kafka", "touchline.wiring.kafka"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.delattr(adapters, "kafka")
    monkeypatch.delattr(wiring, "kafka", raising=False)
    with pytest.raises(ConfigError) as caught:
        log(tmp_path, 'kind = "kafka"')
    assert "touchline[kafka]" in caught.value.hint
