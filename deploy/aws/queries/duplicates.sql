-- Findings that arrived more than once (Falco's HTTP client sends again when a connection is cut before an answer).
SELECT metadata.uid AS uid, count(*) AS copies, min(time_dt) AS first_seen
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
GROUP BY metadata.uid
HAVING count(*) > 1
ORDER BY copies DESC
