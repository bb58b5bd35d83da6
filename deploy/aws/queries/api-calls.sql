-- Who called what on the Kubernetes API, a cloud or a service, and how it ended.
SELECT evidences[1].api.service.name AS service, evidences[1].api.operation AS operation,
  coalesce(evidences[1].actor.user.name, evidences[1].actor.user.uid) AS actor,
  coalesce(status_code, evidences[1].api.response.error, cast(evidences[1].api.response.code AS varchar)) AS outcome, count(*) AS findings
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND evidences[1].api.operation IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY findings DESC, service NULLS LAST, operation, actor, outcome NULLS LAST
