"""match.json: the match, its periods and its squads, decoded strictly."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl

from touchline.core.bytes import opened, text
from touchline.core.pipeline import Decoded
from touchline.errors import ContractError
from touchline.tracking.source.files import MATCH_JSON, Recognised
from touchline.tracking.source.headers import MATCH_MEMBERS, PLAYER_MEMBERS, added

LAST_FRAME = 1_000_000
"""No frame has a higher number: ten a second, that is more than a day."""

_YEARS = (1900, 2100)
_PLACE = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNSEEN = ("Expected `int", "Expected `float", "Integer value out of range", "Number out of range")
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<at>[0-9]+)\]")
_DAY_FOLDER = re.compile(r"(?:^|[/!])partition_date=([^/]+)/")

_Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_Frame = Annotated[int, msgspec.Meta(ge=0, le=LAST_FRAME)]
_PeriodNumber = Annotated[int, msgspec.Meta(ge=1, le=99)]


def _check_year(name: str, day: date | None) -> None:
    first, last = _YEARS
    if day is not None and not first <= day.year <= last:
        raise ValueError(f"{name}: expected a year from {first} to {last}, seen {day.isoformat()}")


class Team(msgspec.Struct):
    """A team of the match."""

    id: _Id
    short_name: str | None = None


class TeamTime(msgspec.Struct):
    """A team's minutes with and without the ball."""

    minutes_tip: float | None = None
    minutes_otip: float | None = None


class Period(msgspec.Struct):
    """A period of play in frames, both ends included."""

    period: _PeriodNumber
    start_frame: _Frame
    end_frame: _Frame

    def __post_init__(self) -> None:
        if self.end_frame < self.start_frame:
            raise ValueError(
                f"end_frame: expected start_frame {self.start_frame} or later,"
                f" seen {self.end_frame}"
            )


class Named(msgspec.Struct):
    """Anything that has an id and a name."""

    id: _Id
    name: str | None = None


class Edition(msgspec.Struct):
    """A competition's season."""

    competition: Named
    season: Named | None = None


class Round(msgspec.Struct):
    """A competition's round."""

    name: str | None = None


class Stadium(msgspec.Struct):
    """Where it is played."""

    name: str | None = None


class Role(msgspec.Struct):
    """A position."""

    acronym: str
    position_group: str


class Total(msgspec.Struct):
    """A player's time on the pitch."""

    minutes_played: float
    minutes_tip: float | None
    minutes_otip: float | None
    start_frame: _Frame
    end_frame: _Frame


class PlayingTime(msgspec.Struct):
    """A player's time on the pitch; null where he was not used."""

    total: Total | None


class Player(msgspec.Struct):
    """A member of a squad."""

    id: _Id
    team_id: _Id
    player_role: Role
    playing_time: PlayingTime
    short_name: str
    start_time: str | None
    first_name: str | None = None
    last_name: str | None = None
    number: _Count | None = None
    birthday: date | None = None
    goal: _Count | None = None
    own_goal: _Count | None = None
    yellow_card: _Count | None = None
    red_card: _Count | None = None

    def __post_init__(self) -> None:
        _check_year("birthday", self.birthday)


class Match(msgspec.Struct):
    """What Touchline reads of match.json; other members may be there."""

    id: _Id
    date_time: Annotated[datetime, msgspec.Meta(tz=True)]
    home_team: Team
    away_team: Team
    competition_edition: Edition
    match_periods: list[Period]
    pitch_length: float
    pitch_width: float
    players: list[Player]
    home_team_side: list[str] = []
    home_team_score: _Count | None = None
    away_team_score: _Count | None = None
    competition_round: Round | None = None
    stadium: Stadium | None = None
    home_team_playing_time: TeamTime | None = None
    away_team_playing_time: TeamTime | None = None

    def __post_init__(self) -> None:
        _check_year("date_time", self.date_time)
        if self.home_team.id == self.away_team.id:
            raise ValueError(
                f"away_team.id: expected another id than home_team.id, seen {self.away_team.id}"
            )


_DECODER = msgspec.json.Decoder(Match)


def decode(path: Path) -> Decoded:
    """One row with the file's text in `json`; members that the provider never had are noted.

    Raises:
        ContractError: See `parsed`; or it is not UTF-8.
    """
    with opened(path) as file:
        said = text(file.read())
    parsed(said)
    return Decoded(pl.DataFrame({"json": [said]}), lines=1, notes=_added(said))


def _added(said: str) -> tuple[str, ...]:
    extra = added(_members(said), MATCH_MEMBERS)
    players = msgspec.json.decode(_members(said)["players"], type=list[dict[str, msgspec.Raw]])
    of_players = {name for player in players for name in player}
    extra += [f"players.{name}" for name in added(of_players, PLAYER_MEMBERS)]
    return (f"added members {', '.join(extra)}",) if extra else ()


def _members(data: str | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """An object's members, their values as they are written: a number may be of any size."""
    return msgspec.json.decode(data, type=dict[str, msgspec.Raw])


def parsed(data: str) -> Match:
    """The match that the text holds.

    Raises:
        ContractError: It is not JSON, a required member is missing, of another type or out of
            range, or a team plays itself.
    """
    try:
        return _DECODER.decode(data)
    except msgspec.ValidationError as exc:
        raise ContractError(
            f"{MATCH_JSON}: {exc}{_seen(data, str(exc))}",
            hint="a required member is missing, has another type, or is out of range",
        ) from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        raise ContractError(
            f"{MATCH_JSON}: not whole UTF-8 JSON: {exc}", hint="ask the provider for the file again"
        ) from exc


def _seen(data: str, said: str) -> str:
    """What is written at the place of an error, which the library does not say."""
    place = _PLACE.search(said)
    if place is None or not said.startswith(_UNSEEN):
        return ""
    value: str | msgspec.Raw = data
    for step in _STEP.finditer(place["path"]):
        if step["name"]:
            value = _members(value)[step["name"]]
        else:
            value = msgspec.json.decode(value, type=list[msgspec.Raw])[int(step["at"])]
    return f", seen {bytes(value).decode()[:40]}" if isinstance(value, msgspec.Raw) else ""


def played_on(path: Path) -> date:
    """The UTC date of the kick-off.

    Raises:
        ContractError: See `decode`.
    """
    with opened(path) as file:
        return parsed(text(file.read())).date_time.astimezone(UTC).date()


def misplaced(found: Sequence[Recognised]) -> list[str]:
    """A line for each match whose folder partition_date=D names another day than its match.json.

    What cannot be read here is told where it is decoded.
    """
    days: dict[str, date] = {}
    for file in found:
        if file.name == MATCH_JSON:
            with suppress(ContractError, OSError):
                days[file.match_id] = played_on(file.path)
    said = dict.fromkeys(
        (file.match_id, folder[1])
        for file in found
        if (folder := _DAY_FOLDER.search(file.source)) and file.match_id in days
    )
    return [
        f"match_id={match_id}: in folder partition_date={day}, but {MATCH_JSON} says"
        f" {days[match_id]}: published under {days[match_id]}"
        for match_id, day in said
        if day != days[match_id].isoformat()
    ]


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: one row each, the members as columns."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json([{listed}], format = 'auto', compression = '{packed}', filename = true,"
        " union_by_name = true)"
    )
