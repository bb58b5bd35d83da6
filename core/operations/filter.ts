import { type Parsed, parseDuration } from '../config/schema/duration.ts';
import type { DeadLetterFilter } from '../dead-letters/store.ts';

/** A filter as written in options and URLs. */
export interface FilterTexts {
  readonly output?: string | undefined;
  readonly reason?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly id?: readonly string[] | undefined;
}

/** The members of {@link FilterTexts}: any other name is an error, because a misspelt filter would select everything. */
export const FILTER_NAMES: readonly string[] = ['output', 'reason', 'since', 'until', 'id'];

/**
 * Reads a filter of dead letters.
 *
 * @param now epoch milliseconds, for `since: 2h`
 */
export function parseFilter(texts: FilterTexts, now: number): Parsed<DeadLetterFilter> {
  const { output, reason, id = [] } = texts;
  const moments: { since?: number; until?: number } = {};
  for (const name of ['since', 'until'] as const) {
    const text = texts[name];
    if (text === undefined) continue;
    const moment = parseTimeFilter(text, now);
    if (!moment.ok) return { ok: false, reason: `${name} ${moment.reason}` };
    moments[name] = moment.value;
  }
  const wrong = id.find((text) => !/^[1-9]\d{0,15}$/.test(text));
  if (wrong !== undefined)
    return { ok: false, reason: `id ${JSON.stringify(wrong)} is not the number of a dead letter` };
  return {
    ok: true,
    value: {
      ...(output !== undefined && { output }),
      ...(reason !== undefined && { reason }),
      ...moments,
      ...(id.length > 0 && { ids: id.map(Number) }),
    },
  };
}

/** The filter as the query of a URL, without the question mark; `''` for all. */
export function filterQuery({ output, reason, since, until, ids = [] }: DeadLetterFilter): string {
  const query = new URLSearchParams();
  if (output !== undefined) query.set('output', output);
  if (reason !== undefined) query.set('reason', reason);
  if (since !== undefined) query.set('since', new Date(since).toISOString());
  if (until !== undefined) query.set('until', new Date(until).toISOString());
  for (const id of ids) query.append('id', String(id));
  return query.toString();
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads a time of a filter: an ISO time (UTC if it has no offset) or a duration before now.
 *
 * @param now epoch milliseconds
 * @returns epoch milliseconds
 * @example parseTimeFilter('2h', Date.now()); parseTimeFilter('2026-07-10T06:00:00Z', Date.now())
 */
export function parseTimeFilter(text: string, now: number): Parsed<number> {
  if (ISO_TIME.test(text)) {
    const isLocal = text.includes('T') && !/(Z|[+-]\d{2}:?\d{2})$/.test(text);
    const value = Date.parse(isLocal ? `${text}Z` : text);
    if (!Number.isNaN(value)) return { ok: true, value };
  }
  const duration = parseDuration(text);
  if (duration.ok) return { ok: true, value: now - duration.value };
  return { ok: false, reason: 'is neither a duration such as 2h nor a time such as 2026-07-10T06:00:00Z' };
}
