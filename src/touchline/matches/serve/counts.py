"""What was counted of matches, remembered for as long as it is true."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from touchline.matches.live import Match

Found = TypeVar("Found")


@dataclass(eq=False)
class Counts:
    """What was counted of the matches that were asked for last, each until it changes."""

    most: int = 256
    most_of_each: int = 100
    _found: OrderedDict[str, tuple[int, dict[Any, Any]]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(
        self, match: Match, query: Mapping[str, str], name: Any, *, counted: Callable[[], Found]
    ) -> Found:
        """What is counted under this name, as the match stands; of an instant it is counted anew."""
        if "as_of" in query:
            return counted()
        with self._lock:
            offset, found = self._found.pop(match.match_id, (match.offset, {}))
            found = found if offset == match.offset and len(found) < self.most_of_each else {}
            self._found[match.match_id] = (match.offset, found)
            if len(self._found) > self.most:
                self._found.popitem(last=False)
        if name not in found:
            found[name] = counted()
        result: Found = found[name]
        return result
