"""The phases file: where each phase runs, and how wide and long both teams are in it."""

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.ball import Ball
from touchline.tracking.simulate.events.acts import IN_KINDS, OUT_KINDS, clock_text
from touchline.tracking.simulate.events.labels import (
    SIDES,
    Columns,
    cm,
    given,
    labelled,
    zone,
    zone_names,
)
from touchline.tracking.simulate.events.scene import Scene, team
from touchline.tracking.simulate.events.table import csv
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.source.headers import PHASE_COLUMNS

UNKNOWN_SHARE = 0.16


def phase_table(plan: MatchPlan, scene: Scene, ball: Ball, *, blank: Bools) -> bytes:
    """All phases of a match as the provider's CSV; minutes count from each period's start."""
    random = plan.random("phase_table")
    phases, clubs = scene.phases, scene.lineup.clubs
    begins = np.array([period.first_frame for period in scene.clock.periods])
    since = phases.first - begins[phases.period - 1]
    left = np.where(scene.turn(phases.side, phases.first) > 0, 0, 1)
    counts = np.bincount(scene.possessions.phase, minlength=len(phases))
    leads_to_shot, leads_to_goal = _leads(scene)
    team_in, team_out = "team_in_possession_phase_type", "team_out_of_possession_phase_type"
    columns: Columns = {
        "index": pl.Series(np.arange(len(phases))),
        "match_id": pl.Series(np.full(len(phases), plan.match_id)),
        "frame_start": pl.Series(phases.first),
        "frame_end": pl.Series(phases.last),
        "time_start": pl.Series(clock_text(scene.clock, phases.first)),
        "time_end": pl.Series(clock_text(scene.clock, phases.last)),
        "minute_start": pl.Series(since // 600),
        "second_start": pl.Series(since // FRAMES_PER_S % 60),
        "duration": pl.Series((phases.last - phases.first) / FRAMES_PER_S),
        "period": pl.Series(phases.period),
        **labelled("attacking_side_id", "attacking_side", SIDES, index=left),
        "team_in_possession_id": pl.Series(np.array([c.club_id for c in clubs])[phases.side]),
        "team_in_possession_shortname": pl.Series([c.short_name for c in clubs]).gather(
            phases.side
        ),
        "n_player_possessions_in_phase": pl.Series(counts),
        "team_possession_loss_in_phase": pl.Series([phase.lost for phase in phases.each]),
        "team_possession_lead_to_goal": pl.Series(leads_to_goal),
        "team_possession_lead_to_shot": pl.Series(leads_to_shot),
        **labelled(f"{team_in}_id", team_in, IN_KINDS, index=phases.kind),
        **labelled(f"{team_out}_id", team_out, OUT_KINDS, index=phases.kind),
    }
    for suffix, frames in (("start", phases.first), ("end", phases.last)):
        hidden = blank[scene.clock.row(frames)] & (random.random(len(phases)) < UNKNOWN_SHARE)
        columns |= _places(scene, ball, frames, suffix=suffix, known=~hidden)
    return csv(pl.DataFrame(columns).select(PHASE_COLUMNS))


def _leads(scene: Scene) -> tuple[Bools, Bools]:
    """Whether each phase's team possession comes to a shot, and to a goal, in it or later."""
    phases = scene.phases
    chains = np.array([phase.chain for phase in phases.each])
    number = np.arange(len(phases))
    found = []
    for flag in ("shot", "goal"):
        events = np.flatnonzero([getattr(phase, flag) for phase in phases.each])
        same = chains[:, None] == chains[events][None, :]
        found.append((same & (number[:, None] <= events[None, :])).any(axis=1))
    return found[0], found[1]


def _places(scene: Scene, ball: Ball, frames: Ints, *, suffix: str, known: Bools) -> Columns:
    """The ball's zone and both teams' extent at a frame."""
    phases = scene.phases
    at = ball.xy[scene.clock.row(frames)] * scene.turn(phases.side, phases.first)[:, None]
    columns: Columns = {
        f"x_{suffix}": given(cm(at[:, 0]), known),
        f"y_{suffix}": given(cm(at[:, 1]), known),
        **zone(at, scene.pitch, names=zone_names("", suffix)),
    }
    everybody = scene.everybody(frames, phases.side)
    for name, sides in (("in", phases.side), ("out_of", 1 - phases.side)):
        extent = _extent(everybody, team(sides))
        columns[f"team_{name}_possession_width_{suffix}"] = given(cm(extent[:, 1]), known)
        columns[f"team_{name}_possession_length_{suffix}"] = given(cm(extent[:, 0]), known)
    return columns


def _extent(everybody: Floats, members: Bools) -> Floats:
    """Length and width of a team."""
    players = np.where(members[:, :, None], everybody, np.nan)
    extent: Floats = np.nanmax(players, axis=1) - np.nanmin(players, axis=1)
    return extent
