import type { Fields } from '../fields.ts';
import { isAddress } from '../objects/network.ts';
import { resource } from '../objects/resources.ts';
import type { Api, Endpoint, User } from '../schema/objects.ts';
import { EMAIL } from '../schema/types.ts';
import type { Activity, EventCloud, Room } from './activity.ts';

/** Google Cloud audit logs: falcosecurity/plugins, gcpaudit. */
export function gcpAuditlog(fields: Fields, room: Room): Activity {
  const project = fields.text('gcp.projectId');
  fields.takeIfEqual(project, 'json.value[/resource/labels/project_id]');
  const region = fields.text('gcp.location');
  const cloud: EventCloud = { provider: 'GCP', project, region };
  return {
    cloud,
    ...(room.api(cloud) && { api: apiOf(fields) }),
    ...(room.evidence && { user: userOf(fields), client: clientOf(fields) }),
    resources: [
      resource(fields, 'GcpResource', 'gcp.resourceName'),
      resource(fields, 'GcpStorageBucket', 'gcp.storage.bucket'),
      resource(fields, 'GcpCloudFunction', 'gcp.cloudfunctions.function'),
      resource(fields, 'GcpCloudSqlDatabase', 'gcp.cloudsql.databaseId'),
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
  const name = fields.first('gcp.user', 'gcp.principalEmail');
  if (name === undefined) return undefined;
  fields.takeIfEqual(name, 'gcp.principalEmail');
  return { name, email_addr: EMAIL.test(name) ? name : undefined };
}

function clientOf(fields: Fields): Endpoint | undefined {
  const ip = fields.textIf('gcp.callerIP', isAddress);
  return ip === undefined ? undefined : { ip };
}
