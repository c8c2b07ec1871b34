"""SQLite: the ledger, the log and the serving store that need no server."""

from touchline.adapters.sqlite.ledger import SqliteLedger
from touchline.adapters.sqlite.log import SqliteLog
from touchline.adapters.sqlite.serving import SqliteServing

__all__ = ["SqliteLedger", "SqliteLog", "SqliteServing"]
