import type { Api, Url } from '../schema/objects/api.ts';
import type { Endpoint } from '../schema/objects/network.ts';
import type { Resource } from '../schema/objects/place.ts';
import type { User } from '../schema/objects/user.ts';

/** What an event of an audit log tells: who called what, from where, on what. */
export interface Activity {
  readonly api?: Api | undefined;
  readonly user?: User | undefined;
  readonly decision?: string | undefined;
  readonly client?: Endpoint | undefined;
  readonly url?: Url | undefined;
  readonly resources?: readonly (Resource | undefined)[];
  readonly related?: { uid: string; product_uid?: string } | undefined;
  readonly cloud?: EventCloud | undefined;
}

/** Where in the cloud an event says that it happened. */
export interface EventCloud {
  readonly provider: string;
  readonly region?: string | undefined;
  /** The field that holds the account; not taken yet. */
  readonly accountField?: string | undefined;
  readonly project?: string | undefined;
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
