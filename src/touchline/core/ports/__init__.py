"""What services stand behind: protocols, and the values that cross them."""

from touchline.core.ports.ledger import Ledger
from touchline.core.ports.log import Lag, Log, Position, Record
from touchline.core.ports.notes import Alert, AlertKind, Delivery, Incident, Notes
from touchline.core.ports.protocols import Engine, Notifier, ObjectStore, TableStore
from touchline.core.ports.values import (
    RETIRED,
    WITHDRAWN,
    Claims,
    Partition,
    Piece,
    Publish,
    PublishKind,
    Receipt,
    Run,
    RunStatus,
    Size,
    Staged,
    Stored,
    Total,
    checked_id,
    keys_of,
    partition,
)

__all__ = [
    "RETIRED",
    "WITHDRAWN",
    "Alert",
    "AlertKind",
    "Claims",
    "Delivery",
    "Engine",
    "Incident",
    "Lag",
    "Ledger",
    "Log",
    "Notes",
    "Notifier",
    "ObjectStore",
    "Partition",
    "Piece",
    "Position",
    "Publish",
    "PublishKind",
    "Receipt",
    "Record",
    "Run",
    "RunStatus",
    "Size",
    "Staged",
    "Stored",
    "TableStore",
    "Total",
    "checked_id",
    "keys_of",
    "partition",
]
