"""Made-up clubs and players: leagues of twelve, the same in every match of a competition."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from touchline.tracking.simulate.arrays import randomness

Line = Literal["GK", "DEF", "MID", "ATT"]

CLUBS = 12
SQUAD: tuple[Line, ...] = ("GK",) * 3 + ("DEF",) * 9 + ("MID",) * 8 + ("ATT",) * 6

# fmt: off
_ONSETS = ("Bre", "Dor", "Fal", "Gri", "Hul", "Jar", "Kel", "Lom", "Mav", "Nor", "Osk", "Pel", "Quo",
           "Rud", "Sel", "Tam", "Ulv", "Var", "Wen", "Yst", "Zor", "Ald", "Cru", "Eld", "Ivo")
_MIDDLES = ("a", "e", "i", "o", "u", "ara", "eli", "ino", "olu", "umi", "anka", "ette", "ilo")
_ENDS = ("ban", "dek", "fyr", "gard", "holt", "jin", "kov", "lund", "mont", "nak", "quist", "rell",
         "sen", "tov", "vik", "wick", "zic", "dren", "stad", "pel")
_TOWN_ENDS = ("haven", "ford", "mere", "port", "dale", "burn")
_KINDS = ("FC", "United", "City", "Rovers", "Athletic", "Wanderers")
_COLOURS = ("#c8102e", "#00205b", "#ffd100", "#007a53", "#f2f2f2", "#5c068c", "#e57200", "#101820")
# fmt: on


@dataclass(frozen=True)
class Player:
    """A made-up player; `top_speed_ms` is what he can reach in a sprint."""

    player_id: int
    first_name: str
    last_name: str
    birth_date: date | None
    shirt_number: int
    line: Line
    top_speed_ms: float

    @property
    def short_name(self) -> str:
        """Initial and last name, as the provider prints it."""
        return f"{self.first_name[0]}. {self.last_name}"


@dataclass(frozen=True)
class Club:
    """A made-up club with its squad."""

    club_id: int
    name: str
    short_name: str
    acronym: str
    town: str
    colour: str
    squad: tuple[Player, ...]


def club(competition_id: int, place: int) -> Club:
    """The club at a place (0 to 11) of a competition's league."""
    random = randomness(competition_id, place, "club")
    club_id = competition_id * 100 + place + 1
    onset = _ONSETS[(place * 7 + competition_id) % len(_ONSETS)]
    town = f"{onset}{random.choice(_TOWN_ENDS)}"
    kind = str(random.choice(_KINDS))
    return Club(
        club_id=club_id,
        name=f"{town} {kind}" if kind != "FC" else f"{town} Football Club",
        short_name=f"{town} {kind}",
        acronym=town[:3].upper(),
        town=town,
        colour=_COLOURS[place % len(_COLOURS)],
        squad=_squad(random, club_id),
    )


def pairing(match_id: int) -> tuple[int, int, int]:
    """Round, home and away place of a match: six matches in a row are a round of all clubs."""
    turn, game = divmod(match_id, CLUBS // 2)
    shift = turn % (CLUBS - 1)
    ring = [0, *(1 + (shift + k) % (CLUBS - 1) for k in range(CLUBS - 1))]
    home, away = ring[game], ring[CLUBS - 1 - game]
    return (turn % 26 + 1, home, away) if turn % 2 else (turn % 26 + 1, away, home)


def _squad(random: np.random.Generator, club_id: int) -> tuple[Player, ...]:
    size = len(SQUAD)
    surnames = random.choice(len(_ONSETS) * len(_MIDDLES) * len(_ENDS), size, replace=False)
    shirts = [1, *(int(k) for k in 2 + random.permutation(38)[: size - 1])]
    return tuple(
        _player(random, SQUAD[k], club_id * 100 + k + 1, surname=int(surnames[k]), shirt=shirts[k])
        for k in range(size)
    )


def _player(
    random: np.random.Generator, line: Line, player_id: int, *, surname: int, shirt: int
) -> Player:
    rest, end = divmod(surname, len(_ENDS))
    onset, middle = divmod(rest, len(_MIDDLES))
    born = date(1990, 1, 1) + timedelta(days=int(random.integers(17 * 365)))
    return Player(
        player_id=player_id,
        first_name=f"{random.choice(_ONSETS)}{random.choice(_MIDDLES[:5])}",
        last_name=f"{_ONSETS[onset]}{_MIDDLES[middle]}{_ENDS[end]}",
        birth_date=None if random.random() < 0.02 else born,
        shirt_number=shirt,
        line=line,
        top_speed_ms=float(np.clip(random.normal(8.45, 0.3), 7.8, 9.1)),
    )
