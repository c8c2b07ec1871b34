"""Where things are kept: [stores]."""

from typing import Annotated

from msgspec import Meta

from touchline.config.kafka import KafkaLog
from touchline.config.section import Section

CATALOG = "^sqlite:///.+"
ENDPOINT = "^(https?://[^/@]+/?)?$"
TABLE_PREFIX = "^[A-Za-z0-9_.-]{1,200}$"


class LocalObjects(Section, frozen=True, tag_field="kind", tag="local"):
    """Bronze and reports in a folder."""

    root: str = "data/objects"


class IcebergTables(Section, frozen=True, tag_field="kind", tag="iceberg"):
    """Silver and gold as Iceberg tables."""

    catalog: Annotated[str, Meta(pattern=CATALOG)] = "sqlite:///data/catalog.db"
    warehouse: str = "data/warehouse"


class SqliteLedger(Section, frozen=True, tag_field="kind", tag="sqlite"):
    """The ledger in one file."""

    path: str = "data/ledger.db"


class SqliteServing(Section, frozen=True, tag_field="kind", tag="sqlite"):
    """What applications ask for, in one file."""

    path: str = "data/serving.db"


class DynamoServing(Section, frozen=True, tag_field="kind", tag="dynamodb"):
    """What applications ask for, in DynamoDB tables whose names begin with the prefix."""

    prefix: Annotated[str, Meta(pattern=TABLE_PREFIX)] = "touchline"
    region: str = ""
    endpoint: Annotated[str, Meta(pattern=ENDPOINT)] = ""


class SqliteLog(Section, frozen=True, tag_field="kind", tag="sqlite"):
    """The log in one file."""

    path: str = "data/log.db"


class Stores(Section, frozen=True):
    """Where things are kept."""

    objects: LocalObjects = LocalObjects()
    tables: IcebergTables = IcebergTables()
    ledger: SqliteLedger = SqliteLedger()
    log: SqliteLog | KafkaLog = SqliteLog()
    serving: SqliteServing | DynamoServing = SqliteServing()
