/** What the destinations of outputs are, each with the heading that lists group them under, in the order of the lists. */
export const CATEGORIES = {
  alerting: 'Alerting and on-call',
  chat: 'Chat and mail',
  siem: 'SIEM and security lakes',
  logs: 'Logs and search',
  metrics: 'Metrics and traces',
  queue: 'Queues and streams',
  database: 'Databases and caches',
  storage: 'Files and object stores',
  function: 'Functions and workflows',
  web: 'HTTP receivers',
  local: 'This machine',
} as const;

/** What the destination of an output is: a key of {@link CATEGORIES}. */
export type Category = keyof typeof CATEGORIES;

/** How far users may rely on an output or mapper, and what each word promises. */
export const STABILITIES = {
  experimental: 'options and payload may change with any version',
  stable: 'options and payload change only after a notice in an earlier version',
  deprecated: 'it is going to be removed; the notes say what to use instead',
} as const;

/** How far users may rely on an output or mapper: a key of {@link STABILITIES}. */
export type Stability = keyof typeof STABILITIES;

/** The most characters of a `summary`: a line of a list. */
export const SUMMARY_LENGTH = 80;
