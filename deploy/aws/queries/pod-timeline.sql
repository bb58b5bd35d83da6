-- What happened in a pod and to it: its system calls and the calls of the Kubernetes API.
SELECT f.metadata.original_time AS happened_at, f.metadata.log_name AS source, f.finding_info.title AS rule,
  f.resources[i].namespace AS namespace, coalesce(f.evidences[1].actor.process.cmd_line, f.evidences[1].api.operation) AS activity
FROM {table} f
CROSS JOIN UNNEST(sequence(1, cardinality(f.resources))) AS t(i)
WHERE f.eventday BETWEEN '{from}' AND '{to}'
  AND f.resources[i].type = 'KubernetesPod'
  AND f.resources[i].name = '{pod}'
ORDER BY f.time, happened_at
