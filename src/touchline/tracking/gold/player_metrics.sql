-- PLAYER_METRICS: a row per player who started or played, ordered by key.
-- Inputs: players, matches, player_sprints, player_physical, player_runs, player_pressing.
SELECT
    p.partition_date, p.competition_id, p.match_id,
    m.kick_off_at, m.competition_name, m.season_name,
    p.player_id, p.player_name, p.player_short_name, p.team_id, p.team_name, p.is_home,
    p.position, p.position_group, p.started, p.minutes_played, p.minutes_tip, p.minutes_otip,
    CASE WHEN p.is_home THEN m.away_team_id ELSE m.home_team_id END AS opponent_team_id,
    CASE WHEN p.is_home THEN m.away_team_name ELSE m.home_team_name END AS opponent_team_name,
    CASE
        WHEN m.home_score = m.away_score THEN 'draw'
        WHEN p.is_home = (m.home_score > m.away_score) THEN 'win'
        WHEN m.home_score <> m.away_score THEN 'loss'
    END AS result,

    s.sprint_count, s.sprints_per_90, s.sprint_count_tip, s.sprint_count_otip,
    s.sprint_count_dead_ball, s.sprints_per_30_tip, s.sprints_per_30_otip, s.sprint_distance_m,
    s.sprint_distance_per_90_m, s.top_sprint_speed_kmh, s.avg_top_sprint_speed_kmh,
    s.avg_sprint_speed_kmh, s.avg_sprint_distance_m, s.avg_sprint_duration_s,
    s.sprint_count_tip_build_up, s.sprint_count_tip_create, s.sprint_count_tip_finish,
    s.sprint_count_tip_transition, s.sprint_count_tip_quick_break, s.sprint_count_tip_direct,
    s.sprint_count_tip_chaotic, s.sprint_count_tip_set_play, s.sprint_count_otip_low_block,
    s.sprint_count_otip_medium_block, s.sprint_count_otip_high_block,
    s.sprint_count_otip_defending_transition, s.sprint_count_otip_defending_quick_break,
    s.sprint_count_otip_defending_direct, s.sprint_count_otip_chaotic,
    s.sprint_count_otip_defending_set_play, s.sprint_detected_share, s.sprint_rule,

    h.frames_share, h.detected_share, h.distance_measured_m, h.metres_per_min, h.metres_per_min_tip,
    h.metres_per_min_otip, h.top_speed_kmh, h.psv99_kmh, h.speed_p99_kmh, h.distance_m,
    h.distance_tip_m, h.distance_otip_m, h.distance_per_90_m, h.distance_per_30_tip_m,
    h.distance_per_30_otip_m, h.running_distance_m, h.running_distance_tip_m,
    h.running_distance_otip_m, h.running_distance_per_90_m, h.running_distance_per_30_tip_m,
    h.running_distance_per_30_otip_m, h.hsr_distance_m, h.hsr_distance_tip_m, h.hsr_distance_otip_m,
    h.hsr_distance_per_90_m, h.hsr_distance_per_30_tip_m, h.hsr_distance_per_30_otip_m,
    h.sprint_band_distance_m, h.sprint_band_distance_tip_m, h.sprint_band_distance_otip_m,
    h.sprint_band_distance_per_90_m, h.sprint_band_distance_per_30_tip_m,
    h.sprint_band_distance_per_30_otip_m, h.hi_distance_m, h.hi_distance_tip_m,
    h.hi_distance_otip_m, h.hi_distance_per_90_m, h.hi_distance_per_30_tip_m,
    h.hi_distance_per_30_otip_m, h.running_count, h.running_count_tip, h.running_count_otip,
    h.running_count_per_90, h.running_count_per_30_tip, h.running_count_per_30_otip, h.hsr_count,
    h.hsr_count_tip, h.hsr_count_otip, h.hsr_count_per_90, h.hsr_count_per_30_tip,
    h.hsr_count_per_30_otip, h.sprint_band_count, h.sprint_band_count_tip, h.sprint_band_count_otip,
    h.sprint_band_count_per_90, h.sprint_band_count_per_30_tip, h.sprint_band_count_per_30_otip,
    h.hi_count, h.hi_count_tip, h.hi_count_otip, h.hi_count_per_90, h.hi_count_per_30_tip,
    h.hi_count_per_30_otip, h.high_acceleration_count, h.high_acceleration_count_tip,
    h.high_acceleration_count_otip, h.high_acceleration_count_per_90,
    h.high_acceleration_count_per_30_tip, h.high_acceleration_count_per_30_otip,
    h.medium_acceleration_count, h.medium_acceleration_count_tip, h.medium_acceleration_count_otip,
    h.medium_acceleration_count_per_90, h.medium_acceleration_count_per_30_tip,
    h.medium_acceleration_count_per_30_otip, h.high_deceleration_count,
    h.high_deceleration_count_tip, h.high_deceleration_count_otip, h.high_deceleration_count_per_90,
    h.high_deceleration_count_per_30_tip, h.high_deceleration_count_per_30_otip,
    h.medium_deceleration_count, h.medium_deceleration_count_tip, h.medium_deceleration_count_otip,
    h.medium_deceleration_count_per_90, h.medium_deceleration_count_per_30_tip,
    h.medium_deceleration_count_per_30_otip, h.explosive_acceleration_to_hsr_count,
    h.explosive_acceleration_to_hsr_count_tip, h.explosive_acceleration_to_hsr_count_otip,
    h.explosive_acceleration_to_hsr_count_per_90, h.explosive_acceleration_to_hsr_count_per_30_tip,
    h.explosive_acceleration_to_hsr_count_per_30_otip, h.explosive_acceleration_to_sprint_count,
    h.explosive_acceleration_to_sprint_count_tip, h.explosive_acceleration_to_sprint_count_otip,
    h.explosive_acceleration_to_sprint_count_per_90,
    h.explosive_acceleration_to_sprint_count_per_30_tip,
    h.explosive_acceleration_to_sprint_count_per_30_otip,

    r.run_count, r.runs_per_90, r.runs_per_30_tip, r.avg_xthreat, r.max_xthreat, r.total_xthreat,
    r.threat_per_90, r.threat_per_30_tip, r.high_value_run_count, r.high_value_run_pct,
    r.high_value_runs_per_90, r.high_value_runs_per_30_tip, r.avg_run_speed, r.avg_opponents_beaten,
    r.runs_targeted, r.runs_received, r.runs_leading_to_shot, r.runs_leading_to_goal,
    r.run_count_behind, r.run_count_coming_short, r.run_count_cross_receiver,
    r.run_count_dropping_off, r.run_count_overlap, r.run_count_pulling_half_space,
    r.run_count_pulling_wide, r.run_count_run_ahead_of_the_ball, r.run_count_support,
    r.run_count_underlap, r.run_count_in_build_up, r.run_count_in_create, r.run_count_in_finish,
    r.run_count_in_transition, r.run_count_in_quick_break, r.run_count_in_direct,
    r.run_count_in_chaotic, r.run_count_in_set_play, r.run_count_in_disruption,

    g.pressing_action_count, g.pressing_actions_per_90, g.pressing_actions_per_30_otip,
    g.successful_press_count, g.press_success_rate, g.successful_presses_per_90,
    g.successful_presses_per_30_otip, g.total_regain_count, g.direct_regain_count,
    g.indirect_regain_count, g.regain_rate, g.regains_per_90, g.regains_per_30_otip,
    g.total_disruption_count, g.direct_disruption_count, g.indirect_disruption_count,
    g.disruption_rate, g.presses_leading_to_shot, g.presses_leading_to_goal, g.shot_creation_rate,
    g.high_block_press_count, g.medium_block_press_count, g.low_block_press_count,
    g.counter_press_count, g.counter_presses_per_90, g.counter_presses_per_30_otip,
    g.engagement_count, g.engagements_per_90, g.engagements_per_30_otip,
    g.engagement_count_pressing, g.engagement_count_counter_press, g.engagement_count_pressure,
    g.engagement_count_recovery_press, g.successful_engagement_count, g.engagement_success_rate,
    g.engagement_regain_count, g.engagement_regain_rate, g.engagement_disruption_count,
    g.engagement_disruption_rate, g.engagements_leading_to_shot, g.engagements_leading_to_goal
FROM players AS p
LEFT JOIN matches AS m ON m.match_id = p.match_id
LEFT JOIN player_sprints AS s ON s.match_id = p.match_id AND s.player_id = p.player_id
LEFT JOIN player_physical AS h ON h.match_id = p.match_id AND h.player_id = p.player_id
LEFT JOIN player_runs AS r ON r.match_id = p.match_id AND r.player_id = p.player_id
LEFT JOIN player_pressing AS g ON g.match_id = p.match_id AND g.player_id = p.player_id
WHERE p.started OR p.played
ORDER BY p.match_id, p.player_id
