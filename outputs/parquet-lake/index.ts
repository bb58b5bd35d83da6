import { resolve } from 'node:path';
import {
  defineOutput,
  type Mapper,
  type Static,
  type StreamOutputDefinition,
  Type,
  VERSION,
} from '../../core/index.ts';
import { createEncoder, createUploader, directoryStore, s3Options, s3Store } from '../../lake/index.ts';
import { partitionKey } from './partition.ts';

const { region, ...s3 } = s3Options;

const options = Type.Object(
  {
    bucket: Type.Optional(
      Type.String({ minLength: 3, description: 'The bucket. Needs `region`.', examples: ['falco-lake'] }),
    ),
    directory: Type.Optional(
      Type.String({ minLength: 1, description: 'A local folder instead of a bucket.', examples: ['./lake'] }),
    ),
    region: Type.Optional(region),
    prefix: Type.Optional(
      Type.String({
        pattern: '^[^/].*[^/]$|^[^/]$',
        description: 'What keys begin with; no slash at either end.',
        examples: ['security/falco'],
      }),
    ),
    partition_by: Type.Optional(
      Type.Unsafe<'hour' | 'day' | 'month' | 'none'>({
        type: 'string',
        enum: ['hour', 'day', 'month', 'none'],
        default: 'day',
        description:
          'The Hive partition of an event by its own time, in UTC: `day=2026-01-02`, and `hour=03` below it.',
      }),
    ),
    ...s3,
  },
  { additionalProperties: false },
);

/** Writes the records of any mapper with a fixed schema as partitioned Parquet. */
const definition: StreamOutputDefinition<typeof options> = defineOutput({
  apiVersion: 1,
  type: 'parquet_lake',
  summary:
    'Writes the records of any mapper as partitioned Parquet to a folder, to S3 or to an S3-compatible store.',
  options,
  examples: [
    { title: 'A folder', options: { directory: './lake' } },
    {
      title: 'A bucket, by the hour',
      options: { bucket: 'falco-lake', region: 'eu-west-1', prefix: 'security/falco', partition_by: 'hour' },
    },
    {
      title: 'An S3-compatible store',
      options: { bucket: 'lake', region: 'us-east-1', endpoint: 'http://minio:9000', force_path_style: true },
    },
  ],
  batch: { every: 5 * 60_000, size: 128 * 1024 * 1024 },
  timeout: 10 * 60_000,
  mapper: 'ocsf',
  idempotent: true,
  claims(given) {
    checkPlace(given);
    const { bucket, directory, prefix = '' } = given;
    return [`${bucket === undefined ? directory : `s3://${bucket}`}/${prefix}`];
  },
  notes: `Needs a mapper whose records always have the same columns (\`ocsf\` is one); the schema of every file is the same. Objects are written with
\`If-None-Match: *\` under the name of their batch: a replay after any crash writes no second one.

Retried: everything that S3 or the disk answers but success; the file made is kept for the next attempt. Set aside: events that the mapper refuses.`,
  stream: true,
  create(given, context) {
    const { prefix = '', partition_by: by = 'day' } = given;
    const { log, stateDir } = context;
    const sortedBy = timeColumn(context.mapper, context.mapperRef.type);
    const store = storeOf(given, context.configDir);
    const encoder = createEncoder({
      mapper: context.mapperRef,
      decode: context.decode,
      directory: stateDir,
      log,
      file: {
        createdBy: `tiercel ${VERSION}`,
        metadata: { mapping: context.mapperRef.type, mapping_version: VERSION, product_version: VERSION },
        ...(sortedBy !== undefined && { sortedBy }),
      },
    });
    const uploader = createUploader({ encoder, store, log });
    const keyOf = (partition: string, name: string) =>
      [prefix, partition, `${name}.parquet`].filter(Boolean).join('/');
    return {
      partition: (event) => partitionKey(event.time, by),
      deliver: (batch, signal) => uploader.upload(batch, keyOf(batch.partition, batch.id), signal),
      async check(signal) {
        log.info({ store: store.describe() }, await store.check(signal));
      },
      async *diagnose({ write, sample }, signal) {
        const given = partitionKey(sample.time, by);
        const partition = typeof given === 'string' ? given : '';
        const place = `${store.describe()}/${keyOf(partition, '{batch id}')}`;
        yield { status: 'plan', what: 'key', line: `an event of now goes to ${place}` };
        yield* store.diagnose(keyOf(partition, 'doctor'), write, signal);
      },
      stop: () => uploader.close(),
    };
  },
});

export default definition;

/** @throws Error that says which options are missing, or too many. */
function checkPlace({ bucket, directory, region }: Static<typeof options>): void {
  if ((bucket === undefined) === (directory === undefined)) {
    throw new Error('say where the lake is: exactly one of bucket and directory');
  }
  if (bucket !== undefined && region === undefined) throw new Error('bucket needs region');
}

function storeOf(given: Static<typeof options>, configDir: string) {
  checkPlace(given);
  const { bucket, directory, region } = given;
  if (bucket === undefined) return directoryStore(resolve(configDir, directory!));
  return s3Store(bucket, { ...given, region: region! });
}

/**
 * The column that rows are in the order of: they are sorted by the event's time, which mappers keep in one of these.
 *
 * @throws Error when the records have no columns
 */
function timeColumn(mapper: Mapper, name: string): string | undefined {
  const { properties } = (mapper.record ?? {}) as { properties?: Record<string, unknown> };
  if (properties === undefined) {
    throw new Error(
      `mapper ${name} gives no records with fixed columns, which Parquet needs: choose ocsf, or one like it`,
    );
  }
  return ['time', '@timestamp'].find((column) => Object.hasOwn(properties, column));
}
