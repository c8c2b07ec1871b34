"""What Kafka's library says, as errors of this package; the only place that tells them apart."""

from collections.abc import Iterator
from contextlib import contextmanager

from touchline.errors import ConfigError, StorageError, TouchlineError, TransientError

try:
    from confluent_kafka import KafkaError, KafkaException
except ImportError as exc:
    raise ConfigError(f"no Kafka here: {exc}", hint="pip install touchline[kafka]") from exc

OF_ANOTHER = "its records were trimmed, or it is a position in another log"
_SECURITY = "check stores.log.security, and the environment variables that it names"
_PREPARE = "topics are made by touchline up; check stores.log.prefix"
_RIGHTS = "this user has no right to do that: see docs/operations.md"
_REFUSED = {
    KafkaError._AUTHENTICATION: _SECURITY,
    KafkaError.SASL_AUTHENTICATION_FAILED: _SECURITY,
    KafkaError.UNSUPPORTED_SASL_MECHANISM: _SECURITY,
    KafkaError._SSL: _SECURITY,
}
"""Errors of a connection, which the library reports aside and then tries for ever."""
_WRONG = _REFUSED | {
    KafkaError.UNKNOWN_TOPIC_OR_PART: _PREPARE,
    KafkaError._UNKNOWN_TOPIC: _PREPARE,
    KafkaError._UNKNOWN_PARTITION: _PREPARE,
    KafkaError.TOPIC_EXCEPTION: "a topic's name is letters, digits, . _ and -; check stores.log.prefix",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: _RIGHTS,
    KafkaError.GROUP_AUTHORIZATION_FAILED: _RIGHTS,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: _RIGHTS,
    KafkaError.INVALID_REPLICATION_FACTOR: "set stores.log.replication to at most the number of brokers",
    KafkaError.POLICY_VIOLATION: "the cluster's owners allow no such topic: check stores.log",
    KafkaError.INVALID_CONFIG: "check stores.log",
    KafkaError._INVALID_ARG: "check stores.log",
    KafkaError.MSG_SIZE_TOO_LARGE: "a record is larger than the cluster takes: max.message.bytes",
    KafkaError._AUTO_OFFSET_RESET: OF_ANOTHER,
    KafkaError.OFFSET_OUT_OF_RANGE: OF_ANOTHER,
}


class Heard:
    """What a client reported aside: why it cannot connect, and whether it is of no use any more."""

    def __init__(self) -> None:
        self.refused: KafkaError | None = None
        self.is_fatal = False

    def __call__(self, error: KafkaError) -> None:
        """Keep it if it is one of these."""
        if error.code() in _REFUSED:
            self.refused = error
        self.is_fatal = self.is_fatal or error.fatal() or error.code() == KafkaError._FATAL


def translated(error: KafkaError, where: str, heard: Heard | None = None) -> TouchlineError:
    """The error to raise; where the service did not answer, for the reason that was heard."""
    if error.code() not in _WRONG and heard is not None and heard.refused is not None:
        error = heard.refused
    said = f"{where}: {error.str()}"
    if error.code() in _WRONG:
        return ConfigError(said, hint=_WRONG[error.code()], code=error.name())
    if error.code() == KafkaError.KAFKA_STORAGE_ERROR:
        return StorageError(said, hint="a broker cannot write to its disk", code=error.name())
    return TransientError(said, code=error.name())


@contextmanager
def translating(where: str, heard: Heard | None = None) -> Iterator[None]:
    """Raise this package's errors in place of the library's."""
    try:
        yield
    except KafkaException as exc:
        raise translated(exc.args[0], where, heard) from exc
