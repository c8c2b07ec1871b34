"""Who plays, where, from when to when: starters, substitutions, cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from touchline.tracking.simulate.arrays import Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.clubs import SQUAD, Club, Line, Player, club, pairing
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.simulate.roles import FORMATIONS, ROLES, Role

TEAM = 11
SLOTS = 2 * TEAM
RED_CARD_SHARE = 0.12
WINDOWS = 3


@dataclass(frozen=True)
class Spell:
    """A player's time on the pitch. Slots 0-10 are the home team's places, 11-21 the away team's.

    `last_frame` is the provider's `end_frame`: the frame before he left, or the match's end.
    """

    player: Player
    side: int
    slot: int
    role: Role
    first_frame: int
    last_frame: int
    started: bool
    left: bool = False


@dataclass(frozen=True)
class Lineup:
    """Both teams of a match; `cards` are yellow and red ones by player id."""

    round_number: int
    clubs: tuple[Club, Club]
    spells: tuple[Spell, ...]
    unused: tuple[tuple[int, Player], ...]
    cards: Mapping[int, tuple[int, int]]
    home_attacks_right_first: bool

    def attack(self, side: int, period: int) -> int:
        """1 where a side (0 home, 1 away) attacks to +x in a period, else -1."""
        right = self.home_attacks_right_first == (side == 0)
        return 1 if right == (period == 1) else -1

    def occupants(self, clock: Clock) -> Ints:
        """The index into `spells` of who holds each slot, by row and slot; -1 where nobody does."""
        held = np.full((clock.rows, SLOTS), -1, dtype=np.int64)
        for index, spell in enumerate(self.spells):
            first, last = clock.row(np.array([spell.first_frame, spell.last_frame]))
            held[first : last + 1, spell.slot] = index
        last_row = clock.rows - 1
        held[last_row] = held[last_row - 1]
        return held

    def changes(self, slot: int) -> tuple[int, ...]:
        """Frames at which a slot gets another player, or none."""
        return tuple(
            s.first_frame for s in self.spells if s.slot == slot and not s.started
        ) + tuple(s.last_frame + 1 for s in self.spells if s.slot == slot and s.left)


def lineup(plan: MatchPlan, clock: Clock) -> Lineup:
    """Two line-ups of 11 starters, 7-9 on the bench, 3-5 substitutions each, cards now and then."""
    random = plan.random("lineup")
    round_number, *places = pairing(plan.match_id)
    clubs = [club(plan.competition_id, place) for place in places]
    spells: list[Spell] = []
    unused: list[tuple[int, Player]] = []
    for side, team in enumerate(clubs):
        starters, bench = _picked(random, team, side, clock=clock)
        used, rest = _substituted(random, starters, bench, clock=clock)
        spells += used
        unused += [(side, player) for player in rest]
    spells, cards = _carded(random, spells, clock)
    return Lineup(
        round_number=round_number,
        clubs=(clubs[0], clubs[1]),
        spells=tuple(spells),
        unused=tuple(unused),
        cards=cards,
        home_attacks_right_first=bool(random.random() < 0.5),
    )


def _picked(
    random: np.random.Generator, team: Club, side: int, *, clock: Clock
) -> tuple[list[Spell], list[Player]]:
    pool: dict[Line, list[Player]] = {"GK": [], "DEF": [], "MID": [], "ATT": []}
    for index in random.permutation(len(SQUAD)):
        player = team.squad[int(index)]
        pool[player.line].append(player)
    first, second = clock.periods
    formation = FORMATIONS[int(random.integers(len(FORMATIONS)))]
    starters = [
        Spell(
            player=pool[ROLES[acronym].line].pop(),
            side=side,
            slot=side * TEAM + place,
            role=ROLES[acronym],
            first_frame=first.first_frame,
            last_frame=second.last_frame - 1,
            started=True,
        )
        for place, acronym in enumerate(formation)
    ]
    bench = [pool["GK"].pop()]
    outfield = [player for line in ("DEF", "MID", "ATT") for player in pool[line]]
    size = int(random.integers(6, 9))
    bench += [outfield[int(k)] for k in random.permutation(len(outfield))[:size]]
    return starters, bench


def _substituted(
    random: np.random.Generator, starters: Sequence[Spell], bench: Sequence[Player], *, clock: Clock
) -> tuple[list[Spell], list[Player]]:
    """Starters and who came on for them, at up to three moments of the second half."""
    second = clock.periods[1]
    moments = [
        second.first_frame + int(second.rows * share) // FRAMES_PER_S * FRAMES_PER_S
        for share in np.sort(random.uniform(0.12, 0.9, WINDOWS))
    ]
    count = int(random.choice([3, 4, 5], p=[0.1, 0.35, 0.55]))
    weights = np.array([0.0] + [1.0 + 2.0 * (s.role.line != "DEF") for s in starters[1:]])
    leaving = random.choice(TEAM, count, replace=False, p=weights / weights.sum())
    spells, left = list(starters), list(bench)
    for place in leaving:
        out = spells[int(place)]
        moment = moments[int(random.integers(WINDOWS))]
        fitting = [p for p in left[1:] if p.line == out.role.line] or left[1:]
        new = fitting[int(random.integers(len(fitting)))]
        left.remove(new)
        spells[int(place)] = replace(out, last_frame=moment - 1, left=True)
        spells.append(
            replace(out, player=new, first_frame=moment, started=False, last_frame=out.last_frame)
        )
    return spells, left


def _carded(
    random: np.random.Generator, spells: list[Spell], clock: Clock
) -> tuple[list[Spell], dict[int, tuple[int, int]]]:
    """Yellow cards for some; in some matches a red one, after which a slot stays empty."""
    outfield = [k for k, spell in enumerate(spells) if spell.role.line != "GK"]
    count = min(int(random.poisson(3.0)), 7)
    cards = {
        spells[outfield[int(k)]].player.player_id: (1, 0)
        for k in random.permutation(len(outfield))[:count]
    }
    stayed = [k for k in outfield if spells[k].started and not spells[k].left]
    if stayed and random.random() < RED_CARD_SHARE:
        index = stayed[int(random.integers(len(stayed)))]
        second = clock.periods[1]
        off = second.first_frame + int(second.rows * random.uniform(0.2, 0.95)) // 10 * 10
        spells[index] = replace(spells[index], last_frame=off - 1, left=True)
        cards[spells[index].player.player_id] = (0, 1)
    return spells, cards
