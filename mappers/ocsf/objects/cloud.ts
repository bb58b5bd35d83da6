import type { Fields } from '../../falco-fields/fields.ts';
import type { Cloud } from '../schema/objects/place.ts';
import type { OcsfVersion } from '../schema/objects/types.ts';
import type { Account } from '../schema/objects/user.ts';
import { ACCOUNT_PATTERN, type OcsfOptions } from '../schema/options.ts';
import type { EventCloud } from './activity.ts';

const ACCOUNT = new RegExp(ACCOUNT_PATTERN);

/** The provider that the configuration tells: by name, or by an account that only AWS has. */
export function configuredProvider({ cloud }: OcsfOptions): string | undefined {
  return cloud?.provider ?? (isAws(cloud?.account_id) ? 'AWS' : undefined);
}

/** What {@link cloudOf} goes by. */
export interface CloudContext {
  readonly options: OcsfOptions;
  readonly version: OcsfVersion;
  /** What the event says. */
  readonly told: EventCloud | undefined;
  /** Is the event from the log of a cloud or a service? Then the account that Falco runs in is only a guess at its account. */
  readonly elsewhere: boolean;
}

/**
 * Where in the cloud the event happened: what the event says, then what the configuration says of the place
 * that Falco runs in, as far as the event is of that place. Undefined when the provider is unknown: OCSF requires it.
 */
export function cloudOf(
  fields: Fields,
  { options, version, told, elsewhere }: CloudContext,
): Cloud | undefined {
  const configured = options.cloud ?? {};
  const own = accountFrom(fields, options.account_id_from);
  const place = configuredProvider(options);
  const provider = told?.provider ?? place ?? (isAws(own) ? 'AWS' : undefined);
  if (provider === undefined) return undefined;
  const here = provider === (place ?? provider);
  const field = own === undefined ? told?.accountField : options.account_id_from;
  // A value of the field that is no account is no reason to name another one.
  const unclear = own === undefined && hasValue(fields, options.account_id_from);
  const ofHere = here && !elsewhere && !unclear;
  const account = unclear
    ? undefined
    : (own ?? accountFrom(fields, field) ?? (ofHere ? configured.account_id : undefined));
  const uid = idOf(account);
  if (field !== undefined) fields.takeIfEqual(uid, field);
  const isConfigured = uid === undefined ? ofHere : here && uid === idOf(configured.account_id);
  // Where a log tells the place of its events, the region and zone of Falco are no part of it.
  const region = told?.region ?? (here && told === undefined ? configured.region : undefined);
  const cloud: Cloud = {
    provider,
    region,
    zone: here && told === undefined ? configured.zone : undefined,
    account: accountOf(uid, isConfigured ? configured.account_name : undefined, provider),
  };
  const [projectField, ...repeats] = told?.projectFields ?? [];
  const project = projectField === undefined ? undefined : fields.peek(projectField);
  if (project === undefined) return cloud;
  if (version < '1.4.0') cloud.project_uid = project;
  // From 1.4 on the project is the account, but for an account from the field that the configuration names.
  else if (own === undefined) cloud.account = { uid: project, type: 'GCP Project', type_id: 11 };
  else return cloud;
  fields.takeIfEqual(project, projectField!, ...repeats);
  return cloud;
}

function accountOf(uid: string | undefined, name: string | undefined, provider: string): Account | undefined {
  if (uid === undefined && name === undefined) return undefined;
  return uid !== undefined && isAws(uid) && provider === 'AWS'
    ? { uid, name, type: 'AWS Account', type_id: 10 }
    : { uid, name };
}

/** An external account is written external_{id}: the id is what the account is called. */
const idOf = (account: string | undefined): string | undefined =>
  account?.replace(/^external_?/, '') || undefined;

function isAws(account: string | undefined): boolean {
  return account !== undefined && /^\d{12}$/.test(account);
}

function accountFrom(fields: Fields, field: string | undefined): string | undefined {
  const account = field === undefined ? undefined : fields.peek(field);
  return account !== undefined && ACCOUNT.test(account) ? account : undefined;
}

function hasValue(fields: Fields, field: string | undefined): boolean {
  return field !== undefined && (fields.peek(field) !== undefined || fields.isNested(field));
}
