-- Which processes a program was started by, from the oldest to the parent.
SELECT array_join(evidences[1].actor.process.lineage, ' > ') AS ancestors,
  evidences[1].actor.process.name AS process, count(*) AS findings
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND evidences[1].actor.process.name = '{process}'
GROUP BY 1, 2
ORDER BY findings DESC, ancestors
