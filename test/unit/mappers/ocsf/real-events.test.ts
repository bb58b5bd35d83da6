import { describe, expect, it } from 'vitest';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { composedEvents, realEvents, shapedEvents } from '../../../support/corpus.ts';
import { runs } from '../../../support/runs.ts';
import { lostFields } from './accounting.ts';
import { event, mapper, officialErrors } from './support.ts';

const KINDS: Partial<OcsfOptions>[] = (['1.1.0', '1.3.0'] as const).flatMap((version) => [
  { version },
  { version, class: 'security_finding' as const },
  { version, class: 'security_finding' as const, mode: 'falcosidekick' as const },
  {
    version,
    cloud: { provider: 'AWS', account_id: '123456789012', region: 'eu-west-1', zone: 'eu-west-1a' },
  },
  { version, class: 'security_finding' as const, cloud: { provider: 'AWS' } },
]);

/** Each option set gets every fixture and its share of the recorded events, or all of them with RUNS=10. */
const SHARE = Math.ceil(KINDS.length / runs(1));

describe('real events', () => {
  const fixtures = [...shapedEvents(), ...composedEvents()];
  const recorded = realEvents().slice(shapedEvents().length);

  // Thousands of records, each checked by OCSF's whole schema too.
  it.each(KINDS)(
    'are valid OCSF by its own schema: %j',
    (options) => {
      const { map } = mapper({ ...options, validation: 'strict' });
      const own = recorded.filter((_, index) => index % SHARE === KINDS.indexOf(options) % SHARE);
      for (const line of [...fixtures, ...own]) {
        const result = map(event(line));
        if (!result.ok) throw new Error(`${result.reason}\n${line}`);
        const record = JSON.parse(JSON.stringify(result.record));
        const errors = officialErrors(record);
        if (errors.length > 0) throw new Error(`${JSON.stringify(errors.slice(0, 3))}\n${line}`);
        expect(record.raw_data).toBe(line);
        expect(lostFields(event(line), result.record as object)).toEqual([]);
      }
    },
    120_000,
  );
});
