"""One SELECT over any table: silver and gold as published, bronze as it came, under any alias."""

from touchline.core.query.asking import ask, tables_named
from touchline.core.query.came import came, receipts
from touchline.core.query.sources import BronzeFile, Source

__all__ = ["BronzeFile", "Source", "ask", "came", "receipts", "tables_named"]
