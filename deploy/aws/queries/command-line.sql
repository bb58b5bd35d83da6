-- Who ran a command with a text in it, and where.
SELECT time_dt, device.hostname AS host, evidences[1].actor.process.container.image.name AS image,
  evidences[1].actor.process.user.name AS login, evidences[1].actor.process.cmd_line AS command
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND evidences[1].actor.process.cmd_line LIKE '%{text}%'
ORDER BY time_dt
