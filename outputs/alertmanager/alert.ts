import { type Event, isDecimal, type Priority, priorityRank } from '../../core/sdk/index.ts';

/** One alert of Alertmanager's API, version 2. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt?: string;
}

/** What the configuration says about alerts. */
export interface AlertRules {
  readonly extra_labels: Readonly<Record<string, string>>;
  readonly extra_annotations: Readonly<Record<string, string>>;
  /** By priority. */
  readonly severities: Readonly<Record<Priority, string>>;
  /** How long it lasts, milliseconds; Alertmanager's own `resolve_timeout` without. */
  readonly expires_after?: number;
  /** The priority of dropped system calls by their number, the greatest threshold first. */
  readonly drop_thresholds: readonly { readonly above: number; readonly priority: Priority }[];
  /** That of a number below every threshold. */
  readonly drop_priority: Priority;
}

/**
 * The alert of an event, labelled as Falcosidekick labels it, so that routes and silences written for it go on working.
 *
 * Counters make an alert a new one each time: `n_evts*` is left out, and `n_drops*` becomes its order of magnitude, which
 * raises the priority.
 *
 * @param now epoch milliseconds: an alert that comes late, after an outage, must not have ended when it comes, or nobody is told
 */
export function alertOf(event: Event, rules: AlertRules, now: number): Alert {
  const labels: Record<string, string> = {};
  let { priority } = event;
  const raise = (to: Priority) => {
    if (priorityRank(to) > priorityRank(priority)) priority = to;
  };
  for (const [name, value] of Object.entries(event.fields)) {
    if (name.startsWith('n_evts')) continue;
    const isNumber = typeof value === 'number' || typeof value === 'bigint' || isDecimal(value);
    if (typeof value !== 'string' && !isNumber) continue;
    if (name.startsWith('n_drop')) labels[name] = dropLabel(String(value), rules, raise);
    else if (labelName(name) !== '') labels[labelName(name)] = String(value);
  }
  Object.assign(labels, {
    alertname: event.rule,
    rule: event.rule,
    source: 'falco',
    eventsource: event.source,
  });
  if (event.hostname !== '') labels.hostname = event.hostname;
  if (event.tags.length > 0) labels.tags = [...event.tags].sort().join(',');
  labels.priority = priority;
  labels.severity = rules.severities[priority];
  const { expires_after: lifetime } = rules;
  return {
    labels: { ...labels, ...rules.extra_labels },
    annotations: {
      info: event.output,
      description: event.output,
      summary: event.rule,
      ...rules.extra_annotations,
    },
    startsAt: new Date(event.time).toISOString(),
    ...(lifetime !== undefined && { endsAt: new Date(Math.max(event.time, now) + lifetime).toISOString() }),
  };
}

/** The order of magnitude of a number of drops, which also says how urgent it is. */
function dropLabel(text: string, rules: AlertRules, raise: (to: Priority) => void): string {
  const drops = Number(text);
  if (drops === 0) {
    raise('Warning');
    return '0';
  }
  const passed = rules.drop_thresholds.find(({ above }) => drops > above);
  raise(passed?.priority ?? rules.drop_priority);
  return passed === undefined ? text : `>${passed.above}`;
}

/** A field's name as a label's, `[a-zA-Z_][a-zA-Z0-9_]*`: `json.value[/user/extra]` is `json_value_user_extra`. */
export function labelName(field: string): string {
  const name = field
    .replace(/[^a-zA-Z0-9_]+/g, '_')
    .replace(/_{2,}/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[0-9]/.test(name) ? `_${name}` : name;
}
