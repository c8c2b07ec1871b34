"""The provider's names for what its files hold, in their order (data version 3): the one place.

Read off the three open matches of the sample data; anything else in a file is noted as added.
"""

from collections.abc import Iterable

EVENT_COLUMNS = (
    "event_id", "index", "match_id", "frame_start", "frame_end", "frame_physical_start",
    "time_start", "time_end", "minute_start", "second_start", "duration", "period",
    "attacking_side_id", "attacking_side", "event_type_id", "event_type", "event_subtype_id",
    "event_subtype", "player_id", "player_name", "player_position_id", "player_position",
    "player_in_possession_id", "player_in_possession_name", "player_in_possession_position_id",
    "player_in_possession_position", "team_id", "team_shortname", "x_start", "y_start",
    "channel_id_start", "channel_start", "third_id_start", "third_start", "penalty_area_start",
    "x_end", "y_end", "channel_id_end", "channel_end", "third_id_end", "third_end",
    "penalty_area_end", "associated_player_possession_event_id",
    "associated_player_possession_frame_start", "associated_player_possession_frame_end",
    "associated_player_possession_end_type_id", "associated_player_possession_end_type",
    "associated_off_ball_run_event_id", "associated_off_ball_run_subtype_id",
    "associated_off_ball_run_subtype", "game_state_id", "game_state", "team_score",
    "opponent_team_score", "phase_index", "player_possession_phase_index",
    "first_player_possession_in_team_possession", "last_player_possession_in_team_possession",
    "lead_to_different_phase", "issued_from_different_phase", "n_player_possessions_in_phase",
    "team_possession_loss_in_phase", "team_in_possession_phase_type_id",
    "team_in_possession_phase_type", "team_out_of_possession_phase_type_id",
    "team_out_of_possession_phase_type", "current_team_in_possession_next_phase_type_id",
    "current_team_in_possession_next_phase_type",
    "current_team_out_of_possession_next_phase_type_id",
    "current_team_out_of_possession_next_phase_type",
    "current_team_in_possession_previous_phase_type_id",
    "current_team_in_possession_previous_phase_type",
    "current_team_out_of_possession_previous_phase_type_id",
    "current_team_out_of_possession_previous_phase_type", "game_interruption_before_id",
    "game_interruption_before", "game_interruption_after_id", "game_interruption_after",
    "lead_to_shot", "lead_to_goal", "distance_covered", "trajectory_angle",
    "trajectory_direction_id", "trajectory_direction", "in_to_out", "out_to_in", "speed_avg",
    "speed_avg_band_id", "speed_avg_band", "separation_start", "separation_end",
    "separation_gain", "last_defensive_line_x_start", "last_defensive_line_x_end",
    "delta_to_last_defensive_line_start", "delta_to_last_defensive_line_end",
    "delta_to_last_defensive_line_gain", "last_defensive_line_height_start",
    "last_defensive_line_height_end", "last_defensive_line_height_gain",
    "inside_defensive_shape_start", "inside_defensive_shape_end", "start_type_id", "start_type",
    "end_type_id", "end_type", "consecutive_on_ball_engagements", "one_touch", "quick_pass",
    "carry", "forward_momentum", "is_header", "hand_pass", "initiate_give_and_go",
    "pass_angle_received", "pass_direction_received_id", "pass_direction_received",
    "pass_distance_received", "pass_range_received_id", "pass_range_received",
    "pass_outcome_id", "pass_outcome", "targeted_passing_option_event_id", "high_pass",
    "player_targeted_id", "player_targeted_name", "player_targeted_position_id",
    "player_targeted_position", "player_targeted_x_pass", "player_targeted_y_pass",
    "player_targeted_channel_pass_id", "player_targeted_channel_pass",
    "player_targeted_third_pass_id", "player_targeted_third_pass",
    "player_targeted_penalty_area_pass", "player_targeted_x_reception",
    "player_targeted_y_reception", "player_targeted_channel_reception_id",
    "player_targeted_channel_reception", "player_targeted_third_reception_id",
    "player_targeted_third_reception", "player_targeted_penalty_area_reception",
    "player_targeted_distance_to_goal_start", "player_targeted_distance_to_goal_end",
    "player_targeted_angle_to_goal_start", "player_targeted_angle_to_goal_end",
    "player_targeted_average_speed", "player_targeted_speed_avg_band_id",
    "player_targeted_speed_avg_band", "speed_difference", "player_targeted_xpass_completion",
    "player_targeted_difficult_pass_target", "player_targeted_xthreat",
    "player_targeted_dangerous", "n_passing_options", "n_off_ball_runs",
    "n_passing_options_line_break", "n_passing_options_first_line_break",
    "n_passing_options_second_last_line_break", "n_passing_options_last_line_break",
    "n_passing_options_ahead", "n_passing_options_dangerous_difficult",
    "n_passing_options_dangerous_not_difficult",
    "n_passing_options_not_dangerous_not_difficult",
    "n_passing_options_not_dangerous_difficult", "n_passing_options_at_start",
    "n_passing_options_at_end", "n_passing_options_ahead_at_start",
    "n_passing_options_ahead_at_end", "n_teammates_ahead_end", "n_teammates_ahead_start",
    "n_player_targeted_opponents_ahead_start", "n_player_targeted_opponents_ahead_end",
    "n_player_targeted_teammates_ahead_start", "n_player_targeted_teammates_ahead_end",
    "n_player_targeted_teammates_within_5m_start", "n_player_targeted_teammates_within_5m_end",
    "n_player_targeted_opponents_within_5m_start", "n_player_targeted_opponents_within_5m_end",
    "organised_defense", "defensive_structure", "n_defensive_lines", "first_line_break",
    "first_line_break_type_id", "first_line_break_type", "second_last_line_break",
    "second_last_line_break_type_id", "second_last_line_break_type", "last_line_break",
    "last_line_break_type_id", "last_line_break_type", "furthest_line_break_id",
    "furthest_line_break", "furthest_line_break_type_id", "furthest_line_break_type",
    "interplayer_distance", "interplayer_distance_range_id", "interplayer_distance_range",
    "interplayer_distance_start", "interplayer_distance_end", "interplayer_distance_min",
    "interplayer_distance_start_physical", "close_at_player_possession_start",
    "interplayer_angle", "interplayer_direction_id", "interplayer_direction",
    "angle_of_engagement", "goal_side_start", "goal_side_end", "pass_distance", "pass_range_id",
    "pass_range", "pass_angle", "pass_direction_id", "pass_direction", "pass_ahead",
    "n_opponents_ahead_player_in_possession_pass_moment", "n_opponents_ahead_pass_reception",
    "n_opponents_bypassed", "location_to_player_in_possession_id_start",
    "location_to_player_in_possession_start", "location_to_player_in_possession_id_end",
    "location_to_player_in_possession_end", "distance_to_player_in_possession_start",
    "distance_to_player_in_possession_end", "player_in_possession_x_start",
    "player_in_possession_y_start", "player_in_possession_channel_id_start",
    "player_in_possession_channel_start", "player_in_possession_third_id_start",
    "player_in_possession_third_start", "player_in_possession_penalty_area_start",
    "player_in_possession_x_end", "player_in_possession_y_end",
    "player_in_possession_channel_id_end", "player_in_possession_channel_end",
    "player_in_possession_third_id_end", "player_in_possession_third_end",
    "player_in_possession_penalty_area_end", "targeted", "received", "received_in_space",
    "dangerous", "difficult_pass_target", "xthreat", "xpass_completion", "passing_option_score",
    "predicted_passing_option", "peak_passing_option_frame",
    "passing_option_at_player_possession_start", "n_simultaneous_runs", "give_and_go",
    "intended_run_behind", "push_defensive_line", "break_defensive_line",
    "passing_option_at_start", "n_simultaneous_passing_options",
    "passing_option_at_pass_moment", "n_opponents_ahead_end", "n_opponents_ahead_start",
    "n_opponents_overtaken", "pressing_chain", "pressing_chain_length",
    "pressing_chain_end_type_id", "pressing_chain_end_type", "pressing_chain_index",
    "index_in_pressing_chain", "simultaneous_defensive_engagement_same_target",
    "simultaneous_defensive_engagement_same_target_rank",
    "affected_line_breaking_passing_option_id", "affected_line_break_id", "affected_line_break",
    "affected_line_breaking_passing_option_attempted",
    "affected_line_breaking_passing_option_xthreat",
    "affected_line_breaking_passing_option_dangerous",
    "affected_line_breaking_passing_option_run_subtype_id",
    "affected_line_breaking_passing_option_run_subtype", "possession_danger",
    "beaten_by_possession", "beaten_by_movement", "stop_possession_danger",
    "reduce_possession_danger", "force_backward", "xloss_player_possession_start",
    "xloss_player_possession_end", "xloss_player_possession_max",
    "xshot_player_possession_start", "xshot_player_possession_end",
    "xshot_player_possession_max", "is_player_possession_start_matched",
    "is_player_possession_end_matched", "is_previous_pass_matched", "is_pass_reception_matched",
    "fully_extrapolated",
)
PHASE_COLUMNS = (
    "index", "match_id", "frame_start", "frame_end", "time_start", "time_end", "minute_start",
    "second_start", "duration", "period", "attacking_side_id", "team_in_possession_id",
    "attacking_side", "team_in_possession_shortname", "n_player_possessions_in_phase",
    "team_possession_loss_in_phase", "team_possession_lead_to_goal",
    "team_possession_lead_to_shot", "team_in_possession_phase_type",
    "team_in_possession_phase_type_id", "team_out_of_possession_phase_type",
    "team_out_of_possession_phase_type_id", "x_start", "y_start", "channel_id_start",
    "channel_start", "third_id_start", "third_start", "penalty_area_start", "x_end", "y_end",
    "channel_id_end", "channel_end", "third_id_end", "third_end", "penalty_area_end",
    "team_in_possession_width_start", "team_in_possession_width_end",
    "team_in_possession_length_start", "team_in_possession_length_end",
    "team_out_of_possession_width_start", "team_out_of_possession_width_end",
    "team_out_of_possession_length_start", "team_out_of_possession_length_end",
)
# fmt: on
MATCH_MEMBERS = tuple(
    """
    away_team away_team_coach away_team_kit away_team_playing_time away_team_score ball
    competition_edition competition_round date_time home_team home_team_coach home_team_kit
    home_team_playing_time home_team_score home_team_side id match_periods pitch_length
    pitch_width players referees stadium status
    """.split()
)
PLAYER_MEMBERS = tuple(
    """
    birthday end_time first_name gender goal id injured last_name number own_goal player_role
    playing_time red_card short_name start_time team_id team_player_id trackable_object yellow_card
    """.split()
)
FRAME_MEMBERS = (
    "frame", "timestamp", "period", "ball_data", "possession", "image_corners_projection",
    "player_data",
)  # fmt: skip
POSITION_MEMBERS = ("x", "y", "player_id", "is_detected")


def added(found: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names that nobody expected, in order of the alphabet."""
    return sorted(set(found) - set(known))
