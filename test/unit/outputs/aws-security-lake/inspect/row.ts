/** The day of the rows, epoch milliseconds. */
export const DAY: number = Date.UTC(2026, 0, 2);

/** A row that keeps every rule. */
export const row = (time: number, more: object = {}): Record<string, unknown> => ({
  time,
  time_dt: time,
  class_uid: 2004,
  class_name: 'Detection Finding',
  category_uid: 2,
  category_name: 'Findings',
  activity_id: 1,
  activity_name: 'Create',
  type_uid: 200401,
  type_name: 'Detection Finding: Create',
  severity_id: 3,
  severity: 'Medium',
  metadata: { version: '1.1.0', product: { name: 'Falco' } },
  finding_info: { uid: 'f', title: 'a rule', types: ['a', 'b'] },
  unmapped: { 'evt.type': 'execve' },
  ...more,
});
