import { randomUUID } from 'node:crypto';
import type { Priority } from './priority.ts';

/**
 * The event of `POST /test` and `tiercel doctor`: rule `Test rule`, source `internal`, tag `test`, as in Falcosidekick. It is
 * routed like any other event.
 *
 * @param now epoch milliseconds
 */
export function sampleEvent(now: number, priority: Priority = 'Debug'): Uint8Array {
  const time = `${new Date(now).toISOString().slice(0, -1)}000000Z`;
  return Buffer.from(
    JSON.stringify({
      uuid: randomUUID(),
      hostname: 'tiercel',
      output: 'This is a test from Tiercel',
      output_fields: { 'proc.name': 'tiercel', 'user.name': 'tiercel' },
      priority,
      rule: 'Test rule',
      source: 'internal',
      tags: ['test', 'example'],
      time,
    }),
  );
}
