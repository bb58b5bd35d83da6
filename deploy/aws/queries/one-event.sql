-- A finding by its id, with the event as Falco sent it and the fields that have no column.
SELECT time_dt, finding_info.title AS rule, message, raw_data, element_at(unmapped, 'evt.arg.flags') AS flags
FROM {table}
WHERE eventday BETWEEN '{from}' AND '{to}'
  AND finding_info.uid = '{uid}'
