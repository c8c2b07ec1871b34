"""What services stand behind: protocols, and the values that cross them."""

from touchline.core.ports.protocols import Engine, Ledger, ObjectStore, TableStore
from touchline.core.ports.values import (
    Claims,
    Partition,
    Piece,
    Publish,
    PublishKind,
    Receipt,
    Run,
    RunStatus,
    Staged,
    Stored,
    checked_id,
    keys_of,
    partition,
)

__all__ = [
    "Claims",
    "Engine",
    "Ledger",
    "ObjectStore",
    "Partition",
    "Piece",
    "Publish",
    "PublishKind",
    "Receipt",
    "Run",
    "RunStatus",
    "Staged",
    "Stored",
    "TableStore",
    "checked_id",
    "keys_of",
    "partition",
]
