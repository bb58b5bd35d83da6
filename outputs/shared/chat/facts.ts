import { type Event, fieldText } from '../../../core/sdk/index.ts';

/** A line of a message that is a name and a value. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

const fact = (name: string, value: string): Fact => ({ name, value });

/**
 * What every event has: rule and priority, then source and hostname where they are known.
 *
 * @example headFacts(event).map(({ name, value }) => `${name}: ${value}`) // ['rule: Terminal shell', 'priority: Warning', …]
 */
export function headFacts({ rule, priority, source, hostname }: Event): Fact[] {
  return [
    fact('rule', rule),
    fact('priority', priority),
    ...(source ? [fact('source', source)] : []),
    ...(hostname ? [fact('hostname', hostname)] : []),
  ];
}

/**
 * The tags in one fact, sorted; none where there are none.
 *
 * @example tagFacts(event) // [{ name: 'tags', value: 'container, shell' }]
 */
export function tagFacts({ tags }: Event): Fact[] {
  return tags.length > 0 ? [fact('tags', [...tags].sort().join(', '))] : [];
}

/**
 * The fields of an event, sorted by name.
 *
 * @param all fields that hold numbers, booleans and lists too, and not only texts as Falcosidekick does
 * @example fieldFacts(event, false) // [{ name: 'proc.name', value: 'sh' }]
 */
export function fieldFacts({ fields }: Event, all: boolean): Fact[] {
  return Object.keys(fields)
    .sort()
    .filter((name) => typeof fields[name] === 'string' || (all && fields[name] !== null))
    .map((name) => fact(name, fieldText(fields[name]!)));
}

/**
 * The time of an event to the nanosecond, in UTC, as Falcosidekick writes it.
 *
 * @example utcTime(event) // '2019-05-17 15:31:56.746609046 +0000 UTC'
 */
export function utcTime({ time, timeText }: Event): string {
  const fraction = /\.(\d+)/.exec(timeText)?.[1]?.replace(/0+$/, '') ?? '';
  const seconds = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  return `${seconds}${fraction && `.${fraction}`} +0000 UTC`;
}
