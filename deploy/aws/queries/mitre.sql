-- Findings by MITRE ATT&CK tactic and technique.
-- Rows of an array are reached by their index: Athena takes them apart into columns when they are unnested themselves.
SELECT
  f.finding_info.attacks[i].tactic.name AS tactic,
  f.finding_info.attacks[i].technique.uid AS technique,
  count(*) AS findings
FROM {table} f
CROSS JOIN UNNEST(sequence(1, cardinality(f.finding_info.attacks))) AS t(i)
WHERE f.eventday BETWEEN '{from}' AND '{to}'
GROUP BY 1, 2
ORDER BY findings DESC, tactic, technique
