import type { Static } from '../../../../core/sdk/index.ts';
import { Type } from '../../../../core/sdk/index.ts';
import { awsOptions } from '../../aws/index.ts';

const { region, endpoint, ...who } = awsOptions;

/** Who writes: options of an output that writes to S3, to be spread into its own. */
export const s3Options = {
  region: { ...region, description: 'Region of the bucket.' },
  endpoint: Type.Optional({
    ...endpoint,
    description: 'URL of an S3-compatible store; leave out for AWS.',
    examples: ['http://minio:9000'],
  }),
  force_path_style: Type.Optional(
    Type.Boolean({
      description:
        'Put the bucket into the path instead of the host name; most S3-compatible stores need it.',
      default: false,
    }),
  ),
  ...who,
};

const schema = Type.Object(s3Options, { additionalProperties: false });

/** {@link s3Options} as the code sees them. */
export type S3Options = Static<typeof schema>;
