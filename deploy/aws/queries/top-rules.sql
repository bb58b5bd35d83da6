-- The rules that fired most in the last seven days. eventday keeps older partitions from being read.
SELECT finding_info.title AS rule, severity, count(*) AS findings
FROM {table}
WHERE eventday >= '{from}'
  AND time_dt BETWEEN CURRENT_TIMESTAMP - INTERVAL '7' DAY AND CURRENT_TIMESTAMP
GROUP BY finding_info.title, severity
ORDER BY findings DESC, rule
LIMIT 25
