"""The part of the file that says where Kafka is, and who asks there."""

from typing import Annotated, Literal

from msgspec import Meta

from touchline.config.section import Secret, Section

TOPICS = "^[a-zA-Z0-9._-]{0,100}$"


class Plaintext(Section, frozen=True, tag_field="kind", tag="plaintext"):
    """Brokers that ask nobody who it is, on a network of one's own."""


class Tls(Section, frozen=True, tag_field="kind", tag="tls"):
    """Brokers behind TLS, and perhaps a certificate of our own for them."""

    ca: str = ""
    cert: str = ""
    key: str = ""


class SaslTls(Section, frozen=True, tag_field="kind", tag="sasl_tls"):
    """Brokers that ask for a name and a password, over TLS."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: Secret = Secret("KAFKA_USERNAME")
    password: Secret = Secret("KAFKA_PASSWORD")
    ca: str = ""


class MskIam(Section, frozen=True, tag_field="kind", tag="msk_iam"):
    """Brokers of Amazon MSK that ask for the role this machine has."""

    region: str = ""


class KafkaLog(Section, frozen=True, tag_field="kind", tag="kafka"):
    """The log in topics of a Kafka cluster."""

    bootstrap: Annotated[str, Meta(min_length=1)] = "localhost:9092"
    prefix: Annotated[str, Meta(pattern=TOPICS)] = ""
    lanes: Annotated[int, Meta(ge=1, le=1000)] = 8
    replication: Annotated[int, Meta(ge=1, le=100)] = 3
    min_insync: Annotated[int, Meta(ge=1, le=100)] = 2
    retention_days: Annotated[float, Meta(gt=0, le=100_000)] = 7.0
    timeout_s: Annotated[float, Meta(ge=5, le=3600)] = 30.0
    security: Plaintext | Tls | SaslTls | MskIam = Plaintext()
