import { expect, it } from 'vitest';
import { type Logger, stringify } from '../../../core/sdk/index.ts';
import ecs from '../../../mappers/ecs/index.ts';
import { sampleEvents } from '../../support/corpus.ts';
import { decoded } from '../../support/decoded.ts';
import { event, mapper } from './ocsf/support.ts';

const cloud = { provider: 'AWS', account_id: '123456789012', region: 'eu-west-1', zone: 'eu-west-1a' };
const MAPPERS = {
  ecs: ecs.create(decoded(ecs, {}), { log: {} as Logger }),
  'ocsf-detection-1.1.0': mapper({}),
  'ocsf-detection-1.3.0': mapper({
    version: '1.3.0',
    cloud,
    cluster_name: 'blue',
    profiles: ['linux_users'],
    confidence_from_maturity: true,
  }),
  'ocsf-detection-1.8.0': mapper({ version: '1.8.0', cloud, cluster_name: 'blue' }),
  'ocsf-security-1.1.0': mapper({ class: 'security_finding', cloud }),
  'ocsf-falcosidekick-1.1.0': mapper({ class: 'security_finding', mode: 'falcosidekick' }),
};

/**
 * What the mappers make of the events that the package ships, one record a line. A change of a record is a change for those who
 * query it: `npx vitest run -u` writes the records as they are now; read the difference as a user would.
 */
it.each(Object.entries(MAPPERS))('the sample events as %s are what they were', async (name, { map }) => {
  const lines = sampleEvents().map((text) => {
    const result = map(event(text));
    return result.ok ? stringify(result.record as never) : `refused: ${result.reason}`;
  });
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`../../fixtures/sample-records/${name}.ndjson`);
});
