/**
 * What mapping an event to OCSF costs, and what checking the record adds, beside JSON.parse of the same events.
 * CPU time, the fastest of several rounds: what the machine does besides counts as little as can be.
 *
 * Run: `node --experimental-strip-types bench/mapping.ts [events.ndjson]` (Node 22 and later), or with any runtime that takes TypeScript.
 */
import { readFileSync } from 'node:fs';
import { parseEvent } from '../core/event/parse.ts';
import type { Event, Logger } from '../core/index.ts';
import ocsf from '../mappers/ocsf/index.ts';

const file = process.argv[2] ?? new URL('../samples/events.ndjson', import.meta.url);
const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const log = new Proxy({}, { get: () => () => {} }) as Logger;

/** Fresh events: what a view remembers would flatter the mapper. They are read before the clock runs. */
function events(): Event[] {
  return lines.flatMap((line) => {
    const result = parseEvent(Buffer.from(line), 0);
    if (!result.ok) return [];
    void result.event.fields;
    void result.event.id;
    return [result.event];
  });
}

const mapper = (options: Parameters<typeof ocsf.create>[0]) => {
  const { map } = ocsf.create(options, { log });
  const started = performance.now();
  map(events()[0]!);
  return { map, first: performance.now() - started };
};

const cases = {
  '2004 map': mapper({ validation: 'off' }),
  '2004 map + check': mapper({}),
  '2004 1.3.0 map + check': mapper({ version: '1.3.0' }),
  '2001 map + check': mapper({ class: 'security_finding' }),
  '2001 falcosidekick map + check': mapper({ class: 'security_finding', mode: 'falcosidekick' }),
};

const fastest: Record<string, number> = {};
const keep = (name: string, us: number) => {
  fastest[name] = Math.min(fastest[name] ?? Number.POSITIVE_INFINITY, us);
};
const repeats = Math.ceil(2_000 / lines.length);
for (let round = 0; round < 20; round++) {
  keep(
    'JSON.parse',
    measure(
      () => lines,
      (line) => JSON.parse(line),
    ),
  );
  for (const [name, { map }] of Object.entries(cases)) keep(name, measure(events, map));
}
console.log(`${lines.length} events, ${process.version}`);
for (const [name, us] of Object.entries(fastest)) {
  const first = cases[name as keyof typeof cases]?.first;
  const ratio = (us / fastest['JSON.parse']!).toFixed(1);
  const start = first === undefined ? '' : `, first event ${first.toFixed(0)} ms`;
  console.log(`${name.padEnd(32)} ${us.toFixed(2)} us an event, ${ratio} of JSON.parse${start}`);
}

/** CPU microseconds an item. */
function measure<T>(make: () => T[], run: (item: T) => unknown): number {
  let elapsed = 0;
  let count = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const items = make();
    const started = process.cpuUsage();
    for (const item of items) run(item);
    const { user, system } = process.cpuUsage(started);
    elapsed += user + system;
    count += items.length;
  }
  return elapsed / count;
}
