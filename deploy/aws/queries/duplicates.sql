-- Findings that arrived more than once (Falco's HTTP client sends again when a connection is cut before an answer).
SELECT finding_info.uid AS uid, count(*) AS copies, min(time_dt) AS first_seen
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
GROUP BY finding_info.uid
HAVING count(*) > 1
ORDER BY copies DESC
