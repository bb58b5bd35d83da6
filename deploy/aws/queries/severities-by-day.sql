-- Findings by day and severity. eventday is the partition: only the days asked for are read.
SELECT eventday, severity_id, severity, count(*) AS findings
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
GROUP BY eventday, severity_id, severity
ORDER BY eventday, severity_id DESC
