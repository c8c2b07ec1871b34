"""Records of the log that are no events: what of a file was refused, and that somebody saw to a letter."""

import hashlib
from typing import Any, TypeVar

import msgspec

_LONGEST = 50_000
_ID_LENGTH = 128


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record of the log in the place of one that may not go in: its text, where from, and why.

    `refused` names it: a digest of match, file and text, and which of the same it is.
    """

    refused: str
    file: str
    reason: str
    text: str
    event_id: str = ""


class Over(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record of the log that says: the letter of the record there, of the same key, is over."""

    over_lane: int
    over_offset: int


_FIELDS = {kind: frozenset(kind.__struct_fields__) for kind in (Refused, Over)}

T = TypeVar("T", Refused, Over)


def refused(key: str, file: str, text: str, *, number: int, reason: str, event_id: str) -> Refused:
    """What the log is told of it; the same text of the same file always has the same name.

    Of a text that is longer than a store has room for, the file in bronze has the rest.
    """
    text = text[:_LONGEST]
    name = f"{_digest(key, file, text)}-{number}"
    return Refused(name, file, reason, text, event_id[:_ID_LENGTH])


def standing(key: str, given: Any) -> Refused | None:
    """The refusal that a record's JSON is, as it was made; None where it is none, or was mended."""
    found = _as(given, Refused)
    is_as_it_was = found and found.refused.startswith(_digest(key, found.file, found.text))
    return found if is_as_it_was else None


def unwrapped(given: Any) -> Any:
    """What a mended record says: of a refusal, what its text says.

    Raises:
        DecodeError: msgspec's: the text is no JSON.
    """
    found = _as(given, Refused)
    return msgspec.json.decode(found.text) if found else given


def over(given: Any) -> Over | None:
    """What a record's JSON says of a letter; None where it says something else."""
    return _as(given, Over)


def _as(given: Any, kind: type[T]) -> T | None:
    if type(given) is not dict or given.keys() != _FIELDS[kind]:
        return None
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError:
        return None


def _digest(*said: str) -> str:
    return hashlib.blake2b("\0".join(said).encode(), digest_size=12).hexdigest()
