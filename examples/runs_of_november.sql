/* Who threatened most with his runs in November 2024? As written for a warehouse on Athena,
   where the tables lived under traits_etl: configuration maps that name to tracking. */
SELECT
  player_short_name,
  position_group,
  AVG(sprints_per_90) AS avg_sprints,
  AVG(threat_per_90) AS avg_threat
FROM traits_etl.player_metrics
WHERE partition_date BETWEEN '2024-11-01' AND '2024-11-30'
  AND competition_id = 'aus1'
  AND minutes_played >= 45
GROUP BY player_short_name, position_group
ORDER BY avg_threat DESC
LIMIT 10;
