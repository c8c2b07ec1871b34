"""Configuration -> the log in Kafka. Importing it takes a tenth of a second: ask late."""

from touchline.adapters import kafka as adapter
from touchline.config import Config, KafkaLog, kafka
from touchline.core.ports import Log


def log(config: Config, set_: KafkaLog) -> Log:
    """The log in that cluster."""
    return adapter.KafkaLog(
        adapter.Cluster(
            set_.bootstrap,
            set_.prefix,
            _security(config, set_),
            replication=set_.replication,
            min_insync=set_.min_insync,
            retention_days=set_.retention_days,
            timeout_s=set_.timeout_s,
        )
    )


def _security(config: Config, set_: KafkaLog) -> adapter.Security:
    """Who we are to a cluster, and how we know that it is the one."""

    def file(name: str) -> str:
        return str(config.place(name)) if name else ""

    match set_.security:
        case kafka.Tls(ca, cert, key):
            return adapter.tls(file(ca), cert=file(cert), key=file(key))
        case kafka.SaslTls(mechanism, username, password, ca):
            return adapter.sasl_tls(mechanism, username.value, password.value, ca=file(ca))
        case kafka.MskIam(region):
            return adapter.msk_iam(set_.bootstrap, region)
    return adapter.plaintext
