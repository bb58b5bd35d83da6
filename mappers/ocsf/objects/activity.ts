import type { Api, Url } from '../schema/objects/api.ts';
import type { File } from '../schema/objects/file.ts';
import type { Endpoint } from '../schema/objects/network.ts';
import type { Resource } from '../schema/objects/place.ts';
import type { RelatedEvent } from '../schema/objects/rule.ts';
import type { User } from '../schema/objects/user.ts';

/** What an event of an audit log tells: who called what, from where, on what. */
export interface Activity {
  readonly api?: Api | undefined;
  readonly user?: User | undefined;
  readonly decision?: string | undefined;
  readonly client?: Endpoint | undefined;
  readonly server?: Endpoint | undefined;
  readonly file?: File | undefined;
  readonly url?: Url | undefined;
  readonly resources?: readonly (Resource | undefined)[];
  readonly related?: RelatedEvent | undefined;
  /** The outcome in the source's own words, and its reason. */
  readonly statusCode?: string | undefined;
  readonly statusDetail?: string | undefined;
  readonly cloud?: EventCloud | undefined;
}

/** Where in the cloud an event says that it happened. */
export interface EventCloud {
  readonly provider: string;
  readonly region?: string | undefined;
  /** The field that holds the account; not taken yet. */
  readonly accountField?: string | undefined;
  /** The fields that hold the Google Cloud project, the best first; not taken yet. */
  readonly projectFields?: readonly string[];
}

/** What the class and version of the record have room for; the rest of the fields is left for `unmapped`. */
export interface Room {
  /** `evidences` with actor and endpoints: class 2004. */
  readonly evidence: boolean;
  /** Is there a place for `api`? 2001 has it in the profile cloud only. */
  readonly api: (cloud: EventCloud | undefined) => boolean;
  /** `evidences[].url`: OCSF 1.2 and on. */
  readonly url: boolean;
  /** `related_events[].product`: OCSF 1.4 and on. */
  readonly product: boolean;
}
