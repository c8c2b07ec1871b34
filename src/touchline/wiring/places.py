"""Where the stores lie on this machine, as far as they do."""

from collections.abc import Iterator
from pathlib import Path

from touchline.config import Config, KafkaLog
from touchline.config.stores import DynamoServing
from touchline.errors import ConfigError

_CATALOG = "sqlite:///"


def must_be_folders(config: Config) -> None:
    """Refuse a store for which no folder can be: a file is at its place, or above it.

    Raises:
        ConfigError: There is such a store.
    """
    for name, place in _folders(config):
        if wrong := next(filter(_is_file, (place, *place.parents)), None):
            raise ConfigError(
                f"$.stores.{name}: {wrong}: a file is there, expected a folder",
                hint="a file is where a folder belongs: check the paths under [stores]",
            )


def _is_file(place: Path) -> bool:
    """Whether there is something that is no folder; what cannot be looked at is told where it is used."""
    try:
        return place.exists() and not place.is_dir()
    except OSError:
        return False


def _folders(config: Config) -> Iterator[tuple[str, Path]]:
    """The key of each store, and the folder that it is, or is in."""
    stores = config.stores
    yield "objects.root", config.place(stores.objects.root)
    yield "tables.warehouse", config.place(stores.tables.warehouse)
    yield "tables.catalog", config.place(stores.tables.catalog.removeprefix(_CATALOG)).parent
    yield "ledger.path", config.place(stores.ledger.path).parent
    if not isinstance(stores.log, KafkaLog):
        yield "log.path", config.place(stores.log.path).parent
    if not isinstance(stores.serving, DynamoServing):
        yield "serving.path", config.place(stores.serving.path).parent
