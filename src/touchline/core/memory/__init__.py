"""Every port in memory: for tests, examples and dry runs. Nothing outlives the process."""

from touchline.core.memory.engine import MemoryEngine
from touchline.core.memory.ledger import MemoryLedger
from touchline.core.memory.log import MemoryLog
from touchline.core.memory.notifier import MemoryNotifier
from touchline.core.memory.objects import MemoryObjects
from touchline.core.memory.serving import MemoryServing
from touchline.core.memory.tables import MemoryTables, Snapshot

__all__ = [
    "MemoryEngine",
    "MemoryLedger",
    "MemoryLog",
    "MemoryNotifier",
    "MemoryObjects",
    "MemoryServing",
    "MemoryTables",
    "Snapshot",
]
