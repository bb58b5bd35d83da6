import type { Fields } from '../../falco-fields/fields.ts';
import { isAddress } from '../../falco-fields/fields.ts';
import type { Activity, EventCloud, Room } from '../objects/activity.ts';
import type { Api } from '../schema/objects/api.ts';
import type { Endpoint } from '../schema/objects/network.ts';
import type { Resource } from '../schema/objects/place.ts';
import type { RelatedEvent } from '../schema/objects/rule.ts';
import { HOSTNAME, some } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';

// Longer than S3 lets them be; an ARN of them always fits.
const MAX_BUCKET = 255;
const MAX_KEY = 4096;

/** CloudTrail events: falcosecurity/plugins, cloudtrail. */
export function cloudtrail(fields: Fields, room: Room): Activity {
  const cloud: EventCloud = {
    provider: 'AWS',
    region: fields.text('ct.region'),
    accountField: 'ct.recipientaccountid',
  };
  // The event id is metadata.uid of Security Lake's own CloudTrail table.
  const id = fields.text('ct.id');
  return {
    cloud,
    api: room.api(cloud) ? apiOf(fields) : undefined,
    user: room.evidence ? userOf(fields) : undefined,
    client: room.evidence ? clientOf(fields) : undefined,
    resources: bucketOf(fields, cloud.region ?? ''),
    related: id === undefined ? undefined : relatedOf(id, room),
  };
}

const relatedOf = (uid: string, room: Room): RelatedEvent =>
  room.product ? { uid, product: { uid: 'CloudTrail' } } : { uid, product_uid: 'CloudTrail' };

function apiOf(fields: Fields): Api | undefined {
  const operation = fields.text('ct.name');
  if (operation === undefined) return undefined;
  const service = fields.text('ct.src');
  const uid = fields.text('ct.requestid');
  return {
    operation,
    version: fields.text('ct.apiversion'),
    service: service === undefined ? undefined : { name: service },
    request: uid === undefined ? undefined : { uid },
    response: some({
      error: fields.text('ct.error'),
      error_message: fields.text('ct.errormessage'),
    }),
  };
}

function userOf(fields: Fields): User | undefined {
  const account = fields.text('ct.user.accountid');
  const who = some({
    name: fields.text('ct.user'),
    uid: fields.text('ct.user.arn'),
    account:
      account === undefined ? undefined : ({ uid: account, type: 'AWS Account', type_id: 10 } as const),
  });
  if (who === undefined) return undefined;
  const type = fields.text('ct.user.identitytype');
  return {
    ...who,
    uid_alt: fields.text('ct.user.principalid'),
    type,
    type_id: type === undefined ? undefined : 99,
  };
}

/** The caller: an address, or an AWS service such as `cloudformation.amazonaws.com`. */
function clientOf(fields: Fields): Endpoint | undefined {
  const ip = fields.textIf('ct.srcip', isAddress);
  if (ip !== undefined) return { ip };
  const service = fields.text('ct.srcip');
  if (service === undefined) return undefined;
  // Some are called otherwise: `AWS Internal`.
  return { svc_name: service, domain: isDomain(service) ? service : undefined };
}

const isDomain = (text: string): boolean => text.includes('.') && HOSTNAME.test(text);

/** The bucket and the object in it, named as Security Hub names them. */
function bucketOf(fields: Fields, region: string): Resource[] {
  const bucket = fields.textIf('s3.bucket', (text) => text.length <= MAX_BUCKET);
  if (bucket === undefined) return [];
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const arn = `arn:${partition}:s3:::${bucket}`;
  const resources: Resource[] = [{ type: 'AwsS3Bucket', name: bucket, uid: arn }];
  const key = fields.textIf('s3.key', (text) => text.length <= MAX_KEY);
  if (key !== undefined) resources.push({ type: 'AwsS3Object', name: key, uid: `${arn}/${key}` });
  fields.takeIfEqual(`s3://${bucket}/${key ?? ''}`, 's3.uri');
  return resources;
}
