import { createRandom } from './random.ts';

const PRIORITIES = ['Emergency', 'Alert', 'Critical', 'Error', 'Warning', 'Notice', 'Informational', 'Debug'];
const RULES = ['Terminal shell in container', 'Read sensitive file untrusted', 'Ünïcode → rule «日本»'];
const DAY = 86_400_000;
/** Long ago: however the clock jumps, no event comes from the future. */
const FIRST_DAY = Date.UTC(2025, 2, 1);

/** The field that carries the number of an event. */
const FIELD = 'chaos.id';
const ID = new RegExp(`"${FIELD}":(\\d+)`);
const IDS = new RegExp(ID, 'g');

/**
 * The event of a number: the same bytes at each call, so that they need not be kept. Over
 * three days, up to some kilobytes, with integers that a double cannot hold.
 */
export function eventOf(seed: number, id: number): string {
  const random = createRandom((seed ^ Math.imul(id + 1, 0x9e3779b1)) >>> 0);
  const time = new Date(FIRST_DAY + random.between(0, 3 * DAY - 1)).toISOString();
  const nanoseconds = `${Date.parse(time)}${String(random.between(0, 999_999)).padStart(6, '0')}`;
  const priority = random.pick(PRIORITIES);
  const rule = random.pick(RULES);
  const padding = 'x→"\\'.repeat(random.chance(0.02) ? random.between(500, 2000) : random.between(0, 30));
  // Numbers beyond 2^53 are written as text: JSON.stringify would round them.
  return `{"hostname":"node-${id % 7}","output":${JSON.stringify(`${rule} ${padding}`)},"output_fields":{"${FIELD}":${id},"evt.time":${nanoseconds},"proc.pid":${random.between(1, 1 << 22)},"huge":18446744073709551615},"priority":"${priority}","rule":${JSON.stringify(rule)},"source":"syscall","tags":["chaos","T1059"],"time":"${time}"}`;
}

/** The number of an event in its text; undefined when it carries none. */
export function idOf(text: string): number | undefined {
  const found = ID.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** The numbers of all events in a text, in their order. */
export function idsOf(text: string): number[] {
  return Array.from(text.matchAll(IDS), ([, id]) => Number(id));
}
