import { type Parsed, parseDuration } from '../config/schema/duration.ts';

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads a moment: an ISO time (UTC unless it says otherwise), or how long ago it was.
 *
 * @param now epoch milliseconds
 * @returns epoch milliseconds
 * @example parseMoment('2h', Date.now()); parseMoment('2026-07-10T06:00:00Z', Date.now())
 */
export function parseMoment(text: string, now: number): Parsed<number> {
  if (ISO.test(text)) {
    const isLocal = text.includes('T') && !/(Z|[+-]\d{2}:?\d{2})$/.test(text);
    const value = Date.parse(isLocal ? `${text}Z` : text);
    if (!Number.isNaN(value)) return { ok: true, value };
  }
  const duration = parseDuration(text);
  if (duration.ok) return { ok: true, value: now - duration.value };
  return { ok: false, reason: 'is neither a duration such as 2h nor a time such as 2026-07-10T06:00:00Z' };
}
