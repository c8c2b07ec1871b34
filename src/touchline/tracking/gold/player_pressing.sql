-- PLAYER_PRESSING: a row per player who started or played, ordered by key.
-- Inputs: players, events, phases, rule (RateRule).
-- An engagement is one of four subtypes; a press, the narrower set, is one of two of them.
WITH engagements AS (
    SELECT
        match_id, event_id, player_id, frame_start, event_subtype, end_type,
        lead_to_shot, lead_to_goal,
        event_subtype IN ('pressing', 'counter_press') AS is_press,
        end_type IN ('direct_regain', 'indirect_regain') AS is_regain,
        end_type IN ('direct_disruption', 'indirect_disruption') AS is_disruption
    FROM events
    WHERE
        event_type = 'on_ball_engagement'
        AND event_subtype IN ('pressing', 'pressure', 'counter_press', 'recovery_press')
),

-- The block that the phase at the press's first frame states, whichever team has the ball in it.
-- Phases are half-open and share their border frames; where they overlap, the later start holds.
blocks AS (
    SELECT match_id, event_id, block
    FROM (
        SELECT
            e.match_id, e.event_id, f.team_out_of_possession_phase_type AS block,
            ROW_NUMBER() OVER (
                PARTITION BY e.match_id, e.event_id
                ORDER BY f.frame_start DESC, f.phase_index DESC
            ) AS place
        FROM engagements AS e
        INNER JOIN phases AS f
            ON
                f.match_id = e.match_id
                AND f.frame_start <= e.frame_start
                AND f.frame_end > e.frame_start
    ) AS held
    WHERE place = 1
),

counted AS (
    SELECT
        p.partition_date, p.competition_id, p.match_id, p.player_id, p.team_id,
        p.minutes_played, p.minutes_otip,
        -- Null in place of what must not divide: a rate over nothing is null.
        CASE WHEN p.minutes_played > 0 THEN p.minutes_played END AS minutes,
        CASE WHEN p.minutes_otip > 0 THEN p.minutes_otip END AS minutes_out_of_possession,
        CAST(NULLIF(COUNT(*) FILTER (WHERE e.is_press), 0) AS DOUBLE) AS presses,
        CAST(NULLIF(COUNT(e.event_id), 0) AS DOUBLE) AS engagements,
        COUNT(*) FILTER (WHERE e.is_press) AS pressing_action_count,
        COUNT(*) FILTER (WHERE e.is_press AND (e.is_regain OR e.is_disruption))
            AS successful_press_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.is_regain) AS total_regain_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.end_type = 'direct_regain')
            AS direct_regain_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.end_type = 'indirect_regain')
            AS indirect_regain_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.is_disruption) AS total_disruption_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.end_type = 'direct_disruption')
            AS direct_disruption_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.end_type = 'indirect_disruption')
            AS indirect_disruption_count,
        COUNT(*) FILTER (WHERE e.is_press AND e.lead_to_shot) AS presses_leading_to_shot,
        COUNT(*) FILTER (WHERE e.is_press AND e.lead_to_goal) AS presses_leading_to_goal,
        COUNT(*) FILTER (WHERE e.is_press AND b.block = 'high_block') AS high_block_press_count,
        COUNT(*) FILTER (WHERE e.is_press AND b.block = 'medium_block')
            AS medium_block_press_count,
        COUNT(*) FILTER (WHERE e.is_press AND b.block = 'low_block') AS low_block_press_count,
        COUNT(*) FILTER (WHERE e.event_subtype = 'counter_press') AS counter_press_count,
        COUNT(e.event_id) AS engagement_count,
        COUNT(*) FILTER (WHERE e.event_subtype = 'pressing') AS engagement_count_pressing,
        COUNT(*) FILTER (WHERE e.event_subtype = 'pressure') AS engagement_count_pressure,
        COUNT(*) FILTER (WHERE e.event_subtype = 'recovery_press')
            AS engagement_count_recovery_press,
        COUNT(*) FILTER (WHERE e.is_regain OR e.is_disruption) AS successful_engagement_count,
        COUNT(*) FILTER (WHERE e.is_regain) AS engagement_regain_count,
        COUNT(*) FILTER (WHERE e.is_disruption) AS engagement_disruption_count,
        COUNT(*) FILTER (WHERE e.lead_to_shot) AS engagements_leading_to_shot,
        COUNT(*) FILTER (WHERE e.lead_to_goal) AS engagements_leading_to_goal
    FROM players AS p
    LEFT JOIN engagements AS e ON e.match_id = p.match_id AND e.player_id = p.player_id
    LEFT JOIN blocks AS b ON b.match_id = e.match_id AND b.event_id = e.event_id
    WHERE p.started OR p.played
    GROUP BY
        p.partition_date, p.competition_id, p.match_id, p.player_id, p.team_id,
        p.minutes_played, p.minutes_otip
)

SELECT
    partition_date, competition_id, match_id, player_id, team_id, minutes_played, minutes_otip,
    pressing_action_count,
    pressing_action_count * per_90_min / minutes AS pressing_actions_per_90,
    pressing_action_count * per_30_min / minutes_out_of_possession AS pressing_actions_per_30_otip,
    successful_press_count,
    successful_press_count / presses AS press_success_rate,
    successful_press_count * per_90_min / minutes AS successful_presses_per_90,
    successful_press_count * per_30_min / minutes_out_of_possession
        AS successful_presses_per_30_otip,
    total_regain_count, direct_regain_count, indirect_regain_count,
    total_regain_count / presses AS regain_rate,
    total_regain_count * per_90_min / minutes AS regains_per_90,
    total_regain_count * per_30_min / minutes_out_of_possession AS regains_per_30_otip,
    total_disruption_count, direct_disruption_count, indirect_disruption_count,
    total_disruption_count / presses AS disruption_rate,
    presses_leading_to_shot, presses_leading_to_goal,
    presses_leading_to_shot / presses AS shot_creation_rate,
    high_block_press_count, medium_block_press_count, low_block_press_count,
    counter_press_count,
    counter_press_count * per_90_min / minutes AS counter_presses_per_90,
    counter_press_count * per_30_min / minutes_out_of_possession AS counter_presses_per_30_otip,
    engagement_count,
    engagement_count * per_90_min / minutes AS engagements_per_90,
    engagement_count * per_30_min / minutes_out_of_possession AS engagements_per_30_otip,
    engagement_count_pressing,
    counter_press_count AS engagement_count_counter_press,
    engagement_count_pressure, engagement_count_recovery_press,
    successful_engagement_count,
    successful_engagement_count / engagements AS engagement_success_rate,
    engagement_regain_count, engagement_regain_count / engagements AS engagement_regain_rate,
    engagement_disruption_count,
    engagement_disruption_count / engagements AS engagement_disruption_rate,
    engagements_leading_to_shot, engagements_leading_to_goal
FROM counted
CROSS JOIN rule
ORDER BY match_id, player_id
