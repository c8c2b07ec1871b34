"""SQLite: the ledger that needs no server."""

from touchline.adapters.sqlite.ledger import SqliteLedger

__all__ = ["SqliteLedger"]
