-- PLAYER_RUNS: a row per player who started or played, ordered by key.
-- Inputs: players, events, rule (RateRule).
WITH runs AS (
    SELECT
        match_id, player_id, event_id, event_subtype, xthreat, n_opponents_overtaken,
        dangerous, targeted, received, lead_to_shot, lead_to_goal,
        team_in_possession_phase_type AS phase,
        -- Decimals add up to the same total in every order of rows; doubles do not.
        CAST(xthreat AS DECIMAL(18, 12)) AS exact_xthreat,
        CAST(speed_avg_kmh AS DECIMAL(18, 12)) AS exact_speed_kmh
    FROM events
    WHERE event_type = 'off_ball_run'
),

counted AS (
    SELECT
        p.partition_date, p.competition_id, p.match_id, p.player_id, p.team_id,
        p.minutes_played, p.minutes_tip,
        -- Null in place of what must not divide: a rate over nothing is null.
        CASE WHEN p.minutes_played > 0 THEN p.minutes_played END AS minutes,
        CASE WHEN p.minutes_tip > 0 THEN p.minutes_tip END AS minutes_in_possession,
        CAST(NULLIF(COUNT(r.event_id), 0) AS DOUBLE) AS runs,
        CAST(NULLIF(COUNT(r.xthreat), 0) AS DOUBLE) AS runs_with_xthreat,
        CAST(NULLIF(COUNT(r.exact_speed_kmh), 0) AS DOUBLE) AS runs_with_speed,
        CAST(SUM(r.exact_speed_kmh) AS DOUBLE) AS total_speed_kmh,
        COUNT(r.event_id) AS run_count,
        CAST(COALESCE(SUM(r.exact_xthreat), 0) AS DOUBLE) AS total_xthreat,
        MAX(r.xthreat) AS max_xthreat,
        AVG(CAST(r.n_opponents_overtaken AS DOUBLE)) AS avg_opponents_beaten,
        COUNT(*) FILTER (WHERE r.dangerous) AS high_value_run_count,
        COUNT(*) FILTER (WHERE r.targeted) AS runs_targeted,
        COUNT(*) FILTER (WHERE r.received) AS runs_received,
        COUNT(*) FILTER (WHERE r.lead_to_shot) AS runs_leading_to_shot,
        COUNT(*) FILTER (WHERE r.lead_to_goal) AS runs_leading_to_goal,
        COUNT(*) FILTER (WHERE r.event_subtype = 'behind') AS run_count_behind,
        COUNT(*) FILTER (WHERE r.event_subtype = 'coming_short') AS run_count_coming_short,
        COUNT(*) FILTER (WHERE r.event_subtype = 'cross_receiver') AS run_count_cross_receiver,
        COUNT(*) FILTER (WHERE r.event_subtype = 'dropping_off') AS run_count_dropping_off,
        COUNT(*) FILTER (WHERE r.event_subtype = 'overlap') AS run_count_overlap,
        COUNT(*) FILTER (WHERE r.event_subtype = 'pulling_half_space')
            AS run_count_pulling_half_space,
        COUNT(*) FILTER (WHERE r.event_subtype = 'pulling_wide') AS run_count_pulling_wide,
        COUNT(*) FILTER (WHERE r.event_subtype = 'run_ahead_of_the_ball')
            AS run_count_run_ahead_of_the_ball,
        COUNT(*) FILTER (WHERE r.event_subtype = 'support') AS run_count_support,
        COUNT(*) FILTER (WHERE r.event_subtype = 'underlap') AS run_count_underlap,
        COUNT(*) FILTER (WHERE r.phase = 'build_up') AS run_count_in_build_up,
        COUNT(*) FILTER (WHERE r.phase = 'create') AS run_count_in_create,
        COUNT(*) FILTER (WHERE r.phase = 'finish') AS run_count_in_finish,
        COUNT(*) FILTER (WHERE r.phase = 'transition') AS run_count_in_transition,
        COUNT(*) FILTER (WHERE r.phase = 'quick_break') AS run_count_in_quick_break,
        COUNT(*) FILTER (WHERE r.phase = 'direct') AS run_count_in_direct,
        COUNT(*) FILTER (WHERE r.phase = 'chaotic') AS run_count_in_chaotic,
        COUNT(*) FILTER (WHERE r.phase = 'set_play') AS run_count_in_set_play,
        COUNT(*) FILTER (WHERE r.phase = 'disruption') AS run_count_in_disruption
    FROM players AS p
    LEFT JOIN runs AS r ON r.match_id = p.match_id AND r.player_id = p.player_id
    WHERE p.started OR p.played
    GROUP BY
        p.partition_date, p.competition_id, p.match_id, p.player_id, p.team_id,
        p.minutes_played, p.minutes_tip
)

SELECT
    partition_date, competition_id, match_id, player_id, team_id, minutes_played, minutes_tip,
    run_count,
    run_count * per_90_min / minutes AS runs_per_90,
    run_count * per_30_min / minutes_in_possession AS runs_per_30_tip,
    total_xthreat / runs_with_xthreat AS avg_xthreat,
    max_xthreat,
    total_xthreat,
    total_xthreat * per_90_min / minutes AS threat_per_90,
    total_xthreat * per_30_min / minutes_in_possession AS threat_per_30_tip,
    high_value_run_count,
    high_value_run_count / runs AS high_value_run_pct,
    high_value_run_count * per_90_min / minutes AS high_value_runs_per_90,
    high_value_run_count * per_30_min / minutes_in_possession AS high_value_runs_per_30_tip,
    total_speed_kmh / runs_with_speed AS avg_run_speed,
    avg_opponents_beaten,
    runs_targeted, runs_received, runs_leading_to_shot, runs_leading_to_goal,
    run_count_behind, run_count_coming_short, run_count_cross_receiver, run_count_dropping_off,
    run_count_overlap, run_count_pulling_half_space, run_count_pulling_wide,
    run_count_run_ahead_of_the_ball, run_count_support, run_count_underlap,
    run_count_in_build_up, run_count_in_create, run_count_in_finish, run_count_in_transition,
    run_count_in_quick_break, run_count_in_direct, run_count_in_chaotic, run_count_in_set_play,
    run_count_in_disruption
FROM counted
CROSS JOIN rule
ORDER BY match_id, player_id
