-- Falco findings on CloudTrail events, beside the CloudTrail record itself.
-- Rows of an array are reached by their index: Athena takes them apart into columns when they are unnested themselves.
SELECT
  f.time_dt,
  f.finding_info.title AS rule,
  c.api.operation AS operation,
  c.actor.user.uid AS actor,
  c.src_endpoint.ip AS source_ip
FROM {table} f
CROSS JOIN UNNEST(sequence(1, cardinality(f.finding_info.related_events))) AS t(i)
JOIN {cloudtrail} c ON c.metadata.uid = f.finding_info.related_events[i].uid
WHERE f.eventday BETWEEN '{from}' AND '{to}'
ORDER BY f.time_dt
