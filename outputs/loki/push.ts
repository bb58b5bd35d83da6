import { type Event, nanosecondsOf } from '../../core/sdk/index.ts';

/** One line of a stream: nanoseconds since 1970, the text, and structured metadata where there is some. */
type Entry = readonly [time: string, line: string, metadata?: Readonly<Record<string, string>>];

/** What the output decides about events. */
export interface EntryRules {
  labels(event: Event): Readonly<Record<string, string>>;
  metadata(event: Event): Readonly<Record<string, string>>;
  line(index: number): string;
}

interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly lines: [time: bigint, entry: Entry][];
}

/** Loki refuses a stream without labels. */
const LABELS_OF_NONE = { job: 'tiercel' };

/**
 * The body of a push request, as JSON: a stream for each set of labels, its lines in the order of time.
 *
 * @example pushBody(events, rules) // {"streams":[{"stream":{"rule":"…"},"values":[["1558107116746609046","…",{"k8s_pod_name":"…"}]]}]}
 */
export function pushBody(events: readonly Event[], rules: EntryRules): string {
  const streams = new Map<string, Stream>();
  for (const [index, event] of events.entries()) {
    const labels = rules.labels(event);
    const stream = Object.keys(labels).length > 0 ? labels : LABELS_OF_NONE;
    // Labels are always made in the same order.
    const key = JSON.stringify(stream);
    const found: Stream = streams.get(key) ?? { stream, lines: [] };
    streams.set(key, found);
    const time = nanosecondsOf(event);
    const line = rules.line(index);
    const metadata = rules.metadata(event);
    const hasMetadata = Object.keys(metadata).length > 0;
    found.lines.push([time, hasMetadata ? [String(time), line, metadata] : [String(time), line]]);
  }
  const ordered = [...streams.values()].map(({ stream, lines }) => ({
    stream,
    values: lines.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, entry]) => entry),
  }));
  return JSON.stringify({ streams: ordered });
}
