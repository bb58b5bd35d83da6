import { describe, expect, it } from 'vitest';
import { VERSIONS } from '../../../../mappers/ocsf/schema/objects/types.ts';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { composedEvents, realEvents, shapedEvents } from '../../../support/corpus.ts';
import { runs } from '../../../support/runs.ts';
import { lostFields } from './accounting.ts';
import { event, mapped, mapper, officialErrors } from './support.ts';

const KINDS: Partial<OcsfOptions>[] = VERSIONS.flatMap((version) => [
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

  /** The address is the one thing that one hunts a miner by. */
  it.each([
    ['real-shaped', 'Possible Cryptominer Activity', '127.0.0.1', undefined, 0],
    ['composed', 'Possible Cryptominer', '203.0.113.70', '198.51.100.8', 0],
    ['composed', 'Detect outbound connections to common miner pool ports', '203.0.113.70', '198.51.100.8', 2],
  ])('show the remote end of a miner: %s, %s', (file, rule, remote, local, direction) => {
    const lines = file === 'composed' ? composedEvents() : shapedEvents();
    const line = lines.find((text) => text.includes(`"rule":"${rule}"`) && text.includes('"fd.rip"'))!;
    const record = mapped(event(line));
    const [{ src_endpoint, dst_endpoint, connection_info }] = record.evidences;
    expect(dst_endpoint).toMatchObject({ ip: remote, port: 3333 });
    expect(src_endpoint?.ip).toBe(local);
    expect(connection_info.direction_id).toBe(direction);
    expect(record.observables).toContainEqual({
      name: 'evidences[].dst_endpoint.ip',
      type: 'IP Address',
      type_id: 2,
      value: remote,
    });
  });
});
