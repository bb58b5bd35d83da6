import type { Fields } from '../fields.ts';
import { isAddress } from '../objects/network.ts';
import { resource } from '../objects/resources.ts';
import type { Resource, User } from '../schema/objects.ts';
import { EMAIL } from '../schema/types.ts';
import type { Activity, Room } from './activity.ts';

/** Okta's system log: falcosecurity/plugins, okta. */
export function okta(fields: Fields, room: Room): Activity {
  return {
    ...(room.api(undefined) && { api: apiOf(fields) }),
    ...(room.evidence && { user: actorOf(fields), client: clientOf(fields) }),
    resources: [
      target(fields, 'OktaUser', 'okta.target.user'),
      target(fields, 'OktaGroup', 'okta.target.group'),
      target(fields, 'OktaApp', 'okta.target.app'),
    ],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('okta.evt.type');
  return operation === undefined ? undefined : { operation, service: { name: 'okta' } };
}

function actorOf(fields: Fields): User | undefined {
  const name = fields.text('okta.actor.name');
  const uid = fields.first('okta.actor.id', 'okta.actor.ID');
  if (name === undefined && uid === undefined) return undefined;
  // Okta's alternate id of a person is the e-mail address.
  const email = fields.textIf('okta.actor.alternateid', (text) => EMAIL.test(text));
  const other = email === undefined ? fields.text('okta.actor.alternateid') : undefined;
  const type = fields.text('okta.actor.type');
  return {
    name,
    uid,
    uid_alt: other,
    email_addr: email,
    type,
    type_id: type === undefined ? undefined : 99,
  };
}

function clientOf(fields: Fields): Activity['client'] {
  const ip = fields.textIf('okta.client.ip', isAddress);
  return ip === undefined ? undefined : { ip };
}

function target(fields: Fields, type: string, prefix: string): Resource | undefined {
  const found = resource(fields, type, `${prefix}.name`, `${prefix}.id`);
  return found ?? resource(fields, type, `${prefix}.alternateid`);
}
