import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import type { Resource } from '../schema/objects/place.ts';

/** Events of a Docker daemon: Issif/docker-plugin. Docker calls the object of an event its actor; who asked for it is not told. */
export function docker(fields: Fields, room: Room): Activity {
  return { api: room.api(undefined) ? apiOf(fields) : undefined, resources: [objectOf(fields)] };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('docker.action') ?? fields.text('docker.status');
  if (operation === undefined) return undefined;
  fields.takeIfEqual(operation, 'docker.status');
  return { operation, service: { name: 'docker' } };
}

/** The object of the event: a container, unless the event says otherwise. */
function objectOf(fields: Fields): Resource | undefined {
  const kind = fields.peek('docker.type');
  const ofContainer = kind === undefined || kind === 'container';
  const name = fields.text('docker.attributes.name');
  const uid =
    fields.first('docker.id', 'docker.actor.id') ??
    (ofContainer ? fields.text('docker.attributes.container') : undefined);
  if (name === undefined && uid === undefined) return undefined;
  if (kind !== undefined) fields.take('docker.type');
  return { type: ofContainer ? 'Container' : kind!, name, uid };
}
