import type { Fields } from '../../falco-fields/fields.ts';
import { isAddress } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { resource } from '../objects/resources.ts';
import { urlOf } from '../objects/url.ts';
import type { Resource } from '../schema/objects/place.ts';
import { EMAIL } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';

/** Okta's system log: falcosecurity/plugins, okta. */
export function okta(fields: Fields, room: Room): Activity {
  return {
    api: room.api(undefined) ? apiOf(fields) : undefined,
    user: room.evidence ? actorOf(fields) : undefined,
    client: room.evidence ? clientOf(fields) : undefined,
    url: room.url ? urlOf(fields, 'okta.requesturi') : undefined,
    statusCode: fields.text('okta.result'),
    statusDetail: fields.text('okta.reason'),
    resources: [
      target(fields, 'OktaUser', 'okta.target.user'),
      target(fields, 'OktaGroup', 'okta.target.group'),
      target(fields, 'OktaApp', 'okta.target.app'),
    ],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('okta.evt.type');
  if (operation === undefined) return undefined;
  const uid = fields.text('okta.transaction.id');
  return { operation, service: { name: 'okta' }, request: uid === undefined ? undefined : { uid } };
}

function actorOf(fields: Fields): User | undefined {
  const name = fields.text('okta.actor.name');
  const uid = fields.text('okta.actor.id');
  if (name === undefined && uid === undefined) return undefined;
  // Okta's alternate id of a person is the e-mail address.
  const email = fields.textIf('okta.actor.alternateid', (text) => EMAIL.test(text));
  const other = email === undefined ? fields.text('okta.actor.alternateid') : undefined;
  // With a capital T: so the plugin calls it.
  const type = fields.text('okta.actor.Type');
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
  const found = resource(fields, { type, name: `${prefix}.name`, uid: `${prefix}.id` });
  return found ?? resource(fields, { type, name: `${prefix}.alternateid` });
}
