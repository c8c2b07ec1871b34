"""Positions on the pitch: their provider ids, where they stand, and how hard they run."""

from dataclasses import dataclass

from touchline.tracking.simulate.clubs import Line


@dataclass(frozen=True)
class Role:
    """A position; `stand` is its place in fractions of half the pitch, attacking to +x, left is +y.

    `role_id` is the provider's id in match.json, `event_id` the one in its events.
    """

    acronym: str
    name: str
    group: str
    line: Line
    role_id: int
    event_id: int
    stand: tuple[float, float]


@dataclass(frozen=True)
class Effort:
    """Sprints (above 25 km/h) and high-speed runs (20-25 km/h) in 90 minutes on the pitch."""

    sprints: float
    high_speed_runs: float


# fmt: off
ROLES = {role.acronym: role for role in (
    Role("GK", "Goalkeeper", "Other", "GK", 0, 1, (-0.90, 0.0)),
    Role("CB", "Center Back", "Central Defender", "DEF", 2, 5, (-0.56, 0.0)),
    Role("LCB", "Left Center Back", "Central Defender", "DEF", 3, 4, (-0.54, 0.27)),
    Role("RCB", "Right Center Back", "Central Defender", "DEF", 4, 6, (-0.54, -0.27)),
    Role("LWB", "Left Wing Back", "Full Back", "DEF", 5, 3, (-0.25, 0.78)),
    Role("RWB", "Right Wing Back", "Full Back", "DEF", 6, 7, (-0.25, -0.78)),
    Role("LB", "Left Back", "Full Back", "DEF", 19, 2, (-0.42, 0.70)),
    Role("RB", "Right Back", "Full Back", "DEF", 20, 8, (-0.42, -0.70)),
    Role("DM", "Defensive Midfield", "Midfield", "MID", 7, 10, (-0.26, 0.0)),
    Role("LDM", "Left Defensive Midfield", "Midfield", "MID", 21, 9, (-0.22, 0.22)),
    Role("RDM", "Right Defensive Midfield", "Midfield", "MID", 22, 11, (-0.22, -0.22)),
    Role("LM", "Left Midfield", "Midfield", "MID", 9, 12, (-0.05, 0.58)),
    Role("RM", "Right Midfield", "Midfield", "MID", 10, 14, (-0.05, -0.58)),
    Role("AM", "Attacking Midfield", "Midfield", "MID", 11, 15, (0.14, 0.0)),
    Role("LW", "Left Winger", "Wide Attacker", "ATT", 12, 16, (0.26, 0.66)),
    Role("RW", "Right Winger", "Wide Attacker", "ATT", 13, 17, (0.26, -0.66)),
    Role("CF", "Center Forward", "Center Forward", "ATT", 15, 19, (0.40, 0.0)),
)}
SUBSTITUTE = Role("SUB", "Substitute", "Other", "MID", 17, 0, (0.0, 0.0))
FORMATIONS = (
    ("GK", "RCB", "LCB", "RB", "LB", "RDM", "LDM", "AM", "RW", "LW", "CF"),
    ("GK", "RCB", "LCB", "RB", "LB", "RM", "LM", "RDM", "LDM", "AM", "CF"),
    ("GK", "RCB", "CB", "LCB", "RWB", "LWB", "RDM", "LDM", "RW", "LW", "CF"),
    ("GK", "RCB", "LCB", "RB", "LB", "DM", "RM", "LM", "RW", "LW", "CF"),
)
EFFORTS = {
    "Other": Effort(0.0, 0.3),
    "Central Defender": Effort(6.0, 30.0),
    "Full Back": Effort(11.0, 46.0),
    "Midfield": Effort(6.5, 42.0),
    "Wide Attacker": Effort(13.0, 52.0),
    "Center Forward": Effort(11.0, 48.0),
}
# fmt: on
