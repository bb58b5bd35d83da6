import { existsSync, readFileSync } from 'node:fs';
import { parseEvent } from '../../../core/event/parse.ts';
import type { Event } from '../../../core/index.ts';

const PATH = '../shared/data/falcosidekick-golden.jsonl';

/** What Falcosidekick sends for two inputs, recorded from it; empty, with a printed reason, where the record is absent. */
export function goldenOf(output: string): { id: string; event: Event; body: unknown }[] {
  if (!existsSync(PATH)) {
    console.log(`skipped: the payloads recorded from Falcosidekick are not at ${PATH}`);
    return [];
  }
  const lines = readFileSync(PATH, 'utf8').trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as { output: string; input_id: string; input_raw: string; body: string })
    .filter((one) => one.output === output)
    .map(({ input_id: id, input_raw: raw, body }) => {
      const parsed = parseEvent(Buffer.from(raw), 0);
      if (!parsed.ok) throw new Error(parsed.reason);
      return { id, event: parsed.event, body: JSON.parse(body) as unknown };
    });
}
