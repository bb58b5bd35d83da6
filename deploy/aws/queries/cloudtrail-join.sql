-- Falco findings on CloudTrail events, beside the CloudTrail record itself.
SELECT f.time_dt, f.finding_info.title AS rule, c.api.operation, c.actor.user.uid AS actor, c.src_endpoint.ip AS source_ip
FROM {table} f
CROSS JOIN UNNEST(f.finding_info.related_events) AS t(related)
JOIN {cloudtrail} c ON c.metadata.uid = related.uid
WHERE f.eventday BETWEEN '{from}' AND '{to}'
ORDER BY f.time_dt
