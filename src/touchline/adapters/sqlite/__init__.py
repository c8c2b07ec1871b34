"""SQLite: the ledger and the log that need no server."""

from touchline.adapters.sqlite.ledger import SqliteLedger
from touchline.adapters.sqlite.log import SqliteLog

__all__ = ["SqliteLedger", "SqliteLog"]
