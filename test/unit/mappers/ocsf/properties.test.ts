import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OcsfOptions } from '../../../../mappers/ocsf/options.ts';
import { body } from '../arbitrary.ts';
import { lostFields } from './accounting.ts';
import { event, hasData, mapper, officialErrors } from './support.ts';

const KINDS: OcsfOptions[] = [
  {},
  { version: '1.3.0', profiles: ['linux_users'], account_id_from: 'ct.recipientaccountid' },
  { class: 'security_finding', cloud: { account_id: 'external_x' } },
  { class: 'security_finding', mode: 'falcosidekick' },
  { class: 'security_finding', version: '1.3.0', cloud: { provider: 'AWS' }, cluster_name: 'c' },
];

describe('any event', () => {
  it.each(KINDS)(
    'is mapped without a throw, to a record that needs no repair, with nothing lost: %j',
    (options) => {
      const { map } = mapper({ ...options, validation: 'strict' });
      fc.assert(
        fc.property(body, (given) => {
          const of = event(JSON.stringify(given));
          const result = map(of);
          if (!result.ok) throw new Error(result.reason);
          const record = JSON.parse(JSON.stringify(result.record));
          expect(record.raw_data ?? record.unmapped['event.raw_data'] ?? record.unmapped.raw_data).toBe(
            Buffer.from(of.raw).toString(),
          );
          expect(lostFields(of, result.record as object)).toEqual([]);
          if (hasData && !options.profiles) expect(officialErrors(record)).toEqual([]);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('gives the same record every time', () => {
    fc.assert(
      fc.property(body, (given) => {
        const text = JSON.stringify(given);
        expect(JSON.stringify(mapper({ validation: 'off' }).map(event(text)))).toBe(
          JSON.stringify(mapper({ validation: 'off' }).map(event(text))),
        );
      }),
      { numRuns: 50 },
    );
  });
});
