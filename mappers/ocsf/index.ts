import { defineMapper, Type } from '../../core/sdk/index.ts';
import { finisher } from './check/check.ts';
import { mappingOf } from './finding/mapping.ts';
import type { Finding } from './schema/finding.ts';
import { options } from './schema/options.ts';

/** Falco alerts as OCSF: Detection Finding (2004) or Security Finding (2001). */
export default defineMapper({
  apiVersion: 1,
  type: 'ocsf',
  summary: 'OCSF Detection (2004) or Security Findings (2001), as Security Lake takes them.',
  stability: 'stable',
  options,
  create(given) {
    const mapping = mappingOf(given);
    const finish = finisher(mapping, given.validation);
    const record = Type.Unsafe<Finding>(mapping.schema);
    return { record, map: (event) => finish(mapping.map(event)) };
  },
});
