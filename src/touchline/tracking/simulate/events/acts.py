"""What all events have: who acts, when and where, at which score, in which phase, how fast."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.events.labels import (
    BANDS,
    DIRECTIONS,
    GAME_STATES,
    SIDES,
    Columns,
    Labels,
    angles,
    bands,
    cm,
    directions,
    given,
    labelled,
    zone,
    zone_names,
)
from touchline.tracking.simulate.events.scene import Scene, last_line, nearest_m, team
from touchline.tracking.simulate.phases import KINDS
from touchline.tracking.simulate.plan import FRAMES_PER_S

EVENT_TYPES = Labels(
    ("off_ball_run", "passing_option", "player_possession", "on_ball_engagement"), (1, 7, 8, 9)
)
IN_KINDS = Labels(
    tuple(kind.in_possession for kind in KINDS), tuple(kind.in_possession_id for kind in KINDS)
)
OUT_KINDS = Labels(
    tuple(kind.out_of_possession for kind in KINDS),
    tuple(kind.out_of_possession_id for kind in KINDS),
)
UNMATCHED_SHARE = 0.03


@dataclass(frozen=True)
class Acts:
    """Events of one type in order of their first frame; frames are inclusive.

    `timed` is the frame from which the clock and the duration count; `possession` the possession
    that an event is or belongs to.
    """

    event_type: str
    first: Ints
    last: Ints
    timed: Ints
    slot: Ints
    side: Ints
    possession: Ints

    def __len__(self) -> int:
        """How many events."""
        return len(self.first)


def clock_text(clock: Clock, frames: Ints) -> list[str]:
    """Match clock as the provider prints it: minutes run past 90."""
    ticks = clock.elapsed(frames).tolist()
    return [f"{tick // 600:02d}:{tick // 10 % 60:02d}.{tick % 10}" for tick in ticks]


def persons(
    scene: Scene, frames: Ints, slots: Ints, *, prefix: str, where: Bools | None = None
) -> Columns:
    """Id, name and position of who holds a slot."""
    everyone = scene.lineup.spells
    known = np.ones(len(frames), dtype=bool) if where is None else where
    spell = np.where(known, scene.spells(frames, np.maximum(slots, 0)), 0)
    names = pl.Series([s.player.short_name for s in everyone]).gather(spell)
    acronyms = pl.Series([s.role.acronym for s in everyone]).gather(spell)
    return {
        f"{prefix}_id": given(np.array([s.player.player_id for s in everyone])[spell], known),
        f"{prefix}_name": given(names, known),
        f"{prefix}_position_id": given(np.array([s.role.event_id for s in everyone])[spell], known),
        f"{prefix}_position": given(acronyms, known),
    }


def goals(scene: Scene) -> tuple[Ints, Ints]:
    """Frame and side of every goal."""
    made = scene.possessions
    scored = made.scores(scene.phases)
    return made.last[scored], made.side[scored]


def act_columns(scene: Scene, acts: Acts, random: np.random.Generator) -> Columns:
    """The columns that every event has."""
    return {
        **_when(scene, acts),
        **_who(scene, acts),
        **_where(scene, acts),
        **_score(scene, acts),
        **_phase(scene, acts),
        **_movement(scene, acts, random),
        **_defence(scene, acts),
        "lead_to_shot": pl.Series(scene.possessions.lead_to_shot[acts.possession]),
        "lead_to_goal": pl.Series(scene.possessions.lead_to_goal[acts.possession]),
        "is_player_possession_start_matched": _mostly(random, len(acts)),
        "is_player_possession_end_matched": _mostly(random, len(acts)),
    }


def _mostly(random: np.random.Generator, count: int) -> pl.Series:
    return pl.Series(random.random(count) >= UNMATCHED_SHARE)


def _when(scene: Scene, acts: Acts) -> Columns:
    ticks = scene.clock.elapsed(acts.timed)
    return {
        "frame_start": pl.Series(acts.first),
        "frame_end": pl.Series(acts.last),
        "time_start": pl.Series(clock_text(scene.clock, acts.timed), dtype=pl.String),
        "time_end": pl.Series(clock_text(scene.clock, acts.last), dtype=pl.String),
        "minute_start": pl.Series(ticks // 600),
        "second_start": pl.Series(ticks // FRAMES_PER_S % 60),
        "duration": pl.Series((acts.last - acts.timed) / FRAMES_PER_S),
        "period": pl.Series(scene.clock.period_of(acts.first)),
    }


def _who(scene: Scene, acts: Acts) -> Columns:
    clubs = scene.lineup.clubs
    left = np.where(scene.turn(acts.side, acts.first) > 0, 0, 1)
    kind = np.full(len(acts), EVENT_TYPES.names.index(acts.event_type))
    return {
        **labelled("attacking_side_id", "attacking_side", SIDES, index=left),
        **labelled("event_type_id", "event_type", EVENT_TYPES, index=kind),
        **persons(scene, acts.first, acts.slot, prefix="player"),
        "team_id": pl.Series(np.array([club.club_id for club in clubs])[acts.side]),
        "team_shortname": pl.Series([club.short_name for club in clubs]).gather(acts.side),
    }


def _where(scene: Scene, acts: Acts) -> Columns:
    start = scene.places(acts.first, acts.slot, acts.side)
    end = scene.places(acts.last, acts.slot, acts.side)
    return {
        "x_start": pl.Series(cm(start[:, 0])),
        "y_start": pl.Series(cm(start[:, 1])),
        **zone(start, scene.pitch, names=zone_names("", "start")),
        "x_end": pl.Series(cm(end[:, 0])),
        "y_end": pl.Series(cm(end[:, 1])),
        **zone(end, scene.pitch, names=zone_names("", "end")),
    }


def _score(scene: Scene, acts: Acts) -> Columns:
    frames, sides = goals(scene)
    before = frames[None, :] < acts.first[:, None]
    own = (before & (sides[None, :] == acts.side[:, None])).sum(axis=1)
    other = before.sum(axis=1) - own
    state = np.where(own > other, 0, np.where(own < other, 1, 2))
    return {
        **labelled("game_state_id", "game_state", GAME_STATES, index=state),
        "team_score": pl.Series(own),
        "opponent_team_score": pl.Series(other),
    }


def _phase(scene: Scene, acts: Acts) -> Columns:
    phase = scene.possessions.phase[acts.possession]
    kind = scene.phases.kind[phase]
    team_in, team_out = "team_in_possession_phase_type", "team_out_of_possession_phase_type"
    return {
        "phase_index": pl.Series(phase),
        **labelled(f"{team_in}_id", team_in, IN_KINDS, index=kind),
        **labelled(f"{team_out}_id", team_out, OUT_KINDS, index=kind),
    }


def _movement(scene: Scene, acts: Acts, random: np.random.Generator) -> Columns:
    change = scene.places(acts.last, acts.slot, acts.side)
    change -= scene.places(acts.first, acts.slot, acts.side)
    moved = np.abs(change).max(axis=1) > 0
    angle = angles(change)
    speed = scene.speeds_kmh(acts.timed, acts.last, acts.slot)
    known = random.random(len(acts)) >= np.where(acts.last > acts.timed, 0.02, 0.15)
    return {
        "distance_covered": pl.Series(cm(scene.covered_m(acts.timed, acts.last, acts.slot))),
        "trajectory_angle": given(cm(angle), moved),
        **labelled(
            "trajectory_direction_id", "trajectory_direction", DIRECTIONS,
            index=directions(angle), where=moved,
        ),
        "speed_avg": given(cm(speed), known),
        **labelled(
            "speed_avg_band_id", "speed_avg_band", BANDS, index=bands(cm(speed)), where=known
        ),
    }  # fmt: skip


def _defence(scene: Scene, acts: Acts) -> Columns:
    """The last line of defence; for engagements it is the acting team's own."""
    theirs = acts.event_type != "on_ball_engagement"
    defenders = team(1 - acts.side if theirs else acts.side)
    found: dict[str, Floats] = {}
    for suffix, frames in (("start", acts.first), ("end", acts.last)):
        line = cm(last_line(scene.everybody(frames, acts.side), defenders, theirs=theirs))
        x = cm(scene.places(frames, acts.slot, acts.side)[:, 0])
        found[f"last_defensive_line_x_{suffix}"] = line
        found[f"delta_to_last_defensive_line_{suffix}"] = line - x if theirs else x - line
        found[f"last_defensive_line_height_{suffix}"] = scene.pitch.half[0] + (
            -line if theirs else line
        )
    for name in ("delta_to_last_defensive_line", "last_defensive_line_height"):
        found[f"{name}_gain"] = found[f"{name}_end"] - found[f"{name}_start"]
    return {name: pl.Series(cm(values)) for name, values in found.items()}


def attack_columns(scene: Scene, acts: Acts) -> Columns:
    """The columns that all but engagements have: space to opponents, in to out, shape."""
    found: dict[str, Floats] = {}
    columns: Columns = {}
    opponents = team(1 - acts.side)
    for suffix, frames in (("start", acts.first), ("end", acts.last)):
        everybody = scene.everybody(frames, acts.side)
        at = scene.places(frames, acts.slot, acts.side)
        found[suffix] = cm(nearest_m(everybody, at, opponents))
        columns[f"separation_{suffix}"] = pl.Series(found[suffix])
        columns[f"inside_defensive_shape_{suffix}"] = pl.Series(_inside(everybody, at, opponents))
    columns["separation_gain"] = pl.Series(cm(found["end"] - found["start"]))
    wide = [np.abs(scene.places(f, acts.slot, acts.side)[:, 1]) for f in (acts.first, acts.last)]
    columns["in_to_out"] = pl.Series((wide[1] - wide[0] > 3) & (wide[1] > 9))
    columns["out_to_in"] = pl.Series((wide[0] - wide[1] > 3) & (wide[0] > 9))
    return columns


def _inside(everybody: Floats, at: Floats, opponents: Bools) -> Bools:
    """Whether each place is within the block that the opponents' outfield players make."""
    block = np.where(opponents[:, :, None], everybody, np.nan)
    block[:, 0::11] = np.nan
    low, high = np.nanmin(block, axis=1), np.nanmax(block, axis=1)
    inside: Bools = ((at > low) & (at < high)).all(axis=1)
    return inside
