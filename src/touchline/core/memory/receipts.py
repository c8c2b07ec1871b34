"""Receipts of the ledger in memory: the latest of each logical name."""

from collections.abc import Callable, Sequence

from touchline.core.memory.state import State
from touchline.core.ports import Partition, Receipt


def latest(
    state: State, domain: str, parts: Sequence[Partition] | None, *, withdrawn: bool
) -> dict[Partition, dict[str, Receipt]]:
    """The latest receipt of each name, in the order they first came: those withdrawn, or the others."""
    wanted = among(parts)
    found: dict[Partition, dict[str, Receipt]] = {}
    with state.lock:
        for r in state.receipts:
            if r.domain == domain and wanted(r.partition):
                found.setdefault(r.partition, {})[r.name] = r
    kept = {
        part: {name: r for name, r in named.items() if bool(r.withdrawn) == withdrawn}
        for part, named in found.items()
    }
    return {part: named for part, named in kept.items() if named}


def among(parts: Sequence[Partition] | None) -> Callable[[Partition], bool]:
    """Whether a partition is one of these; any is, where none are given."""
    return (lambda _: True) if parts is None else frozenset(parts).__contains__
