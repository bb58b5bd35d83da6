import { resolve } from 'node:path';
import {
  type Column,
  columnProblems,
  columnsOf,
  defineOutput,
  type Event,
  type Mapper,
  type Static,
  type StreamOutputDefinition,
  VERSION,
} from '../../core/sdk/index.ts';
import { createdBy, createEncoder, createUploader, directoryStore, s3Store } from '../shared/lake/index.ts';
import { options } from './options.ts';
import { checkFields, fieldSegments, type PartitionBy, partitionKey } from './partition.ts';

/** Writes the records of any mapper with a fixed schema as partitioned Parquet. */
const definition: StreamOutputDefinition<typeof options> = defineOutput({
  apiVersion: 1,
  type: 'parquet_lake',
  summary: 'Writes records as partitioned Parquet to a folder or an S3-compatible store.',
  category: 'storage',
  stability: 'stable',
  options,
  examples: [
    { title: 'A folder', options: { directory: './lake' } },
    {
      title: 'A bucket, by the hour',
      options: { bucket: 'falco-lake', region: 'eu-west-1', prefix: 'security/falco', partition_by: 'hour' },
    },
    {
      title: 'A folder for each namespace, below the day',
      options: { directory: './lake', partition_fields: ['k8s.ns.name'] },
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
  checkMapper: ({ record }, { partition_by: by }) => [
    ...columnProblems(record),
    ...columnNames({ record })
      .filter((name) => timePartitions(by).includes(name.toLowerCase()))
      .map(
        (name) => `${name}: is the partition of \`partition_by: ${by}\`; write another name or partition_by`,
      ),
  ],
  claims(given, context) {
    checkPlace(given);
    checkFields(given.partition_fields, [...columnNames(context.mapper), ...timePartitions('any')]);
    const { bucket, directory, endpoint = 's3:/', prefix = '' } = given;
    return [
      `${bucket === undefined ? resolve(context.configDir, directory!) : `${endpoint}/${bucket}`}/${prefix}`,
    ];
  },
  notes: `Needs a mapper whose records always have the same columns (\`ocsf\` is one); the schema of every file is the same. Objects are written with
\`If-None-Match: *\` under the name of their batch: a replay after any crash writes no second one.

With \`partition_fields\` a batch holds one combination of values: the more there are, the smaller the objects. Beyond \`max_partition_values\` events
go to the partition without a value, and keep theirs in the row.

Retried: everything that S3 or the disk answers but success; the file made is kept for the next attempt. Set aside: events that the mapper refuses.`,
  stream: true,
  create(given, context) {
    const { prefix = '', partition_by: by, partition_fields: fields } = given;
    const { log, stateDir } = context;
    const sortedBy = columnsOf(context.mapper.record).find(isTime)?.name;
    const segments = fieldSegments(fields, given.max_partition_values);
    const store = storeOf(given, context.configDir);
    const encoder = createEncoder({
      mapper: context.mapperRef,
      decode: context.decode,
      directory: stateDir,
      log,
      file: {
        createdBy: createdBy(),
        metadata: { mapping: context.mapperRef.type, mapping_version: VERSION, product_version: VERSION },
        ...(sortedBy !== undefined && { sortedBy }),
      },
    });
    const uploader = createUploader({ encoder, store, log });
    const folderOf = (partition: string) => [prefix, partition].filter(Boolean).join('/');
    const keyIn = (folder: string, name: string) => [folder, `${name}.parquet`].filter(Boolean).join('/');
    const keyOf = (partition: string, name: string) => keyIn(folderOf(partition), name);
    const partitionOf = (event: Event) => {
      const time = partitionKey(event.time, by);
      return typeof time === 'string' ? [time, segments(event, time)].filter(Boolean).join('/') : time;
    };
    return {
      partition: partitionOf,
      destination: folderOf,
      deliver: (batch, signal) =>
        uploader.upload(batch, keyIn(batch.destination ?? folderOf(batch.partition), batch.id), signal),
      async *diagnose({ write, sample }, signal) {
        const given = partitionOf(sample);
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
  return s3Store(bucket, { ...given, region: region! }, { configDir });
}

/** The partition columns of the time: an engine reads the names of the folders as columns. */
function timePartitions(by: PartitionBy | 'any'): readonly string[] {
  if (by === 'any') return ['day', 'hour', 'month'];
  if (by === 'hour') return ['day', 'hour'];
  return by === 'none' ? [] : [by];
}

/** The names of the top-level columns; none when the mapper does not declare them. */
function columnNames({ record }: Pick<Mapper, 'record'>): string[] {
  return Object.keys((record as { properties?: object } | undefined)?.properties ?? {});
}

/** The column of the event's time, by which the rows are sorted. */
function isTime({ name, shape }: Column): boolean {
  const isNumber = shape.kind === 'leaf' && (shape.type === 'int64' || shape.type === 'timestamp');
  return isNumber && (name === 'time' || name === '@timestamp');
}
