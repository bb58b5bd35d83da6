-- Falco findings on Kubernetes audit events, beside the EKS audit record itself.
-- Rows of an array are reached by their index: Athena takes them apart into columns when they are unnested themselves.
SELECT
  f.time_dt,
  f.finding_info.title AS rule,
  k.api.operation AS operation,
  k.actor.user.name AS actor
FROM {table} f
CROSS JOIN UNNEST(sequence(1, cardinality(f.evidences))) AS t(i)
JOIN {eks_audit} k ON k.api.request.uid = f.evidences[i].api.request.uid
WHERE f.eventday BETWEEN '{from}' AND '{to}'
ORDER BY f.time_dt
