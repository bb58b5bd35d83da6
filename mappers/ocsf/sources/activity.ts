import type { Fields } from '../fields.ts';
import type { Api, Endpoint, Resource, User } from '../schema/objects.ts';
import { cloudtrail } from './aws-cloudtrail.ts';
import { gcpAuditlog } from './gcp-auditlog.ts';
import { github } from './github.ts';
import { k8sAudit } from './k8s-audit.ts';
import { okta } from './okta.ts';

/** Where in the cloud an event says that it happened. */
export interface EventCloud {
  readonly provider: string;
  readonly region?: string | undefined;
  /** The field that holds the account; not taken yet. */
  readonly accountField?: string | undefined;
  readonly project?: string | undefined;
}

/** What an event of an audit log tells: who called what, from where, on what. */
export interface Activity {
  readonly api?: Api | undefined;
  readonly user?: User | undefined;
  readonly decision?: string | undefined;
  readonly client?: Endpoint | undefined;
  readonly url?: { path: string; query_string?: string | undefined } | undefined;
  readonly resources?: readonly (Resource | undefined)[];
  readonly related?: { uid: string; product_uid?: string } | undefined;
  readonly cloud?: EventCloud | undefined;
}

/** What the class and version of the record have room for; the rest of the fields is left for `unmapped`. */
export interface Room {
  /** `evidences` with actor and endpoints: class 2004. */
  readonly evidence: boolean;
  /** Is there a place for `api`? 2001 has it in the profile cloud only. */
  readonly api: (cloud: EventCloud | undefined) => boolean;
  /** `evidences[].url`: OCSF 1.2 and on. */
  readonly url: boolean;
}

const FAMILIES: Readonly<Record<string, (fields: Fields, room: Room) => Activity>> = {
  ka: k8sAudit,
  ct: cloudtrail,
  gcp: gcpAuditlog,
  okta,
  github,
};

/**
 * Reads the fields of an audit log, whatever the event's source is called: third parties name their sources as
 * they like, the fields are the plugin's.
 */
export function activityOf(fields: Fields, room: Room): Activity | undefined {
  for (const family in FAMILIES) {
    if (fields.has(family)) return FAMILIES[family]!(fields, room);
  }
  return undefined;
}
