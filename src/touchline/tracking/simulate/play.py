"""A match from plan to files: the simulation's table of contents."""

from collections import Counter
from dataclasses import dataclass

from touchline.tracking.simulate.ball import ball
from touchline.tracking.simulate.bouts import Bout
from touchline.tracking.simulate.clock import clock
from touchline.tracking.simulate.efforts import efforts
from touchline.tracking.simulate.engagements import engagements
from touchline.tracking.simulate.events.runs import runs
from touchline.tracking.simulate.events.scene import Scene, scene
from touchline.tracking.simulate.events.table import events
from touchline.tracking.simulate.faults import gap_rows, noted, with_gap, with_teleports
from touchline.tracking.simulate.guide import guide
from touchline.tracking.simulate.jsonl import lines
from touchline.tracking.simulate.lineup import lineup
from touchline.tracking.simulate.match_file import match_file
from touchline.tracking.simulate.motion import paths
from touchline.tracking.simulate.phase_table import phase_table
from touchline.tracking.simulate.phases import phases
from touchline.tracking.simulate.plan import MatchPlan, SimulatedMatch
from touchline.tracking.simulate.possessions import possessions
from touchline.tracking.simulate.presses import Presses, presses
from touchline.tracking.simulate.recording import recording
from touchline.tracking.simulate.reissue import reissued
from touchline.tracking.simulate.settle import settled_possessions, settled_presses
from touchline.tracking.simulate.shape import Pitch
from touchline.tracking.simulate.stretches import speeds
from touchline.tracking.simulate.truth import truth
from touchline.tracking.simulate.visibility import blanks

WIDTH_M = 68.0


@dataclass(frozen=True)
class Course:
    """What happens in a match, before anybody writes it down."""

    scene: Scene
    bouts: tuple[Bout, ...]
    presses: Presses


def match(plan: MatchPlan) -> SimulatedMatch:
    """A whole made-up match: the provider's four files and the truth. Same plan, same bytes."""
    happened = course(plan)
    seen, when, teams = happened.scene, happened.scene.clock, happened.scene.lineup
    speed_ms = speeds(seen.xy, when)
    off_ball = runs(seen, happened.bouts, speed_ms)
    engaged = engagements(plan, happened.presses, seen)
    written = events(plan, seen, off_ball, engagements=engaged)
    gap = gap_rows(plan, when)
    blank = with_gap(blanks(plan, when), gap)
    rolling = ball(plan, seen)
    shown, jumps = with_teleports(
        plan, recording(plan, seen, ball=rolling, blank=blank), when, pitch=seen.pitch
    )
    known = truth(
        plan, seen, happened.bouts, speed_ms=speed_ms, blank=blank, runs=off_ball,
        options=written.options, engagements=engaged,
    )  # fmt: skip
    known["faults"] = noted(plan, when, gap, jumps=jumps)
    scorers = Counter(_scorers(seen))
    played = SimulatedMatch(
        match=match_file(plan, when, teams, phases=seen.phases, pitch=seen.pitch, scorers=scorers),
        tracking=lines(shown, when),
        events=written.text,
        phases=phase_table(plan, seen, rolling, blank=blank),
        truth=known,
    )
    return reissued(played, plan.seed) if plan.faults.reissue else played


def course(plan: MatchPlan) -> Course:
    """The script, how players move by it, and who then really was near the ball."""
    when = clock(plan)
    teams = lineup(plan, when)
    pitch = Pitch(float(plan.random("pitch").integers(104, 107)), WIDTH_M)
    script = phases(plan, when, pitch.length_m)
    held = teams.occupants(when)
    meant = possessions(plan, when, teams, phases=script, pitch=pitch)
    sent = presses(plan, when, teams, possessions=meant, pitch=pitch)
    planned = efforts(plan, when, teams, possessions=meant, held=held, pitch=pitch)
    targets, in_play = guide(
        plan, when, teams, phases=script, possessions=meant, presses=sent, pitch=pitch
    )
    xy = paths(targets, in_play, planned, clock=when, pitch=pitch)
    on_ball = settled_possessions(meant, xy, when, held=held, bouts=planned)
    return Course(
        scene=scene(when, teams, pitch, phases=script, possessions=on_ball, xy=xy, held=held),
        bouts=planned,
        presses=settled_presses(sent, on_ball, xy, clock=when, held=held),
    )


def _scorers(seen: Scene) -> list[int]:
    """The player id of each goal."""
    made = seen.possessions
    scored = made.scores(seen.phases)
    spells = seen.spells(made.last[scored], made.slot[scored])
    return [seen.lineup.spells[spell].player.player_id for spell in spells]
