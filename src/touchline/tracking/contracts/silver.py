"""The silver tables of tracking: typed, one grain each, named with units.

Provider columns keep the provider's meaning (its glossary, data version 3); a name gains a unit
where the provider's has none.
"""

from touchline.core.contracts import Column, Contract
from touchline.core.quality import Rows

MATCH = ("partition_date", "competition_id", "match_id")

MATCH_COLUMNS = (
    Column("partition_date", "string", "UTC kick-off date, YYYY-MM-DD", null=False, origin="derived"),
    Column("competition_id", "string", "Competition code from configuration, else the provider's id", null=False, origin="derived"),
    Column("match_id", "long", "Provider's match id", null=False),
)  # fmt: skip

RUN_SUBTYPES = (
    "behind", "coming_short", "cross_receiver", "dropping_off", "overlap", "pulling_half_space",
    "pulling_wide", "run_ahead_of_the_ball", "support", "underlap",
)  # fmt: skip
ENGAGEMENT_SUBTYPES = ("pressing", "pressure", "counter_press", "recovery_press", "other")
EVENT_TYPES = ("player_possession", "passing_option", "off_ball_run", "on_ball_engagement")
IN_POSSESSION = (
    "build_up", "create", "finish", "transition", "quick_break", "direct", "chaotic", "set_play",
)  # fmt: skip
OUT_OF_POSSESSION = (
    "low_block", "medium_block", "high_block", "defending_transition", "defending_quick_break",
    "defending_direct", "chaotic", "defending_set_play",
)  # fmt: skip

# The phases file never says disruption, the events do (118 of 8,154 in two matches).
EVENT_PHASES = (*IN_POSSESSION, "disruption")


def _table(name: str, grain: str, columns: tuple[Column, ...], *, key: tuple[str, ...]) -> Contract:
    return Contract(
        f"tracking.{name}",
        grain,
        (*MATCH_COLUMNS, *columns),
        key=("match_id", *key),
        replace_by=("match_id",),
        partition_by=MATCH,
        layer="silver",
        rules=(Rows(at_least=1),),
    )


# fmt: off
MATCHES = _table("matches", "one row per match", (
    Column("kick_off_at", "instant", "Kick-off, UTC", null=False),
    Column("provider_competition_id", "long", "Provider's competition id", null=False),
    Column("competition_name", "string", "Competition"),
    Column("season_id", "long", "Provider's season id"),
    Column("season_name", "string", "Season, such as 2024/2025"),
    Column("round_name", "string", "Round of the competition"),
    Column("home_team_id", "long", "Provider's id of the home team", null=False),
    Column("home_team_name", "string", "Home team's short name"),
    Column("away_team_id", "long", "Provider's id of the away team", null=False),
    Column("away_team_name", "string", "Away team's short name"),
    Column("home_score", "int", "Home goals at the end"),
    Column("away_score", "int", "Away goals at the end"),
    Column("stadium_name", "string", "Stadium"),
    Column("pitch_length_m", "double", "Pitch length", unit="m", null=False, within=(80, 130)),
    Column("pitch_width_m", "double", "Pitch width", unit="m", null=False, within=(45, 100)),
    Column("home_side_period_1", "string", "Direction the home team attacks in period 1", allowed=("left_to_right", "right_to_left")),
    Column("period_1_start_frame", "int", "First frame of period 1"),
    Column("period_1_end_frame", "int", "Last frame of period 1"),
    Column("period_2_start_frame", "int", "First frame of period 2"),
    Column("period_2_end_frame", "int", "Last frame of period 2"),
    Column("period_3_start_frame", "int", "First frame of extra time, first half"),
    Column("period_3_end_frame", "int", "Last frame of extra time, first half"),
    Column("period_4_start_frame", "int", "First frame of extra time, second half"),
    Column("period_4_end_frame", "int", "Last frame of extra time, second half"),
    Column("home_minutes_tip", "double", "Minutes in which the home team had the ball", unit="min"),
    Column("away_minutes_tip", "double", "Minutes in which the away team had the ball", unit="min"),
), key=())

PLAYERS = _table("players", "one row per player of a match's squads, unused substitutes included", (
    Column("player_id", "long", "Provider's player id", null=False),
    Column("player_name", "string", "First and last name"),
    Column("player_short_name", "string", "Short name, such as N. Velupillay"),
    Column("shirt_number", "int", "Number on the shirt"),
    Column("birth_date", "date", "Date of birth"),
    Column("team_id", "long", "Provider's team id", null=False),
    Column("team_name", "string", "Team's short name"),
    Column("is_home", "bool", "Whether the team plays at home", null=False, origin="derived"),
    Column("position", "string", "Position's acronym, such as LW; SUB where he was not used"),
    Column("position_group", "string", "Position group, such as Wide Attacker"),
    Column("started", "bool", "Whether he was in the starting eleven", null=False, origin="derived"),
    Column("played", "bool", "Whether he was on the pitch at all", null=False, origin="derived"),
    Column("start_frame", "int", "First frame on the pitch"),
    Column("end_frame", "int", "Last frame on the pitch"),
    Column("minutes_played", "double", "Minutes on the pitch, stoppage time included", unit="min", within=(0, 150)),
    Column("minutes_tip", "double", "Minutes on the pitch while his team had the ball", unit="min", within=(0, 150)),
    Column("minutes_otip", "double", "Minutes on the pitch while the other team had the ball", unit="min", within=(0, 150)),
    Column("goals", "int", "Goals he scored"),
    Column("own_goals", "int", "Own goals"),
    Column("yellow_cards", "int", "Yellow cards"),
    Column("red_cards", "int", "Red cards"),
), key=("player_id",))

FRAMES = _table("frames", "one row per player and frame (10 a second) in which the provider gives positions", (
    Column("period", "int", "Period of play, 1 to 4", null=False),
    Column("frame", "int", "Frame number, the match's only clock: unique and increasing", null=False),
    Column("player_id", "long", "Provider's player id", null=False),
    Column("team_id", "long", "Provider's team id", null=False, origin="derived"),
    Column("x_m", "double", "Position along the pitch, origin at its centre", unit="m", null=False),
    Column("y_m", "double", "Position across the pitch, origin at its centre", unit="m", null=False),
    Column("is_detected", "bool", "Seen by the camera (true) or extrapolated (false)", null=False),
), key=("player_id", "frame"))

BALL = _table("ball", "one row per frame of a period", (
    Column("period", "int", "Period of play, 1 to 4", null=False),
    Column("frame", "int", "Frame number, as in frames", null=False),
    Column("clock", "string", "The provider's match clock; it restarts at each period and is not unique"),
    Column("x_m", "double", "Ball along the pitch", unit="m"),
    Column("y_m", "double", "Ball across the pitch", unit="m"),
    Column("z_m", "double", "Ball above the ground", unit="m"),
    Column("is_detected", "bool", "Seen by the camera (true) or extrapolated (false)"),
    Column("possession_player_id", "long", "Player on the ball"),
    Column("possession_group", "string", "Team in possession: home team or away team"),
), key=("frame",))

EVENTS = _table("events", "one row per dynamic event: possession, passing option, off-ball run, on-ball engagement", (
    Column("event_id", "string", "Provider's event id, unique within a match only", null=False),
    Column("event_index", "int", "Provider's order of events within the match"),
    Column("event_type", "string", "Kind of event", null=False, allowed=EVENT_TYPES),
    Column("event_subtype", "string", "Kind of run or engagement", allowed=(*RUN_SUBTYPES, *ENGAGEMENT_SUBTYPES)),
    Column("period", "int", "Period of play", null=False),
    Column("frame_start", "int", "First frame", null=False),
    Column("frame_end", "int", "Last frame", null=False),
    Column("minute_start", "int", "Minute of the match clock"),
    Column("second_start", "int", "Second of the match clock"),
    Column("duration_s", "double", "Length in time", unit="s"),
    Column("player_id", "long", "Player who acts", null=False),
    Column("team_id", "long", "Team that acts", null=False),
    Column("player_position", "string", "Position of the player who acts"),
    Column("player_in_possession_id", "long", "Player on the ball"),
    Column("attacking_side", "string", "Direction of attack of the team in possession", allowed=("left_to_right", "right_to_left")),
    Column("x_start_m", "double", "Start along the pitch; the acting team attacks to +x", unit="m"),
    Column("y_start_m", "double", "Start across the pitch", unit="m"),
    Column("x_end_m", "double", "End along the pitch", unit="m"),
    Column("y_end_m", "double", "End across the pitch", unit="m"),
    Column("third_start", "string", "Third of the pitch at the start"),
    Column("third_end", "string", "Third of the pitch at the end"),
    Column("channel_start", "string", "Channel of the pitch at the start"),
    Column("channel_end", "string", "Channel of the pitch at the end"),
    Column("penalty_area_start", "bool", "Starts in the penalty area"),
    Column("penalty_area_end", "bool", "Ends in the penalty area"),
    Column("start_type", "string", "How a possession began"),
    Column("end_type", "string", "How a possession or an engagement ended"),
    Column("associated_player_possession_event_id", "string", "The possession this event belongs to"),
    Column("game_state", "string", "Winning, drawing or losing"),
    Column("team_score", "int", "Own goals scored so far"),
    Column("opponent_team_score", "int", "Opponents' goals so far"),
    Column("phase_index", "int", "Index of the phase of play"),
    Column("team_in_possession_phase_type", "string", "Phase of the team on the ball", allowed=EVENT_PHASES),
    Column("team_out_of_possession_phase_type", "string", "Phase of the other team", allowed=(*OUT_OF_POSSESSION, "disruption")),
    Column("lead_to_shot", "bool", "A shot follows within 10 s"),
    Column("lead_to_goal", "bool", "A goal follows within 10 s"),
    Column("distance_covered_m", "double", "Distance covered", unit="m"),
    Column("speed_avg_kmh", "double", "Mean speed", unit="km/h", within=(0.0, 100.0)),
    Column("speed_avg_band", "string", "Band of the mean speed"),
    Column("separation_start_m", "double", "Distance to the nearest opponent at the start", unit="m"),
    Column("separation_end_m", "double", "Distance to the nearest opponent at the end", unit="m"),
    Column("carry", "bool", "The player carries the ball"),
    Column("one_touch", "bool", "One-touch possession"),
    Column("quick_pass", "bool", "Quick pass"),
    Column("targeted", "bool", "The run or option was passed to"),
    Column("received", "bool", "The run or option received the ball"),
    Column("dangerous", "bool", "xThreat above 0.02"),
    Column("xthreat", "double", "Probability of a goal within 10 s if the pass completes", null=True, within=(0.0, 1.0)),
    Column("xpass_completion", "double", "Probability that the pass completes", within=(0.0, 1.0)),
    Column("passing_option_score", "double", "Provider's score of the option"),
    Column("player_targeted_id", "long", "Player the pass was meant for"),
    Column("player_targeted_xthreat", "double", "xThreat of the pass that was played"),
    Column("n_opponents_ahead_start", "int", "Opponents ahead at the start"),
    Column("n_opponents_ahead_end", "int", "Opponents ahead at the end"),
    Column("n_opponents_overtaken", "int", "Opponents overtaken; negative where they overtook him"),
    Column("n_opponents_bypassed", "int", "Opponents bypassed by the pass"),
    Column("first_line_break", "bool", "Breaks the first line"),
    Column("second_last_line_break", "bool", "Breaks the second-last line"),
    Column("last_line_break", "bool", "Breaks the last line"),
    Column("break_defensive_line", "bool", "The run breaks the defensive line"),
    Column("push_defensive_line", "bool", "The run pushes the defensive line back"),
    Column("give_and_go", "bool", "The run follows the player's own pass"),
    Column("intended_run_behind", "bool", "The run aims behind the line"),
    Column("n_simultaneous_runs", "int", "Other runs at the same time"),
    Column("pressing_chain", "bool", "Part of a chain of engagements"),
    Column("pressing_chain_index", "int", "Which chain"),
    Column("pressing_chain_length", "int", "Engagements in the chain"),
    Column("pressing_chain_end_type", "string", "How the chain ended"),
    Column("index_in_pressing_chain", "int", "Place in the chain"),
    Column("force_backward", "bool", "The engagement forces the ball back"),
    Column("stop_possession_danger", "bool", "The engagement ends the danger"),
    Column("reduce_possession_danger", "bool", "The engagement lowers the danger"),
    Column("beaten_by_possession", "bool", "Beaten by the ball"),
    Column("beaten_by_movement", "bool", "Beaten by movement"),
    Column("interplayer_distance_start_m", "double", "Distance to the engaged player at the start", unit="m"),
    Column("angle_of_engagement_deg", "double", "Angle of the engagement", unit="deg"),
), key=("event_id",))

PHASES = _table("phases", "one row per phase of play, half-open [frame_start, frame_end)", (
    Column("phase_index", "int", "Provider's index", null=False),
    Column("period", "int", "Period of play", null=False),
    Column("frame_start", "int", "First frame", null=False),
    Column("frame_end", "int", "Frame after the last", null=False),
    Column("minute_start", "int", "Minute of the match clock"),
    Column("second_start", "int", "Second of the match clock"),
    Column("duration_s", "double", "Length in time", unit="s"),
    Column("attacking_side", "string", "Direction of attack of the team in possession", allowed=("left_to_right", "right_to_left")),
    Column("team_in_possession_id", "long", "Team on the ball", null=False),
    Column("team_out_of_possession_id", "long", "The other team", null=False, origin="derived"),
    Column("team_in_possession_phase_type", "string", "Phase of the team on the ball", null=False, allowed=IN_POSSESSION),
    Column("team_out_of_possession_phase_type", "string", "Phase of the other team", null=False, allowed=OUT_OF_POSSESSION),
    Column("n_player_possessions", "int", "Player possessions in the phase"),
    Column("possession_loss", "bool", "The team loses the ball in the phase"),
    Column("lead_to_shot", "bool", "The team possession leads to a shot"),
    Column("lead_to_goal", "bool", "The team possession leads to a goal"),
    Column("x_start_m", "double", "Ball along the pitch at the start", unit="m"),
    Column("y_start_m", "double", "Ball across the pitch at the start", unit="m"),
    Column("x_end_m", "double", "Ball along the pitch at the end", unit="m"),
    Column("y_end_m", "double", "Ball across the pitch at the end", unit="m"),
    Column("third_start", "string", "Third of the pitch at the start"),
    Column("third_end", "string", "Third of the pitch at the end"),
    Column("in_possession_width_start_m", "double", "Width of the team on the ball at the start", unit="m"),
    Column("in_possession_width_end_m", "double", "Width of the team on the ball at the end", unit="m"),
    Column("in_possession_length_start_m", "double", "Length of the team on the ball at the start", unit="m"),
    Column("in_possession_length_end_m", "double", "Length of the team on the ball at the end", unit="m"),
    Column("out_of_possession_width_start_m", "double", "Width of the other team at the start", unit="m"),
    Column("out_of_possession_width_end_m", "double", "Width of the other team at the end", unit="m"),
    Column("out_of_possession_length_start_m", "double", "Length of the other team at the start", unit="m"),
    Column("out_of_possession_length_end_m", "double", "Length of the other team at the end", unit="m"),
), key=("phase_index",))
# fmt: on
