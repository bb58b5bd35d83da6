-- What happened on a host, in order. metadata.original_time has the nanoseconds.
SELECT metadata.original_time AS happened_at, severity, finding_info.title AS rule,
  evidences[1].actor.process.user.name AS login, evidences[1].actor.process.cmd_line AS command
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND device.hostname = '{host}'
ORDER BY time, happened_at
