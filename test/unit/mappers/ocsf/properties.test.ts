import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { runs } from '../../../support/runs.ts';
import { distinctFields, eventText } from '../arbitrary.ts';
import { checked } from './checked.ts';
import { alert, event } from './support.ts';

const KINDS: Partial<OcsfOptions>[] = [
  {},
  { version: '1.3.0', profiles: ['linux_users'], account_id_from: 'ct.recipientaccountid' },
  { version: '1.5.0', profiles: ['linux_users'], cloud: { provider: 'GCP', account_name: 'shop' } },
  { version: '1.8.0' },
  { class: 'security_finding', version: '1.6.0', cloud: { provider: 'AWS' } },
  { class: 'security_finding', cloud: { account_id: 'external_x' } },
  { class: 'security_finding', mode: 'falcosidekick' },
  { class: 'security_finding', mode: 'falcosidekick', version: '1.3.0' },
  { class: 'security_finding', version: '1.3.0', cloud: { provider: 'AWS' }, cluster_name: 'c' },
];

describe.each(KINDS)('any event, mapped with %j', (options) => {
  it('gives a valid record that keeps its bytes, loses nothing and invents nothing', () => {
    fc.assert(
      fc.property(eventText, (text) => {
        const { raw_data, unmapped } = checked(event(text), options);
        expect(raw_data ?? unmapped['event.raw_data'] ?? unmapped.raw_data).toBe(text);
      }),
      { numRuns: runs(100) },
    );
  });

  it('has a place for each of many fields that have nothing in common', () => {
    fc.assert(
      fc.property(distinctFields, (fields) => {
        checked(alert(fields), options);
      }),
      { numRuns: runs(100) },
    );
  });
});
