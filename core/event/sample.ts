import { randomUUID } from 'node:crypto';
import type { Priority } from './priority.ts';

/**
 * The event that `POST /test` puts in: rule `Test rule`, source `internal`, tag `test`, as Falcosidekick's users know
 * it. It is an event like any other: outputs with a higher `minimum_priority` do not want it.
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
