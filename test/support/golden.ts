import { readFileSync } from 'node:fs';
import { parseEvent } from '../../core/event/parse.ts';
import type { Event } from '../../core/sdk/index.ts';

/** What Falcosidekick sends for an event. */
export interface Golden {
  readonly id: string;
  readonly event: Event;
  /** The exact text. */
  readonly text: string;
  /** The text as JSON, whose integers may be rounded; undefined where it is not JSON. */
  readonly body: unknown;
}

const FILE = new URL('../fixtures/falcosidekick/payloads.txt', import.meta.url);

/** What Falcosidekick sends for each recorded event, by the name that the file gives the output. */
export function goldenOf(output: string): Golden[] {
  const blocks = readFileSync(FILE, 'utf8').matchAll(/^> (.+) (\w+)\n(.+)\n/gm);
  const all = [...blocks].map(([, name, id, text]) => ({ name: name!, id: id!, text: text! }));
  const of = (name: string) => all.filter((block) => block.name === name);
  if (of(output).length === 0) throw new Error(`${FILE.pathname} has no payload of ${output}`);
  return of(output).map(({ id, text }) => {
    const parsed = parseEvent(Buffer.from(of('input').find((input) => input.id === id)!.text), 0);
    if (!parsed.ok) throw new Error(parsed.reason);
    return { id, event: parsed.event, text, body: /^[[{]/.test(text) ? JSON.parse(text) : undefined };
  });
}
