import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { cloudtrail } from './aws-cloudtrail.ts';
import { byName } from './by-name.ts';
import { codingAgent } from './coding-agent.ts';
import { docker } from './docker.ts';
import { gcpAuditlog } from './gcp-auditlog.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { k8sAudit } from './k8s-audit.ts';
import { keycloak } from './keycloak.ts';
import { nginx } from './nginx.ts';
import { okta } from './okta.ts';

type Read = (fields: Fields, room: Room) => Activity;

/** Logs with a mapper of their own, by the family of their fields. */
const SOURCES: readonly (readonly [string, Read])[] = [
  ['ka', k8sAudit],
  ['ct', cloudtrail],
  ['gcp', gcpAuditlog],
  ['okta', okta],
  ['github', github],
];

/** Logs whose actor and endpoints are found by the names of the fields, with what these do not tell. */
const THIRD_PARTY: readonly (readonly [string, Read])[] = [
  ['nginx', nginx],
  ['keycloak', keycloak],
  ['gitlab', gitlab],
  ['docker', docker],
  ['tool', codingAgent],
];

/** Services that are never where Falco runs, in the cloud account that is configured for it. */
const REMOTE = ['ct', 'gcp', 'al', 'okta', 'github', 'gitlab', 'box', 'salesforce'];

/** What the fields of an event's source tell, and of what place the event is. */
export interface Told {
  readonly activity: Activity;
  /**
   * Is it a system call of the host that Falco runs on? An audit log comes with the host name of the Falco that reads it,
   * which the event is not about. Old events have no source.
   */
  readonly ofHost: boolean;
  /** Is it from outside of the cluster and the account that Falco runs in: from the log of a cloud or a service? */
  readonly elsewhere: boolean;
}

const NOTHING: Activity = {};

/**
 * Reads the fields of an audit log, whatever the event's source is called: third parties name their sources as
 * they like, the fields are the plugin's.
 */
export function readSource(fields: Fields, room: Room, source: string): Told {
  const isSyscall = source === 'syscall' || source === 'syscalls' || source === '';
  for (const [family, read] of SOURCES) {
    if (fields.has(family))
      return { activity: read(fields, room), ofHost: false, elsewhere: REMOTE.includes(family) };
  }
  if (isSyscall) return { activity: NOTHING, ofHost: true, elsewhere: false };
  if (source === 'internal') return { activity: NOTHING, ofHost: false, elsewhere: false };
  const known = THIRD_PARTY.find(([family]) => fields.has(family));
  return {
    activity: { ...known?.[1](fields, room), ...byName(fields, room) },
    ofHost: false,
    elsewhere: REMOTE.some((family) => fields.has(family)),
  };
}
