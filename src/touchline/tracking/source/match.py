"""match.json: the match, its periods and its squads, decoded strictly."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl

from touchline.core.pipeline import Decoded
from touchline.errors import ContractError
from touchline.tracking.source.bytes import opened, text
from touchline.tracking.source.files import MATCH_JSON
from touchline.tracking.source.headers import MATCH_MEMBERS, PLAYER_MEMBERS, added


class Team(msgspec.Struct):
    """A team of the match."""

    id: int
    short_name: str | None = None


class TeamTime(msgspec.Struct):
    """A team's minutes with and without the ball."""

    minutes_tip: float | None = None
    minutes_otip: float | None = None


class Period(msgspec.Struct):
    """A period of play in frames, both ends included."""

    period: int
    start_frame: int
    end_frame: int


class Named(msgspec.Struct):
    """Anything that has an id and a name."""

    id: int
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
    start_frame: int
    end_frame: int


class PlayingTime(msgspec.Struct):
    """A player's time on the pitch; null where he was not used."""

    total: Total | None


class Player(msgspec.Struct):
    """A member of a squad."""

    id: int
    team_id: int
    player_role: Role
    playing_time: PlayingTime
    short_name: str
    start_time: str | None
    first_name: str | None = None
    last_name: str | None = None
    number: int | None = None
    birthday: date | None = None
    goal: int | None = None
    own_goal: int | None = None
    yellow_card: int | None = None
    red_card: int | None = None


class Match(msgspec.Struct):
    """What Touchline reads of match.json; other members may be there."""

    id: int
    date_time: Annotated[datetime, msgspec.Meta(tz=True)]
    home_team: Team
    away_team: Team
    competition_edition: Edition
    match_periods: list[Period]
    pitch_length: float
    pitch_width: float
    players: list[Player]
    home_team_side: list[str] = []
    home_team_score: int | None = None
    away_team_score: int | None = None
    competition_round: Round | None = None
    stadium: Stadium | None = None
    home_team_playing_time: TeamTime | None = None
    away_team_playing_time: TeamTime | None = None


_DECODER = msgspec.json.Decoder(Match)


def decode(path: Path) -> Decoded:
    """One row with the file's text in `json`; members that the provider never had are noted.

    Raises:
        ContractError: It is not UTF-8 JSON, or a required member is missing or of another type.
    """
    with opened(path) as file:
        said = text(file.read())
    parsed(said)
    return Decoded(pl.DataFrame({"json": [said]}), lines=1, notes=_added(said))


def _added(said: str) -> tuple[str, ...]:
    whole = json.loads(said)
    extra = added(whole, MATCH_MEMBERS)
    of_players = {name for player in whole["players"] for name in player}
    extra += [f"players.{name}" for name in added(of_players, PLAYER_MEMBERS)]
    return (f"added members {', '.join(extra)}",) if extra else ()


def parsed(data: str) -> Match:
    """The match that the text holds.

    Raises:
        ContractError: It is not JSON, or a required member is missing or of another type.
    """
    try:
        return _DECODER.decode(data)
    except msgspec.ValidationError as exc:
        raise ContractError(
            f"{MATCH_JSON}: {exc}", hint="a required member is missing or has another type"
        ) from exc
    except msgspec.DecodeError as exc:
        raise ContractError(
            f"{MATCH_JSON}: not whole UTF-8 JSON: {exc}", hint="ask the provider for the file again"
        ) from exc


def played_on(path: Path) -> date:
    """The UTC date of the kick-off.

    Raises:
        ContractError: See `decode`.
    """
    with opened(path) as file:
        return parsed(text(file.read())).date_time.astimezone(UTC).date()


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: one row each, the members as columns."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json([{listed}], format = 'auto', compression = '{packed}', filename = true,"
        " union_by_name = true)"
    )
