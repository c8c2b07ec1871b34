"""The log and the serving store that configuration names."""

from importlib import import_module
from typing import TYPE_CHECKING

from touchline.config import Config
from touchline.config.kafka import KafkaLog
from touchline.config.stores import DynamoServing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from touchline.core.ports import Log, ServingStore


def log(config: Config) -> "Log":
    """Where what comes live is kept first."""
    set_ = config.stores.log
    if isinstance(set_, KafkaLog):
        from touchline.wiring import kafka

        return kafka.log(config, set_)
    from touchline.adapters.sqlite import SqliteLog

    return SqliteLog(config.place(set_.path))


def serving(config: Config) -> "ServingStore":
    """What applications ask for."""
    set_ = config.stores.serving
    if isinstance(set_, DynamoServing):
        from touchline.adapters import dynamodb

        return dynamodb.DynamoServing(set_.prefix, region=set_.region, endpoint=set_.endpoint)
    from touchline.adapters.sqlite import SqliteServing

    return SqliteServing(config.place(set_.path))


def must_be_installed(config: Config) -> None:
    """Refuse to begin where the library that one of them needs is not here.

    Raises:
        ConfigError: It says what to install.
    """
    if isinstance(config.stores.log, KafkaLog):
        import_module("touchline.adapters.kafka")
    if isinstance(config.stores.serving, DynamoServing):
        import_module("touchline.adapters.dynamodb")


def begun(config: Config) -> bool:
    """Whether anything was ever posted, as far as can be told without asking a service."""
    set_ = config.stores.log
    return isinstance(set_, KafkaLog) or config.place(set_.path).exists()


def is_ours_alone(config: Config) -> bool:
    """Whether nobody appends to the log but processes of this machine."""
    return not isinstance(config.stores.log, KafkaLog)


def prepare(config: Config, found: "Log", topics: "Sequence[str]") -> None:
    """The topics are there, of as many lanes as configuration says where they are new."""
    set_ = config.stores.log
    found.prepare(topics, lanes=set_.lanes if isinstance(set_, KafkaLog) else 1)
