"""Which receipt of each logical name is the latest."""

from collections.abc import Callable, Sequence

from touchline.core.memory.state import State
from touchline.core.ports import Partition, Receipt


def among(parts: Sequence[Partition] | None) -> Callable[[Partition], bool]:
    """Whether a partition is one of these; each is, where none are given."""
    return (lambda _: True) if parts is None else frozenset(parts).__contains__


def latest(
    state: State, domain: str, parts: Sequence[Partition] | None, *, withdrawn: bool
) -> dict[Partition, dict[str, Receipt]]:
    """The latest receipt of each name, by partition, in the order in which the names first came."""
    wanted, named = among(parts), dict[tuple[Partition, str], Receipt]()
    with state.lock:
        for r in state.receipts:
            if r.domain == domain and wanted(r.partition):
                named[r.partition, r.name] = r
    found: dict[Partition, dict[str, Receipt]] = {}
    for (part, name), r in named.items():
        if bool(r.withdrawn) == withdrawn:
            found.setdefault(part, {})[name] = r
    return found
