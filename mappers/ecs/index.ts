import { defineMapper, Type } from '../../core/sdk/index.ts';
import { toEcs } from './record.ts';
import { schema } from './schema.ts';

const options = Type.Object({
  original: Type.Boolean({
    default: true,
    description:
      'Keep the event as it was received in `event.original`. Without, records are half as large, and only its parsed fields are left.',
  }),
});

/** Falco alerts in the Elastic Common Schema. */
export default defineMapper({
  apiVersion: 1,
  type: 'ecs',
  summary: 'The Elastic Common Schema (ECS), for Elasticsearch, OpenSearch and lakes.',
  stability: 'stable',
  options,
  create: ({ original }) => ({
    record: schema,
    map: (event) => ({ ok: true, record: toEcs(event, original) }),
  }),
});
