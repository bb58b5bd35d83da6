import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSIONS } from '../../../../mappers/ocsf/schema/objects/types.ts';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { checked } from './checked.ts';
import { alert, event } from './support.ts';

/**
 * Synthetic events of kinds that nobody looked at when the mapper was written: other plugins, fields of other types,
 * names that collide, numbers that no double holds.
 */
const FILE = join(import.meta.dirname, '../../../fixtures/held-back-events.ndjson');
const lines = readFileSync(FILE, 'utf8').trim().split('\n');
const long = (letter: string) => letter.repeat(66_000);
const tooLong = alert(
  { 'proc.cmdline': long('x'), list: [long('y')] },
  { output: long('o'), hostname: long('h'), source: long('s'), tags: [long('t'), 'T1083'] },
);
const events = [...lines.map(event), tooLong];

const CLASSES: Partial<OcsfOptions>[] = [
  {},
  { class: 'security_finding' },
  { class: 'security_finding', mode: 'falcosidekick' },
];
const PLACES: Partial<OcsfOptions>[] = [
  {},
  { cloud: { provider: 'AWS', account_id: '123456789012', region: 'eu-west-1' }, cluster_name: 'blue' },
  { account_id_from: 'ct.recipientaccountid', profiles: ['linux_users'], confidence_from_maturity: true },
];
const KINDS = VERSIONS.flatMap((version) =>
  CLASSES.flatMap((kind) => PLACES.map((place): Partial<OcsfOptions> => ({ version, ...kind, ...place }))),
);

describe('events of the held-back set', () => {
  it.each(KINDS)('are valid, whole and free of inventions: %j', (options) => {
    expect(events.length).toBeGreaterThan(40);
    for (const of of events) {
      const { raw_data, unmapped } = checked(of, options);
      const text = Buffer.from(of.raw).toString();
      expect(raw_data ?? unmapped['event.raw_data'] ?? unmapped.raw_data).toBe(text);
    }
  });
});
