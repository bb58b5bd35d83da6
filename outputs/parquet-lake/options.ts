import { Type } from '../../core/sdk/index.ts';
import { s3Options } from '../shared/lake/index.ts';

const { region, ...s3 } = s3Options;

export const options = Type.Object({
  bucket: Type.Optional(
    Type.String({
      minLength: 3,
      needs: ['region'],
      excludes: ['directory'],
      description: 'The bucket. Needs `region`.',
      examples: ['falco-lake'],
    }),
  ),
  directory: Type.Optional(
    Type.String({
      minLength: 1,
      format: 'path',
      description: 'A local folder instead of a bucket. New files are 0640 and folders 0750, less the umask.',
      examples: ['./lake'],
    }),
  ),
  region: Type.Optional(region),
  prefix: Type.Optional(
    Type.String({
      pattern: '^[^/].*[^/]$|^[^/]$',
      description: 'What keys begin with; no slash at either end.',
      examples: ['security/falco'],
    }),
  ),
  partition_by: Type.Unsafe<'hour' | 'day' | 'month' | 'none'>({
    type: 'string',
    enum: ['hour', 'day', 'month', 'none'],
    default: 'day',
    description:
      'The Hive partition of an event by its own time, in UTC: `day=2026-01-02`, and `hour=03` below it.',
  }),
  partition_fields: Type.Array(Type.String({ pattern: '^[A-Za-z_][^/=]{0,49}$' }), {
    default: [],
    maxItems: 3,
    uniqueItems: true,
    description:
      'Fields that become Hive partitions below the time: `rule`, `priority`, `source`, `hostname`, or an output field. `k8s.ns.name` becomes `k8s_ns_name=prod`; without a value, `k8s_ns_name=__HIVE_DEFAULT_PARTITION__`, which engines read as NULL.',
    examples: [['k8s.ns.name', 'priority']],
  }),
  max_partition_values: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 100,
    description:
      'How many different values (or combinations) of `partition_fields` one hour, day or month may have; events with a further one go where those without a value go.',
  }),
  ...s3,
});
