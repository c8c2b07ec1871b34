"""The gold tables made from positions: sprints, sprints per player, physical output per player.

`null` means that it could not be measured: no positions of the player, or no minutes. A player who
was seen and did nothing has 0. To sum up several matches, add counts, distances and minutes first
and divide then: never average a rate.

About a quarter of the frames of a period carry no positions (replays). Counts are of what was
seen. Distances are for all his minutes: in each state of play (his team on the ball, the other
team, dead ball) metres per minute seen x the minutes of that state. `frames_share` says how much
was seen, `distance_measured_m` is the seen part alone.

Bands, acceleration limits, minimum lengths and the start and end of explosive accelerations follow
the provider's published glossary; where it leaves a choice, the definition states ours.
"""

from touchline.core.contracts import Column, Contract
from touchline.core.quality import RowPer, Rows, Rule, Within
from touchline.tracking.contracts.silver import (
    IN_POSSESSION,
    MATCH,
    MATCH_COLUMNS,
    OUT_OF_POSSESSION,
    PLAYERS,
)

PLAYER_DISTANCES = (
    ("distance", "Distance covered"),
    ("running_distance", "Distance at 15 to 20 km/h"),
    ("hsr_distance", "High-speed running: distance at 20 to 25 km/h"),
    ("sprint_band_distance", "Distance at 25 km/h or more, inside sprints or not"),
    ("hi_distance", "High intensity: distance at 20 km/h or more"),
)
PLAYER_COUNTS = (
    ("running_count", "Bouts of 0.7 s or more at 15 km/h or more that hold no bout of a faster band"),
    ("hsr_count", "Bouts of 0.7 s or more at 20 km/h or more that hold no bout at 25 km/h"),
    ("sprint_band_count", "Bouts of 0.7 s or more at 25 km/h or more"),
    ("hi_count", "hsr_count + sprint_band_count"),
    ("high_acceleration_count", "Accelerations above 3 m/s2 for 0.7 s or more"),
    ("medium_acceleration_count", "Accelerations of 1.5 m/s2 or more for 0.7 s or more that hold no high one"),
    ("high_deceleration_count", "Decelerations above 3 m/s2 for 0.7 s or more"),
    ("medium_deceleration_count", "Decelerations of 1.5 m/s2 or more for 0.7 s or more that hold no high one"),
    ("explosive_acceleration_to_hsr_count", "High accelerations that begin below 9 km/h and reach 20 km/h within 4 s, seen without a gap"),
    ("explosive_acceleration_to_sprint_count", "High accelerations that begin below 9 km/h and reach 25 km/h within 4 s, seen without a gap"),
)  # fmt: skip
_RULE = "its name, and where its thresholds are not its defaults those too, such as: default, 24 km/h, 0.7 s"
_SPRINT = "a stretch that satisfies the sprint rule named in sprint_rule"


def _derived(name: str, kind: str, definition: str, *, unit: str = "", **said: object) -> Column:
    return Column(name, kind, definition, unit=unit, origin="derived", **said)  # type: ignore[arg-type]


def _count(name: str, definition: str) -> Column:
    return _derived(name, "long", definition, unit="count")


def _rates(stem: str, definition: str, unit: str = "") -> tuple[Column, ...]:
    """Per 90 minutes, and per 30 with and without the ball; `unit` is that of a distance."""
    end = f"_{unit}" if unit else ""
    text = f"{definition}: {stem}"
    said = f"{unit or 'count'} per"
    return (
        _derived(f"{stem}_per_90{end}", "double", f"{text} x 90 / minutes_played", unit=f"{said} 90 min"),
        _derived(f"{stem}_per_30_tip{end}", "double", f"{text} with his team on the ball x 30 / minutes_tip", unit=f"{said} 30 min TIP"),
        _derived(f"{stem}_per_30_otip{end}", "double", f"{text} with the other team on the ball x 30 / minutes_otip", unit=f"{said} 30 min OTIP"),
    )  # fmt: skip


def _distance_columns(stem: str, definition: str) -> tuple[Column, ...]:
    return (
        _derived(f"{stem}_m", "double", f"{definition}, for all his minutes", unit="m"),
        _derived(f"{stem}_tip_m", "double", f"{definition}, while his team had the ball", unit="m"),
        _derived(
            f"{stem}_otip_m", "double", f"{definition}, while the other team had it", unit="m"
        ),
        *_rates(stem, definition, "m"),
    )


def _count_columns(name: str, definition: str) -> tuple[Column, ...]:
    return (
        _count(name, f"{definition}, as seen"),
        _count(f"{name}_tip", f"{definition}, his team on the ball at the middle frame"),
        _count(f"{name}_otip", f"{definition}, the other team on the ball at the middle frame"),
        *_rates(name, definition),
    )


def _gold(
    name: str,
    grain: str,
    columns: tuple[Column, ...],
    *,
    key: tuple[str, ...],
    rules: tuple[Rule, ...],
) -> Contract:
    return Contract(
        f"tracking.{name}",
        grain,
        (*MATCH_COLUMNS, *columns),
        key=("match_id", *key),
        replace_by=("match_id",),
        partition_by=MATCH,
        layer="gold",
        rules=rules,
    )


def _per_player(name: str, columns: tuple[Column, ...], rules: tuple[Rule, ...]) -> Contract:
    minutes = ("minutes_played", "minutes_tip", "minutes_otip")
    return _gold(
        name,
        "one row per player who started or played, and match",
        (*(PLAYERS.column(n) for n in ("player_id", "team_id", *minutes)), *columns),
        key=("player_id",),
        rules=(
            Rows(at_least=1),
            RowPer(of="players", on=("match_id", "player_id"), where="started"),
            *rules,
        ),
    )


# fmt: off
SPRINTS = _gold("sprints", "one row per sprint", (
    Column("player_id", "long", "Provider's player id", null=False),
    Column("team_id", "long", "Provider's team id", null=False),
    _derived("period", "int", "Period of play at the first frame", null=False),
    _derived("first_frame", "int", "First frame of the sprint", null=False),
    _derived("last_frame", "int", "Last frame of the sprint", null=False),
    _derived("duration_s", "double", "Frames from first to last, both included, in seconds", unit="s", null=False),
    _derived("distance_m", "double", "Path covered: smoothed speed added up over its frames (prototype rule: mean speed x duration)", unit="m", null=False, within=(0.0, 200.0)),
    _derived("top_speed_kmh", "double", "Highest speed held for 0.5 s (prototype rule: 90th percentile of the smoothed speed)", unit="km/h", null=False, within=(0.0, 40.0)),
    _derived("avg_speed_kmh", "double", "Mean speed over its frames", unit="km/h", null=False, within=(0.0, 40.0)),
    Column("start_x_m", "double", "Position along the pitch at the first frame", unit="m"),
    Column("start_y_m", "double", "Position across the pitch at the first frame", unit="m"),
    Column("end_x_m", "double", "Position along the pitch at the last frame", unit="m"),
    Column("end_y_m", "double", "Position across the pitch at the last frame", unit="m"),
    Column("team_in_possession_phase_type", "string", "Phase of the team on the ball at the middle frame; null in dead ball", allowed=IN_POSSESSION),
    Column("team_out_of_possession_phase_type", "string", "Phase of the other team at the middle frame; null in dead ball", allowed=OUT_OF_POSSESSION),
    _derived("in_possession", "bool", "Whether his own team is on the ball at the middle frame; null in dead ball"),
    _derived("detected_share", "double", "Confidence: share of its frames in which the camera saw him", unit="share, 0 to 1", null=False, within=(0.0, 1.0)),
    _derived("sprint_rule", "string", f"The rule that found it: {_RULE}", null=False, version=2),
), key=("player_id", "first_frame"), rules=())

PLAYER_SPRINTS = _per_player("player_sprints", (
    _count("sprint_count", f"Sprints seen: {_SPRINT}"),
    _derived("sprints_per_90", "double", "sprint_count x 90 / minutes_played", unit="count per 90 min"),
    _count("sprint_count_tip", "Sprints while his team was on the ball at the middle frame"),
    _count("sprint_count_otip", "Sprints while the other team was on the ball at the middle frame"),
    _count("sprint_count_dead_ball", "Sprints whose middle frame lies in no phase of play"),
    _derived("sprints_per_30_tip", "double", "sprint_count_tip x 30 / minutes_tip", unit="count per 30 min TIP"),
    _derived("sprints_per_30_otip", "double", "sprint_count_otip x 30 / minutes_otip", unit="count per 30 min OTIP"),
    _derived("sprint_distance_m", "double", "Distance covered inside sprints, as seen; physical output has sprint_band_distance_m", unit="m"),
    _derived("sprint_distance_per_90_m", "double", "sprint_distance_m x 90 / minutes_played", unit="m per 90 min"),
    _derived("top_sprint_speed_kmh", "double", "Highest top speed of his sprints; null without a sprint", unit="km/h"),
    _derived("avg_top_sprint_speed_kmh", "double", "Mean of the top speeds of his sprints; null without a sprint", unit="km/h"),
    _derived("avg_sprint_speed_kmh", "double", "Mean of the mean speeds of his sprints; null without a sprint", unit="km/h"),
    _derived("avg_sprint_distance_m", "double", "sprint_distance_m / sprint_count; null without a sprint", unit="m"),
    _derived("avg_sprint_duration_s", "double", "Mean length of his sprints; null without a sprint", unit="s"),
    *(_count(f"sprint_count_tip_{p}", f"Sprints in his own team's phase {p}") for p in IN_POSSESSION),
    *(_count(f"sprint_count_otip_{p}", f"Sprints in his own team's phase {p} without the ball") for p in OUT_OF_POSSESSION),
    _derived("sprint_detected_share", "double", "Confidence: share of the frames of his sprints in which the camera saw him; null without a sprint", unit="share, 0 to 1", within=(0.0, 1.0)),
    _derived("sprint_rule", "string", f"The rule that found them: {_RULE}", null=False, version=2),
), rules=(Within("top_sprint_speed_kmh", 0.0, 40.0),))

PLAYER_PHYSICAL = _per_player("player_physical", (
    _derived("frames_share", "double", "Confidence: share of his minutes' frames that carry his position", unit="share, 0 to 1", within=(0.0, 1.0)),
    _derived("detected_share", "double", "Confidence: share of his positions that the camera saw, the rest is extrapolated", unit="share, 0 to 1", within=(0.0, 1.0)),
    _derived("distance_measured_m", "double", "Distance covered in the frames that carry his position", unit="m"),
    _derived("metres_per_min", "double", "distance_m / minutes_played", unit="m/min"),
    _derived("metres_per_min_tip", "double", "distance_tip_m / minutes_tip", unit="m/min"),
    _derived("metres_per_min_otip", "double", "distance_otip_m / minutes_otip", unit="m/min"),
    _derived("top_speed_kmh", "double", "Highest speed held for 0.5 s", unit="km/h", within=(0.0, 60.0)),
    _derived("psv99_kmh", "double", "PSV-99, peak sprint velocity, on the scale of the provider's: 99th percentile over the frames at 15 km/h or more alone, of the speed he held for 0.5 s; null if there are none. Over all frames: speed_p99_kmh", unit="km/h", version=2),
    _derived("speed_p99_kmh", "double", "99th percentile of his speed over all frames, standing and walking included: what the words of PSV-99 say, and some 7 km/h below psv99_kmh, which is on the scale of the provider's", unit="km/h", version=2),
    *(c for stem, text in PLAYER_DISTANCES for c in _distance_columns(stem, text)),
    *(c for name, text in PLAYER_COUNTS for c in _count_columns(name, text)),
), rules=(Within("top_speed_kmh", 0.0, 40.0),))
# fmt: on
