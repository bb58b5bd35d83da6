import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { resource } from '../objects/resources.ts';

/** Audit events of GitLab: an1245/falco-plugin-gitlab. */
export function gitlab(fields: Fields, room: Room): Activity {
  return {
    api: room.api(undefined) ? apiOf(fields) : undefined,
    resources: [
      thing(fields, 'gitlab.entity_type', 'gitlab.entity_path', 'gitlab.entity_id'),
      thing(fields, 'gitlab.target_type', 'gitlab.target_details', 'gitlab.target_id'),
    ],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.first('gitlab.event_type', 'gitlab.event_name');
  return operation === undefined ? undefined : { operation, service: { name: 'gitlab' } };
}

/** What was changed, by GitLab's own name of its kind: `Project`, `User`, `PersonalAccessToken`. */
function thing(fields: Fields, kind: string, name: string, uid: string): ReturnType<typeof resource> {
  const type = fields.peek(kind);
  if (type === undefined) return undefined;
  const found = resource(fields, { type: `GitLab${type}`, name, uid });
  if (found !== undefined) fields.take(kind);
  return found;
}
