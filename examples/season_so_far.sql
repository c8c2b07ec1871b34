/* A player over several matches: add up first, divide then. A mean of per-90 numbers would weigh
   ten minutes as a substitute like a whole match. */
SELECT
    player_short_name,
    position_group,
    COUNT(*) AS matches,
    SUM(minutes_played) AS minutes,
    SUM(sprint_count) * 90 / SUM(minutes_played) AS sprints_per_90,
    SUM(total_xthreat) * 90 / SUM(minutes_played) AS threat_per_90,
    SUM(distance_m) / SUM(minutes_played) AS metres_per_min,
    SUM(frames_share * minutes_played) / SUM(minutes_played) AS frames_share
FROM tracking.player_metrics
WHERE minutes_played > 0
GROUP BY player_id, player_short_name, position_group
ORDER BY threat_per_90 DESC
