import type { Fields } from '../../falco-fields/fields.ts';
import { isAddress } from '../../falco-fields/fields.ts';
import type { Activity, EventCloud, Room } from '../objects/activity.ts';
import { resource } from '../objects/resources.ts';
import type { Api } from '../schema/objects/api.ts';
import type { Endpoint } from '../schema/objects/network.ts';
import type { Resource } from '../schema/objects/place.ts';
import { EMAIL } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';

const RESOURCES = [
  { type: 'GcpStorageBucket', name: 'gcp.storage.bucket' },
  { type: 'GcpCloudFunction', name: 'gcp.cloudfunctions.function' },
  { type: 'GcpCloudSqlDatabase', name: 'gcp.cloudsql.databaseId' },
  { type: 'GcpServiceAccount', name: 'gcp.iam.serviceAccount', uid: 'gcp.iam.serviceAccountId' },
  { type: 'GcpSubnetwork', name: 'gcp.compute.subnetwork', uid: 'gcp.compute.subnetworkId' },
  { type: 'GcpDnsZone', name: 'gcp.dns.zone' },
  { type: 'GcpLoggingSink', name: 'gcp.logging.sink' },
] as const;

/** Google Cloud audit logs: falcosecurity/plugins, gcpaudit. */
export function gcpAuditlog(fields: Fields, room: Room): Activity {
  const projectFields = ['gcp.projectId', 'json.value[/resource/labels/project_id]'];
  const cloud: EventCloud = { provider: 'GCP', projectFields, region: fields.text('gcp.location') };
  return {
    cloud,
    api: room.api(cloud) ? apiOf(fields) : undefined,
    user: room.evidence ? userOf(fields) : undefined,
    client: room.evidence ? clientOf(fields) : undefined,
    resources: [
      targetOf(fields),
      byId(fields, 'GcpComputeInstance', 'gcp.compute.instanceId'),
      byId(fields, 'GcpNetwork', 'gcp.compute.networkId'),
      ...RESOURCES.map((each) => resource(fields, each)),
    ],
  };
}

function apiOf(fields: Fields): Api | undefined {
  const operation = fields.text('gcp.methodName');
  if (operation === undefined) return undefined;
  const service = fields.text('gcp.serviceName');
  return { operation, service: service === undefined ? undefined : { name: service } };
}

function userOf(fields: Fields): User | undefined {
  const name = fields.text('gcp.user');
  if (name === undefined) return undefined;
  return { name, email_addr: EMAIL.test(name) ? name : undefined };
}

function clientOf(fields: Fields): Endpoint | undefined {
  const ip = fields.textIf('gcp.callerIP', isAddress);
  return ip === undefined ? undefined : { ip };
}

/** What the call was made on, by Google's own name of its kind where it is told: `gcs_bucket`. */
function targetOf(fields: Fields): Resource | undefined {
  const name = fields.text('gcp.resourceName');
  return name === undefined ? undefined : { type: fields.text('gcp.resourceType') ?? 'GcpResource', name };
}

function byId(fields: Fields, type: string, field: string): Resource | undefined {
  const uid = fields.text(field);
  return uid === undefined ? undefined : { type, uid };
}
