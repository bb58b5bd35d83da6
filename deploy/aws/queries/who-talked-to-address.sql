-- Every finding in which an IP address occurs, on either end of a connection or anywhere else: the miner, the command and control server.
SELECT f.time_dt, f.finding_info.title AS rule, f.device.hostname AS host,
  f.evidences[1].actor.process.cmd_line AS command, f.observables[i].name AS place
FROM {table} f
CROSS JOIN UNNEST(sequence(1, cardinality(f.observables))) AS t(i)
WHERE f.eventday BETWEEN '{from}' AND '{to}'
  AND f.observables[i].type_id = 2
  AND f.observables[i].value = '{address}'
ORDER BY f.time_dt
