import type { Fields } from '../../falco-fields/fields.ts';
import type { Cloud } from '../schema/objects/place.ts';
import { ACCOUNT_PATTERN, type OcsfOptions } from '../schema/options.ts';
import type { EventCloud } from './activity.ts';

const ACCOUNT = new RegExp(ACCOUNT_PATTERN);

/** The provider that the configuration tells: by name, or by an account that only AWS has. */
export function configuredProvider({ cloud }: OcsfOptions): string | undefined {
  return cloud?.provider ?? (isAws(cloud?.account_id) ? 'AWS' : undefined);
}

/**
 * Where in the cloud the event happened: what the event says, then what the configuration says of the place
 * that Falco runs in. Undefined when nobody knows the provider: OCSF wants it.
 */
export function cloudOf(
  fields: Fields,
  options: OcsfOptions,
  told: EventCloud | undefined,
): Cloud | undefined {
  const configured = options.cloud ?? {};
  const own = accountFrom(fields, options.account_id_from);
  const aws = isAws(own);
  const place = configuredProvider(options);
  const provider = told?.provider ?? place ?? (aws ? 'AWS' : undefined);
  if (provider === undefined) return undefined;
  const here = provider === (place ?? provider);
  const field = own === undefined ? told?.accountField : options.account_id_from;
  // What the field says and is no account is no reason to name another one.
  const unclear = own === undefined && hasValue(fields, options.account_id_from);
  const account = unclear
    ? undefined
    : (own ?? accountFrom(fields, field) ?? (here ? configured.account_id : undefined));
  // An external account is written external_{id}: the id is what the account is called.
  const uid = account?.replace(/^external_?/, '') || undefined;
  if (field !== undefined) fields.takeIfEqual(uid, field);
  const region = told?.region ?? (here ? configured.region : undefined);
  const inRegion = here && region === configured.region;
  return {
    provider,
    region,
    zone: inRegion ? configured.zone : undefined,
    project_uid: told?.project,
    account:
      uid === undefined
        ? undefined
        : isAws(uid) && provider === 'AWS'
          ? { uid, type: 'AWS Account', type_id: 10 }
          : { uid },
  };
}

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
