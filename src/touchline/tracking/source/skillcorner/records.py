"""What fetching yields: matches, files that came, files that were refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

MatchId = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
"""An id is a number and nothing else: it becomes part of paths."""


@dataclass(frozen=True)
class MatchEntry:
    """A match as the provider lists it. An id alone is enough to fetch it."""

    match_id: int
    kick_off_at: datetime | None = None
    status: str = ""
    home_team: str = ""
    away_team: str = ""
    last_modified: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A file that came, whole and closed; whoever asked for it moves or removes it.

    `last_modified` is the provider's own mark of this version, to be given back as `known`.
    """

    match_id: int
    name: str
    path: Path
    size: int
    last_modified: str | None


@dataclass(frozen=True)
class Refused:
    """A file that the provider will not give, in its own words: an answer, not a failure."""

    match_id: int
    name: str
    status: int
    reason: str


class _Team(msgspec.Struct, frozen=True):
    short_name: str = ""


class Listed(msgspec.Struct, frozen=True):
    """One match in the provider's JSON; members not named here are passed over."""

    id: MatchId
    date_time: datetime | None = None
    status: str | None = None
    home_team: _Team | None = None
    away_team: _Team | None = None
    last_modified: str | None = None


def match_entry(listed: Listed) -> MatchEntry:
    """The match of a listing; an instant without a zone is UTC."""
    at = listed.date_time
    return MatchEntry(
        listed.id,
        (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) if at else None,
        listed.status or "",
        listed.home_team.short_name if listed.home_team else "",
        listed.away_team.short_name if listed.away_team else "",
        listed.last_modified,
    )
