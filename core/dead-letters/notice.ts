import { parseEvent } from '../event/parse.ts';
import { PositionSet } from '../journal/positions.ts';
import type { DeadLetter } from './codec.ts';
import type { StoredDeadLetter } from './store.ts';

/** The rule of the event that tells an output of the dead letters of another. */
export const NOTICE_RULE = 'Events became dead letters';
/** Its source. */
export const NOTICE_SOURCE = 'tiercel';

/** The longest reason in a notice, in UTF-16 units. */
const LONGEST_REASON = 500;
/** How many dead letters of a report are read for rules and ids, and how many of each are named. */
const SAMPLED = 20;
const NAMED = 5;

/** The dead letters of one output that the next notice tells of. Its size does not grow with their number. */
export interface Report {
  readonly output: string;
  /** All of them. */
  count: number;
  /** Those that are not acknowledged. */
  ids: PositionSet;
  readonly first: Pick<StoredDeadLetter, 'id' | 'reason'>;
  readonly causes: Map<DeadLetter['cause'], number>;
  /** Of the first few dead letters. */
  readonly rules: Set<string>;
  readonly eventIds: string[];
}

/** A report of one dead letter. */
export function reportOf(letter: StoredDeadLetter): Report {
  const { output, id, reason } = letter;
  const report: Report = {
    output,
    count: 0,
    ids: new PositionSet(),
    first: { id, reason },
    causes: new Map(),
    rules: new Set(),
    eventIds: [],
  };
  addTo(report, letter);
  return report;
}

/** Adds a dead letter that was written later than those of the report. */
export function addTo(report: Report, { id, cause, raw, receivedAt }: StoredDeadLetter): void {
  report.count++;
  report.ids.push(id);
  report.causes.set(cause, (report.causes.get(cause) ?? 0) + 1);
  if (report.count > SAMPLED) return;
  const parsed = parseEvent(raw, receivedAt);
  if (!parsed.ok) return;
  if (report.rules.size < NAMED) report.rules.add(parsed.event.rule);
  if (report.eventIds.length < NAMED) report.eventIds.push(parsed.event.id);
}

/**
 * The notice as an event, in the JSON of Falco.
 *
 * @param now epoch milliseconds
 * @example noticeEvent(report, { now: Date.now(), hostname: 'node-1' })
 */
export function noticeEvent(
  { output, count, first, causes, rules, eventIds }: Report,
  { now, hostname }: { readonly now: number; readonly hostname: string },
): Uint8Array {
  const reason = shortened(first.reason);
  const command = `tiercel dlq list --output ${output}`;
  const byCause = [...causes].map(([cause, letters]) => `${letters} ${cause}`).join(', ');
  const events = count === 1 ? '1 event became a dead letter' : `${count} events became dead letters`;
  return Buffer.from(
    JSON.stringify({
      time: `${new Date(now).toISOString().slice(0, -1)}000000Z`,
      rule: NOTICE_RULE,
      priority: 'Error',
      source: NOTICE_SOURCE,
      hostname,
      tags: ['tiercel', 'dead_letter'],
      output: `${events} at the output ${output} (${byCause}). First reason: ${reason}. To list them: ${command}`,
      output_fields: {
        'tiercel.output': output,
        'tiercel.dead_letters': count,
        'tiercel.causes': byCause,
        'tiercel.reason': reason,
        'tiercel.first_dead_letter': first.id,
        'tiercel.rules': [...rules].join(', '),
        'tiercel.event_ids': eventIds.join(', '),
        'tiercel.command': command,
      },
    }),
  );
}

/**
 * Whether a dead letter is a notice, of this instance or of one that delivers to it: it makes no notice itself, so that two outputs
 * that are told of each other's dead letters never keep each other busy.
 */
export function isNotice({ raw, receivedAt }: Pick<DeadLetter, 'raw' | 'receivedAt'>): boolean {
  // A notice that an output passed on may be written with other spaces. Parsing every dead letter would cost more than the rest.
  if (!Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).includes(NOTICE_RULE)) return false;
  const parsed = parseEvent(raw, receivedAt);
  return parsed.ok && parsed.event.rule === NOTICE_RULE && parsed.event.source === NOTICE_SOURCE;
}

function shortened(reason: string): string {
  const text = reason.replace(/\.$/, '');
  return text.length <= LONGEST_REASON ? text : `${wellFormed(text.slice(0, LONGEST_REASON))}…`;
}

/** Without half of a character that was cut in two. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
