-- Who touched the files below a path.
SELECT time_dt, evidences[1].file.path AS path, device.hostname AS host,
  evidences[1].actor.process.name AS process, evidences[1].actor.process.user.name AS login
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND evidences[1].file.path LIKE '{path}%'
ORDER BY time_dt
