import { createHash } from 'node:crypto';

/** How the index of a document is named. */
export interface IndexNaming {
  readonly index: string;
  readonly suffix: 'daily' | 'monthly' | 'annually' | 'none';
  /** An ingest pipeline to send it through. */
  readonly pipeline?: string;
}

const SUFFIX_LENGTH = { daily: 10, monthly: 7, annually: 4, none: 0 } as const;

/**
 * The two lines of `_bulk` for one record: `create` under an id derived from its text, so that a repeated batch finds its
 * documents there. `@timestamp` is put in front of a record that has none; nothing else is touched, so no number is rounded.
 *
 * @param json the record as JSON text, one line
 */
export function bulkLines(json: string, naming: IndexNaming): string {
  const { '@timestamp': stamped, time } = (JSON.parse(json) ?? {}) as {
    '@timestamp'?: unknown;
    time?: unknown;
  };
  const timestamp = toIso(stamped ?? time);
  const action = {
    _index: indexName(naming, timestamp),
    _id: createHash('sha256').update(json).digest('hex').slice(0, 32),
    ...(naming.pipeline !== undefined && { pipeline: naming.pipeline }),
  };
  const text = stamped === undefined && timestamp !== undefined ? withTimestamp(json, timestamp) : json;
  return `${JSON.stringify({ create: action })}\n${text}\n`;
}

/** The index of an instant, by UTC: `falco-2026.01.02`. */
function indexName({ index, suffix }: IndexNaming, timestamp: string | undefined): string {
  const length = SUFFIX_LENGTH[suffix];
  if (length === 0 || timestamp === undefined) return index;
  return `${index}-${new Date(timestamp).toISOString().slice(0, length).replaceAll('-', '.')}`;
}

/** A text as it is (to the nanosecond), epoch milliseconds as ISO 8601; undefined for what is no time. */
function toIso(time: unknown): string | undefined {
  if ((typeof time !== 'string' && typeof time !== 'number') || Number.isNaN(new Date(time).getTime()))
    return undefined;
  return typeof time === 'string' ? time : new Date(time).toISOString();
}

function withTimestamp(json: string, timestamp: string): string {
  const rest = json.slice(json.indexOf('{') + 1);
  const separator = rest.trimStart().startsWith('}') ? '' : ',';
  return `{"@timestamp":${JSON.stringify(timestamp)}${separator}${rest}`;
}
