-- Where hosts and containers connect to. A direction of 0 is not known: the rule did not print what tells it.
SELECT coalesce(evidences[1].dst_endpoint.hostname, evidences[1].dst_endpoint.ip) AS destination,
  evidences[1].dst_endpoint.port AS port, evidences[1].actor.process.name AS process, count(*) AS findings
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND evidences[1].connection_info.direction_id IN (0, 2)
  AND evidences[1].dst_endpoint.port IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY findings DESC, destination, port
