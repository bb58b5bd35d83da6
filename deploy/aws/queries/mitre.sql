-- Findings by MITRE ATT&CK tactic and technique.
SELECT attack.tactic.name AS tactic, attack.technique.uid AS technique, count(*) AS findings
FROM {table}
CROSS JOIN UNNEST(finding_info.attacks) AS t(attack)
WHERE eventday BETWEEN '{from}' AND '{to}'
GROUP BY attack.tactic.name, attack.technique.uid
ORDER BY findings DESC, tactic, technique
