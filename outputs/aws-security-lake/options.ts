import { duration, Type } from '../../core/sdk/index.ts';
import { s3Options } from '../shared/lake/index.ts';
import { SOURCE_PATTERN, SOURCE_VERSION_PATTERN } from './destination.ts';
import { ACCOUNT_PATTERN } from './partition.ts';

const oneOf = <const T extends readonly string[]>(
  values: T,
  details: { readonly default: T[number]; readonly description: string },
) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...details });
const text = (description: string, more: object = {}) =>
  Type.Optional(Type.String({ minLength: 1, description, ...more }));

const { region, ...s3 } = s3Options;

/** Where the objects go. */
const place = {
  location: text(
    'Where the source is, as CreateCustomLogSource returned it. Instead of `bucket` and `source`.',
    {
      examples: ['s3://aws-security-data-lake-eu-west-1-abc123/ext/falco/1.0/'],
    },
  ),
  bucket: text('The bucket of the lake: its name, ARN, or `s3://` address. With `source`.', {
    falcosidekick: ['aws.securitylake.bucket'],
    examples: ['aws-security-data-lake-eu-west-1-abc123'],
  }),
  directory: text(
    'A local folder instead of a bucket, with the same layout; new files are 0640 and folders 0750, less the umask. With `source`.',
    { format: 'path', examples: ['./lake'] },
  ),
  source: text('Name of the custom source: at most 20 of a-z, 0-9 and _.', {
    pattern: SOURCE_PATTERN,
    examples: ['falco'],
  }),
  source_version: text('Version of the custom source, where it was created with one.', {
    pattern: SOURCE_VERSION_PATTERN,
    examples: ['1.0'],
  }),
  region: {
    ...region,
    description: 'Region of the lake, not of the events; also of the S3 client.',
    falcosidekick: ['aws.securitylake.region'],
  },
};

/** Which partition an event belongs to. */
const partition = {
  account_id: Type.String({
    pattern: ACCOUNT_PATTERN,
    falcosidekick: ['aws.securitylake.accountid'],
    description:
      'The account that the events are from: 12 digits (in quotes), or `external` or `external_{id}` outside of AWS.',
    examples: ['123456789012', 'external_on-prem'],
  }),
  account_id_from: text(
    'A field that holds the account of the event, where it has a value; a value that is no account sets the event aside.',
    { examples: ['ct.recipientaccountid'] },
  ),
  max_future: duration({
    default: '10m',
    description:
      'An event whose time is further ahead of its arrival is set aside: its day would be wrong for good.',
  }),
};

/** How an event becomes a record: handed to the mapper `ocsf` under the same names. */
export const mapping = {
  class: oneOf(['detection_finding', 'security_finding'], {
    default: 'detection_finding',
    description:
      'OCSF class of the source: Detection Finding (2004), or the deprecated Security Finding (2001). A source has one.',
  }),
  version: oneOf(['1.1.0', '1.3.0'], {
    default: '1.1.0',
    description: 'OCSF version of the records: those that Security Lake accepts from a custom source.',
  }),
  mode: oneOf(['enriched', 'falcosidekick'], {
    default: 'enriched',
    description:
      'With `security_finding`: all that the class can hold, or the attributes and values of Falcosidekick.',
  }),
  validation: oneOf(['repair', 'strict', 'off'], {
    default: 'repair',
    description:
      'A record that OCSF would not take: `repair` moves what offends to `unmapped`, `strict` sets the event aside with the error codes, `off` does not look.',
  }),
  cloud: Type.Optional(
    Type.Object(
      {
        provider: text('The provider, as OCSF writes it. `AWS` when `account_id` has 12 digits.', {
          examples: ['AWS', 'GCP'],
        }),
        account_id: text('The account, when it is not `account_id`.', { pattern: ACCOUNT_PATTERN }),
        account_name: text('The name of that account.'),
        region: text('The region Falco runs in.'),
        zone: text('The availability zone Falco runs in.'),
      },
      {
        description: 'The cloud that Falco runs in; events that tell theirs win.',
      },
    ),
  ),
  cluster_name: text('The Kubernetes cluster that Falco runs in.'),
  profiles: Type.Array(Type.Unsafe<'linux_users'>({ type: 'string', enum: ['linux_users'] }), {
    default: [],
    description: 'OCSF profiles to add: `linux_users` for login uid and group of a process.',
  }),
  confidence_from_maturity: Type.Boolean({
    default: false,
    description: 'Confidence from the maturity tag: stable High, incubating Medium, sandbox Low.',
  }),
};

export const options = Type.Object({
  ...place,
  ...partition,
  ...mapping,
  check_identity: Type.Boolean({
    default: false,
    description:
      'Ask at the start whether the bucket answers, and log it. A refusal is told and holds nothing back.',
  }),
  ...s3,
});
