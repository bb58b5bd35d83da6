import { noDecodeOptions } from '../../core/event/decode.ts';
import type { Event, Logger } from '../../core/sdk/index.ts';
import { createDecoder } from '../../core/sdk/index.ts';
import { falcoAlert } from './records.ts';
import { type Line, ratios, spread } from './report.ts';

/** The bytes of events that differ; the same on every run. */
export const alerts = Array.from({ length: 2000 }, (_, n) => falcoAlert(n));

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Fresh events: what a view remembers would flatter whoever reads it next. */
export function freshEvents(): Event[] {
  const decode = createDecoder(noDecodeOptions);
  return alerts.map((raw) => decode(raw, 0));
}

/** Something that is done to each of many items. */
export interface Work {
  readonly what: string;
  /** Made before the clock runs. */
  readonly items: () => readonly unknown[];
  readonly run: (item: never) => unknown;
  readonly target?: Line['target'];
}

const ROUNDS = 15;
let sink: unknown;

/** Processor time an item, each work once a round beside the first, which is the baseline. The first rounds warm up. */
export function compareCosts(works: readonly Work[], report: (line: Line) => void): void {
  const costs = works.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { items, run }] of works.entries()) {
      const given = items() as readonly never[];
      const started = process.cpuUsage();
      for (const item of given) sink = run(item);
      const { user, system } = process.cpuUsage(started);
      if (round >= 5) costs[index]!.push((user + system) / given.length);
    }
  }
  const [baseline] = works;
  for (const [index, { what, target }] of works.entries()) {
    if (index === 0) continue;
    report({
      what,
      value: `${spread(costs[index]!).median.toFixed(2)} µs an event`,
      against: `${baseline!.what} (${spread(costs[0]!).median.toFixed(2)} µs)`,
      ratio: ratios(costs[index]!, costs[0]!),
      ...(target && { target }),
    });
  }
  if (sink === undefined) throw new Error('nothing was measured');
}

/** The baseline of everything that is done to an event. */
export const jsonParse: Work = {
  what: 'JSON.parse',
  items: () => alerts,
  run: (raw: Buffer) => JSON.parse(raw.toString('utf8')),
};
