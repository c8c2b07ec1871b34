/* Where does each team press, and how often does it win the ball back? */
SELECT
    team_name,
    SUM(pressing_action_count) AS presses,
    SUM(high_block_press_count) AS in_high_block,
    SUM(medium_block_press_count) AS in_medium_block,
    SUM(low_block_press_count) AS in_low_block,
    SUM(counter_press_count) AS counter_presses,
    SUM(total_regain_count) / NULLIF(SUM(pressing_action_count), 0) AS regain_rate
FROM tracking.player_metrics
GROUP BY team_name
ORDER BY presses DESC
