import type { Fields } from '../fields.ts';
import { isAddress } from '../objects/network.ts';
import { some } from '../objects/some.ts';
import type { Api, Endpoint, Resource, User } from '../schema/objects.ts';
import type { Activity, EventCloud, Room } from './activity.ts';

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
    ...(room.api(cloud) && { api: apiOf(fields) }),
    ...(room.evidence && { user: userOf(fields), client: clientOf(fields) }),
    resources: [bucketOf(fields, cloud.region ?? '')],
    related: id === undefined ? undefined : { uid: id, product_uid: 'CloudTrail' },
  };
}

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
  const type = fields.first('ct.user.identitytype', 'ct.user.type');
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
  return service === undefined ? undefined : { svc_name: service };
}

function bucketOf(fields: Fields, region: string): Resource | undefined {
  const name = fields.textIf('s3.bucket', (bucket) => bucket.length <= 255);
  if (name === undefined) return undefined;
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return { type: 'AwsS3Bucket', name, uid: `arn:${partition}:s3:::${name}` };
}
