import { type Fields, isAddress } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import type { Endpoint } from '../schema/objects/network.ts';
import { EMAIL, some } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';

/** Families of fields that Falco itself fills, whatever the source: they are read elsewhere, or tell nothing of an actor. */
const OWN = new Set(
  'container evt falco fd fs group json jevt k8s k8smeta proc scap static syslog thread user'.split(' '),
);

/** The object of a call is not its actor. */
const NOT_ACTOR = /target|new|old|entity|object|assum/;

const IP = '(?:ip|ipaddr|ipaddress|addr|address)$';
const SERVER = new RegExp(`(?:server|dest|destination|dst|target|upstream|backend|local)${IP}`);
const CLIENT = new RegExp(
  `(?:^|client|remote|source|src|user|actor|author|principal|caller|login|auth|details|real|peer)${IP}`,
);
const NAME =
  /^(?:(?:remote|auth|request)?user|(?:user|actor|author|principal|login|caller)name|actor|author|login|caller)$/;
const UID = /(?:user|actor|author|principal)(?:id|uid)$/;
const MAIL = /(?:^|user|actor|author|principal|login)(?:email|emailaddress|mail)$/;

/**
 * The actor and the endpoints of a source that nobody wrote a mapper for, by what its fields are called: `nginx.remote_addr`,
 * `keycloak.user.ipAddress`, `al.principal.email`. A name that may mean something else is left for `unmapped`.
 */
export function byName(fields: Fields, room: Room): Activity {
  if (!room.evidence) return {};
  let client: Endpoint | undefined;
  let server: Endpoint | undefined;
  let name: string | undefined;
  let uid: string | undefined;
  let email: string | undefined;
  for (const field of fields.names()) {
    const dot = field.indexOf('.');
    // An index or a header in brackets is not a part of the name.
    if (dot <= 0 || field.endsWith(']') || OWN.has(field.slice(0, dot))) continue;
    const told = field
      .slice(dot + 1)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '');
    if (SERVER.test(told)) server ??= addressOf(fields, field);
    else if (NOT_ACTOR.test(told)) continue;
    else if (CLIENT.test(told)) client ??= addressOf(fields, field);
    else if (MAIL.test(told)) email ??= fields.textIf(field, (text) => EMAIL.test(text));
    else if (NAME.test(told)) name ??= fields.text(field);
    else if (UID.test(told)) uid ??= fields.text(field);
  }
  const user: User | undefined = some({ name: name ?? email, uid, email_addr: email });
  // What is not told must not hide what another reader of the event found.
  return { ...(user && { user }), ...(client && { client }), ...(server && { server }) };
}

function addressOf(fields: Fields, field: string): Endpoint | undefined {
  const ip = fields.textIf(field, isAddress);
  return ip === undefined ? undefined : { ip };
}
