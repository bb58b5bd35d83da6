import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { resource } from '../objects/resources.ts';
import { some } from '../schema/objects/types.ts';

/** User and admin events of Keycloak: mattiaforc/falco-keycloak-plugin. */
export function keycloak(fields: Fields, room: Room): Activity {
  const realm = fields.text('keycloak.realmID');
  return {
    api: room.api(undefined) ? apiOf(fields) : undefined,
    resources: [
      realm === undefined ? undefined : { type: 'KeycloakRealm', uid: realm },
      resource(fields, { type: 'KeycloakResource', name: 'keycloak.admin.resourcePath' }),
    ],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.first('keycloak.user.eventType', 'keycloak.admin.operationType');
  if (operation === undefined) return undefined;
  return {
    operation,
    service: { name: 'keycloak' },
    response: some({ error: fields.text('keycloak.error') }),
  };
}
