/* What was rejected from the events files, where, and why? */
SELECT match_id, source, reason, COUNT(*) AS n, MIN(line) AS first_line
FROM tracking.events_rejected
GROUP BY match_id, source, reason
ORDER BY n DESC
