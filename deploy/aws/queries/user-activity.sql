-- What a user did: on hosts, in clusters, in clouds and services.
SELECT time_dt, metadata.log_name AS source, finding_info.title AS rule,
  coalesce(evidences[1].api.operation, evidences[1].actor.process.cmd_line) AS activity,
  evidences[1].src_endpoint.ip AS source_ip
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND '{user}' IN (evidences[1].actor.user.name, evidences[1].actor.user.email_addr, evidences[1].actor.process.user.name)
ORDER BY time_dt
