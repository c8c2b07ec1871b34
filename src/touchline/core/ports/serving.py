"""Rows that applications read by key, in order, with all that was ever known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from touchline.core.ports.log import Position


@dataclass(frozen=True)
class View:
    """A kind of rows; `by` names what they may be asked by, beside their key and their order.

    Where others look into the store, too, they find key, order, and the first of `by` with the order,
    as they are named in `shown_as`.
    """

    name: str
    by: tuple[str, ...] = ()
    shown_as: tuple[str, str, str] = ("key", "place", "first_place")


class Version(msgspec.Struct, frozen=True, gc=False):
    """How a row stood, from one record of the log until a later one of the same key.

    Key, order and `since` name it. `order` is text, and rows are read in the order of its code points;
    `by` has a value for each name of its view, "" where there is none. A version that is not listed is
    known, and left out where rows are asked for. Instants are microseconds since 1970, as there are many.
    """

    key: str
    id: str
    order: str
    by: tuple[str, ...]
    body: bytes
    since: int
    since_us: int
    digest: str = ""
    listed: bool = True
    until: int | None = None
    until_us: int | None = None


def us(at: datetime) -> int:
    """The instant in microseconds since 1970."""
    return round(at.timestamp() * 1_000_000)


Id = tuple[str, str]
"""The key of a row, and its id; what stands for one thing has one row, where its view says no other."""


@dataclass(frozen=True)
class Asked:
    """Which rows are wanted: of those with these values, from `first` on and before `last`.

    Rows up to `after` are left out: it is the order of the last row that somebody has seen. Without
    an instant or an offset of the log, rows are wanted as they stand.
    """

    where: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    after: str = ""
    limit: int = 100
    as_of: datetime | None = None
    offset: int | None = None


class ServingStore(Protocol):
    """Rows by key. What was written stays written, and what is written again changes nothing.

    `near` says that a page of rows is read in less time than it takes to ask another thread for it.
    """

    near: bool

    def prepare(self, views: Sequence[View]) -> None:
        """Make what keeps rows of these views, where it is not there; those who serve do it as they start."""
        ...

    def known(self, view: View, ids: Sequence[Id]) -> Mapping[Id, Sequence[Version]]:
        """Every version of the rows of these ids, oldest first; ids that no row has are left out."""
        ...

    def apply(
        self,
        versions: Mapping[View, Sequence[Version]],
        *,
        reader: str,
        before: Position,
        after: Position,
    ) -> None:
        """Write versions in the place of those of their names, and how far a reader of the log has come.

        Both are durable on return, together or, in a store that cannot, the position last, so that
        whoever was killed in between reads the same records again and writes the same.

        Raises:
            ConflictError: The reader is not at `before` any more: another process read on.
            StorageError: No room; nothing was written, or the position was not.
            TransientError: The service failed; the same.
        """
        ...

    def position(self, reader: str) -> Position:
        """How far a reader has come; of lanes that it never read nothing is said."""
        ...

    def rows(self, view: View, key: str, asked: Asked) -> Sequence[Version]:
        """Rows of a key, in order."""
        ...

    def count(self, view: View, key: str, asked: Asked) -> int:
        """How many rows of a key there are, whatever the limit."""
        ...

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        """The versions of a key made by records after that offset, in the order of the records."""
        ...

    def clear(self, reader: str, views: Sequence[View]) -> None:
        """Forget all rows of these views, and how far the reader has come: all is read anew."""
        ...
