import { defineOutput, type Static, type StreamOutputDefinition, VERSION } from '../../core/sdk/index.ts';
import { createdBy, createEncoder, createUploader, directoryStore, s3Store } from '../shared/lake/index.ts';
import { destinationOf } from './destination.ts';
import { mapping, options } from './options.ts';
import { daysLate, keyFolder, objectKey, parsePartition, partitionOf } from './partition.ts';

type Options = Static<typeof options>;

const MINUTE = 60_000;
/** Later than this is worth a look; it is written all the same. */
const VERY_LATE_DAYS = 7;

/** The page of the output in docs/outputs, apart from its options. */
const notes = `Each object is \`ext/{source}[/{version}]/region={region}/accountId={account}/eventDay={YYYYMMDD}/{batch id}.parquet\`. The day is
the UTC day of the event itself: a late event goes to its own day, and the log tells; an event from the future (\`max_future\`) is set aside.
Its name is that of the batch, written with \`If-None-Match: *\`: a replay after any crash finds the object there and writes no second one.

Needs \`s3:PutObject\` below the source's prefix, and nothing else. One PutObject, SHA-256 with it; no ACL, no tags, no encryption headers, no multipart.
Credentials: the default chain of AWS (environment, profile, IRSA, Pod Identity, ECS, IMDS), static keys, or \`assume_role\`, renewed before they expire.

A batch is closed after \`batch.every\` (5m to 24h) or at \`batch.size\` (256 MB and more), as AWS asks of custom sources. \`batch.events\` closes
objects more often than AWS asks for; use it to try things out.

Retried, however long it takes: network faults, 403 and expired tokens (the breaker opens at once), a missing bucket, a wrong region, 503 SlowDown, and every
other answer of S3; the file made is kept for the next attempt. Set aside: events that the mapper refuses (\`validation: strict\`), whose time is in
the future, or whose \`account_id_from\` is no account. A batch without any row writes no object.

One source holds one OCSF class: give every output a source of its own.`;

/** Writes events into Amazon Security Lake as a custom source: OCSF in Parquet, one object per account, day and batch. */
const definition: StreamOutputDefinition<typeof options> = defineOutput({
  apiVersion: 1,
  type: 'aws_security_lake',
  summary: 'Writes OCSF findings to Amazon Security Lake, as Parquet.',
  category: 'siem',
  stability: 'stable',
  options,
  examples: [
    {
      title: 'As CreateCustomLogSource returned it, through the role it made',
      options: {
        location: 's3://aws-security-data-lake-eu-west-1-abc123/ext/falco/',
        region: 'eu-west-1',
        account_id: '123456789012',
        assume_role: {
          role_arn: 'arn:aws:iam::123456789012:role/AmazonSecurityLake-Provider-falco-eu-west-1',
          external_id: 'the-external-id',
        },
      },
    },
    {
      title: 'A local lake with the same layout',
      options: { directory: './lake', source: 'falco', region: 'us-east-1', account_id: '123456789012' },
    },
    {
      title: 'Outside of AWS, an S3-compatible store',
      options: {
        bucket: 'lake',
        source: 'falco',
        region: 'us-east-1',
        account_id: 'external_on-prem',
        endpoint: 'http://minio:9000',
        force_path_style: true,
      },
    },
  ],
  batch: { every: 5 * MINUTE, size: 256 * 1024 * 1024 },
  // AWS: every 5 minutes to every day, more often only with files beyond 256 MB. One PutObject takes 5 GiB.
  batchBounds: { every: [5 * MINUTE, 24 * 60 * MINUTE], size: [256_000_000, 5 * 1024 ** 3] },
  timeout: 10 * MINUTE,
  mapper: (given) => ({ type: 'ocsf', options: mapperOptions(given) }),
  idempotent: true,
  claims: (given, { configDir }) => {
    const { bucket, directory, prefix } = destinationOf(given, configDir);
    return [`${bucket === undefined ? directory : `${given.endpoint ?? 's3:/'}/${bucket}`}/${prefix}`];
  },
  notes,
  stream: true,
  create(given, context) {
    const { log, clock, stateDir, configDir } = context;
    const destination = destinationOf(given, configDir);
    const { bucket, directory } = destination;
    const store = bucket === undefined ? directoryStore(directory) : s3Store(bucket, given, context);
    const encoder = createEncoder({
      mapper: context.mapperRef,
      decode: context.decode,
      directory: stateDir,
      log,
      file: { createdBy: createdBy(), sortedBy: 'time', metadata: footer(given) },
    });
    const uploader = createUploader({ encoder, store, log });

    const folderOf = (partition: string) => keyFolder(destination, parsePartition(partition));

    return {
      partition: (event) => partitionOf(event, given),
      destination: folderOf,
      async deliver(batch, signal) {
        const partition = parsePartition(batch.partition);
        const late = daysLate(partition.day, batch.openedAt);
        // Once a batch: in an outage every attempt would say it again.
        if (late > 0 && batch.attempt === 1) {
          const details = { day: partition.day, days: late, events: batch.count };
          if (late > VERY_LATE_DAYS) log.warn(details, 'Events are very late; they go to their own day');
          else log.info(details, 'Late events go to their own day');
        }
        const folder = batch.destination ?? folderOf(batch.partition);
        return uploader.upload(batch, objectKey(folder, batch.id), signal);
      },
      async start(signal) {
        if (!given.check_identity) return;
        try {
          log.info({ store: store.describe() }, await store.check(signal));
        } catch (error) {
          log.warn({ store: store.describe(), at: clock.now() }, (error as Error).message);
        }
      },
      async *diagnose({ write, sample }, signal) {
        const partition = partitionOf(sample, given);
        const key =
          typeof partition === 'string'
            ? objectKey(folderOf(partition), 'doctor')
            : `${destination.prefix}/doctor.parquet`;
        yield { status: 'plan', what: 'place', line: `${store.describe()}/${destination.prefix}/` };
        yield {
          status: 'plan',
          what: 'key',
          line: `an event of now goes to ${key.replace(/[^/]*$/, '{batch id}.parquet')}`,
        };
        yield* store.diagnose(key, write, signal);
      },
      stop: () => uploader.close(),
    };
  },
});

export default definition;

/** What the mapper is told: the options it shares with the output, and the cloud that a 12-digit account is in. */
export function mapperOptions(given: Options): Record<string, unknown> {
  const { account_id: account, account_id_from, cloud } = given;
  const own = /^\d{12}$/.test(account) ? { provider: 'AWS', account_id: account } : {};
  const shared = Object.keys(mapping).map((name) => [name, given[name as keyof Options]] as const);
  return Object.fromEntries(
    [...shared, ['account_id_from', account_id_from] as const, ['cloud', merged(own, cloud)] as const].filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** Another provider is another account: nothing of ours is mixed into it. */
function merged(own: object, cloud: Options['cloud']): object | undefined {
  const foreign = cloud?.provider !== undefined && cloud.provider !== 'AWS';
  const all = { ...(foreign ? {} : own), ...cloud };
  return Object.keys(all).length > 0 ? all : undefined;
}

/** What stands in the footer of every file, beside the hash of its schema. */
function footer({ class: name, version, mode }: Options) {
  return {
    ocsf_version: version,
    ocsf_class: name === 'detection_finding' ? '2004' : '2001',
    mapping: name === 'detection_finding' ? 'ocsf' : `ocsf ${mode}`,
    mapping_version: VERSION,
    product_version: VERSION,
  };
}
