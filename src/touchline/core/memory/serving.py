"""The serving store in memory."""

from collections.abc import Mapping, Sequence
from threading import RLock

from touchline.core.ports.log import Position
from touchline.core.ports.serving import Asked, Id, Version, View, us
from touchline.errors import ConflictError


class MemoryServing:
    """A ServingStore in this process."""

    near = True

    def __init__(self) -> None:
        self._views: dict[str, dict[tuple[str, str, int], Version]] = {}
        self._positions: dict[str, dict[int, int]] = {}
        self._lock = RLock()

    def close(self) -> None:
        """Nothing is held open."""

    def prepare(self, views: Sequence[View]) -> None:
        """See ServingStore. There is nothing to make."""

    def known(self, view: View, ids: Sequence[Id]) -> Mapping[Id, Sequence[Version]]:
        """See ServingStore."""
        found, wanted = dict[Id, list[Version]](), set(ids)
        for version in sorted(self._of(view), key=lambda v: (v.since, v.order)):
            if (version.key, version.id) in wanted:
                found.setdefault((version.key, version.id), []).append(version)
        return found

    def apply(
        self,
        versions: Mapping[View, Sequence[Version]],
        *,
        reader: str,
        before: Position,
        after: Position,
    ) -> None:
        """See ServingStore."""
        with self._lock:
            place = self._positions.setdefault(reader, {})
            for lane in after:
                if place.get(lane, -1) != before.get(lane, -1):
                    raise ConflictError(f"{reader} is at {place.get(lane)} of lane {lane}")
            for view, many in versions.items():
                rows = self._views.setdefault(view.name, {})
                rows.update({(v.key, v.order, v.since): v for v in many})
            place.update(after)

    def position(self, reader: str) -> Position:
        """See ServingStore."""
        return dict(self._positions.get(reader, {}))

    def rows(self, view: View, key: str, asked: Asked) -> Sequence[Version]:
        """See ServingStore."""
        found = [v for v in self._of(view) if v.key == key and _is_asked(v, view, asked)]
        return sorted(found, key=lambda v: (v.order, v.since))[: asked.limit]

    def count(self, view: View, key: str, asked: Asked) -> int:
        """See ServingStore."""
        return sum(v.key == key and _is_asked(v, view, asked) for v in self._of(view))

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        """See ServingStore."""
        found = [v for v in self._of(view) if v.key == key and v.since > after]
        return sorted(found, key=lambda v: (v.since, v.order))[:limit]

    def clear(self, reader: str, views: Sequence[View]) -> None:
        """See ServingStore."""
        with self._lock:
            for view in views:
                self._views.pop(view.name, None)
            self._positions.pop(reader, None)

    def _of(self, view: View) -> list[Version]:
        with self._lock:
            return list(self._views.get(view.name, {}).values())


def _is_asked(version: Version, view: View, asked: Asked) -> bool:
    """Whether the version is one of those wanted."""
    values = dict(zip(view.by, version.by, strict=True))
    return (
        version.listed
        and version.order >= asked.first
        and version.order > asked.after
        and (not asked.last or version.order < asked.last)
        and all(values[name] == value for name, value in asked.where.items())
        and _stood(version, asked)
    )


def _stood(version: Version, asked: Asked) -> bool:
    """Whether it was the one that stood when it is asked for."""
    offset, at = asked.offset, asked.as_of
    if offset is None and at is None:
        return version.until is None
    by_offset = offset is None or (
        version.since <= offset and (version.until is None or version.until > offset)
    )
    by_time = at is None or (
        version.since_us <= us(at) and (version.until_us is None or version.until_us > us(at))
    )
    return by_offset and by_time
