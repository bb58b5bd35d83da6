-- Falco findings on Kubernetes audit events, beside the EKS audit record itself.
SELECT f.time_dt, f.finding_info.title AS rule, k.api.operation, k.actor.user.name AS actor
FROM {table} f
CROSS JOIN UNNEST(f.evidences) AS t(evidence)
JOIN {eks_audit} k ON k.api.request.uid = evidence.api.request.uid
WHERE f.eventday BETWEEN '{from}' AND '{to}'
ORDER BY f.time_dt
