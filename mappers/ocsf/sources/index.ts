import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { cloudtrail } from './aws-cloudtrail.ts';
import { gcpAuditlog } from './gcp-auditlog.ts';
import { github } from './github.ts';
import { k8sAudit } from './k8s-audit.ts';
import { okta } from './okta.ts';

const SOURCES: readonly (readonly [string, (fields: Fields, room: Room) => Activity])[] = [
  ['ka', k8sAudit],
  ['ct', cloudtrail],
  ['gcp', gcpAuditlog],
  ['okta', okta],
  ['github', github],
];

/**
 * Reads the fields of an audit log, whatever the event's source is called: third parties name their sources as
 * they like, the fields are the plugin's.
 */
export function activityOf(fields: Fields, room: Room): Activity | undefined {
  for (const [family, read] of SOURCES) if (fields.has(family)) return read(fields, room);
  return undefined;
}

/** Does the event come from outside of the cluster that Falco runs in: from the log of a cloud or a service? */
export const isElsewhere = (fields: Fields): boolean =>
  SOURCES.some(([family]) => family !== 'ka' && fields.has(family));
