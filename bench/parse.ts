/**
 * What lossless parsing costs, beside JSON.parse of the same events.
 *
 * Run: `node --experimental-strip-types bench/parse.ts [events.ndjson]` (Node 22 and later), or with any runtime that takes TypeScript.
 */
import { readFileSync } from 'node:fs';
import { eventToJson } from '../core/event/encode.ts';
import { decodeText, parseEvent } from '../core/event/parse.ts';

const file = process.argv[2] ?? new URL('../samples/events.ndjson', import.meta.url);
const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const events = lines.map((line) => Buffer.from(line));
const bytes = events.reduce((sum, raw) => sum + raw.length, 0);

let sink: unknown;
const cases: Record<string, (raw: Buffer) => unknown> = {
  'JSON.parse (lossy)': (raw) => JSON.parse(decodeText(raw)),
  'parse, as a request does': (raw) => parseEvent(raw, 0),
  'parse, one field read': (raw) => fieldsOf(raw)['k8s.ns.name'],
  'parse, all as text': (raw) => {
    const result = parseEvent(raw, 0);
    if (result.ok) return eventToJson(result.event);
  },
};

console.log(`${events.length} events, ${Math.round(bytes / events.length)} bytes each, ${process.version}`);
const rounds = Math.ceil(20_000 / events.length);
const baseline: number[] = [];
for (const [name, run] of Object.entries(cases)) {
  const times = Array.from({ length: 9 }, () => measure(run))
    .slice(2)
    .sort((a, b) => a - b);
  const median = times[times.length >> 1]!;
  baseline.push(median);
  const ratio = (median / baseline[0]!).toFixed(2);
  console.log(
    `${name.padEnd(28)} ${median.toFixed(2)} us an event  ${ratio} of JSON.parse  (${times[0]!.toFixed(2)}-${times.at(-1)!.toFixed(2)})`,
  );
}

function fieldsOf(raw: Buffer) {
  const result = parseEvent(raw, 0);
  if (!result.ok) throw new Error(result.reason);
  return result.event.fields;
}

function measure(run: (raw: Buffer) => unknown): number {
  const start = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) for (const raw of events) sink = run(raw);
  return Number(process.hrtime.bigint() - start) / 1000 / rounds / events.length;
}

if (sink === undefined) console.log('');
