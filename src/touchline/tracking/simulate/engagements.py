"""What kind of engagement each press is, what came of it, and the pressing chains they form."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Ints, Names
from touchline.tracking.simulate.events.scene import Scene
from touchline.tracking.simulate.lineup import Lineup
from touchline.tracking.simulate.phases import Phases
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.presses import Presses
from touchline.tracking.simulate.shape import attacks

CHAIN_SHARE = 0.32
SUBTYPES = ("pressing", "pressure", "counter_press", "recovery_press", "other")
SUBTYPE_IDS = (11, 12, 13, 14, 15)
PRESSING, COUNTER_PRESS, OTHER = 0, 2, 4


@dataclass(frozen=True)
class Engagements:
    """The presses as engagements, one element each.

    `subtype` is an index into SUBTYPES; `chain` numbers pressing chains (-1 for none), `place` is
    where in the chain and `length` how long it is; `end_type` may be empty.
    """

    presses: Presses
    subtype: Ints
    end_type: Names
    chain: Ints
    place: Ints
    length: Ints


def engagements(plan: MatchPlan, presses: Presses, scene: Scene) -> Engagements:
    """The presses' kinds, ends and chains; every kind at least once if there are enough."""
    random = plan.random("engagements")
    possessions, k = scene.possessions, presses.possession
    chain, place, length = _chains(random, k, possessions.chain)
    return Engagements(
        presses=presses,
        subtype=_subtypes(random, scene.lineup, possessions, k=k, chained=chain >= 0),
        end_type=_ends(random, scene.phases, possessions, k=k),
        chain=chain,
        place=place,
        length=length,
    )


def _chains(
    random: np.random.Generator, possession: Ints, team_possession: Ints
) -> tuple[Ints, Ints, Ints]:
    """Pressing chains: engagements of two or more possessions of one team possession."""
    chain = np.full(len(possession), -1)
    place, length = np.zeros(len(possession), dtype=np.int64), np.zeros(len(possession), dtype=int)
    number = 0
    groups = team_possession[possession]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        engaged, rank = np.unique(possession[members], return_inverse=True)
        if len(engaged) < 2 or random.random() >= CHAIN_SHARE:
            continue
        chain[members], place[members], length[members] = number, rank + 1, len(engaged)
        number += 1
    return chain, place, length


def _subtypes(
    random: np.random.Generator,
    lineup: Lineup,
    possessions: Possessions,
    *,
    k: Ints,
    chained: Bools,
) -> Ints:
    """Kinds of engagement; in chains they are presses, high up more often than deep."""
    turn = attacks(lineup, 1 - possessions.side, possessions.period)
    high = (possessions.point[:, 0] * turn)[k] > -5
    fresh = possessions.opens[k] | np.roll(possessions.opens, 1)[k]
    tables = np.array((
        (0.0, 0.40, 0.02, 0.25, 0.33),
        (0.0, 0.30, 0.14, 0.26, 0.30),
        (0.30, 0.0, 0.40, 0.30, 0.0),
        (0.62, 0.0, 0.33, 0.05, 0.0),
    ))  # fmt: skip
    rows = np.where(chained, np.where(high, 3, 2), np.where(fresh, 1, 0))
    edges = tables.cumsum(axis=1)[rows]
    found = (random.random(len(k))[:, None] > edges).sum(axis=1)
    return _with_every_subtype(np.minimum(found, OTHER), chained)


def _with_every_subtype(subtype: Ints, chained: Bools) -> Ints:
    for kind in range(len(SUBTYPES) if len(subtype) else 0):
        plain = np.flatnonzero(~chained & (subtype == np.bincount(subtype).argmax()))
        if not (subtype == kind).any() and len(plain) > 1:
            subtype[plain[-1]] = kind
    return subtype


def _ends(
    random: np.random.Generator, phases: Phases, possessions: Possessions, *, k: Ints
) -> Names:
    """What came of it: regains where the possession was lost, disruptions where play stopped."""
    ends = np.full(len(k), "", dtype=object)
    lost = np.array([phase.lost for phase in phases.each])[possessions.phase[k]]
    stopped = np.array([bool(phase.stopped) for phase in phases.each])[possessions.phase[k]]
    closing = possessions.closes[k]
    luck = random.random(len(k))
    taken = possessions.end_type[k] == "possession_loss"
    ends[closing & lost & ~stopped & (luck < 0.75)] = "indirect_regain"
    ends[closing & lost & taken & (luck < 0.5)] = "direct_regain"
    ends[closing & stopped & (luck < 0.55)] = "indirect_disruption"
    ends[closing & stopped & (luck < 0.14)] = "direct_disruption"
    ends[(possessions.end_type[k] == "foul_suffered") & (luck < 0.6)] = "foul_committed"
    return ends
