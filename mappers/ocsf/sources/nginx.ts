import type { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { urlOf } from '../objects/url.ts';
import { some } from '../schema/objects/types.ts';

/** Access logs of nginx: takaosgb3/falco-plugin-nginx. */
export function nginx(fields: Fields, room: Room): Activity {
  return {
    api: room.api(undefined) ? apiOf(fields) : undefined,
    url: room.url ? (urlOf(fields, 'nginx.request_uri') ?? pathOf(fields)) : undefined,
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('nginx.method');
  if (operation === undefined) return undefined;
  return {
    operation,
    service: { name: 'nginx' },
    response: some({ code: fields.int32('nginx.status') }),
  };
}

function pathOf(fields: Fields): Activity['url'] {
  const url = urlOf(fields, 'nginx.path');
  return url === undefined || url.query_string !== undefined
    ? url
    : { ...url, query_string: fields.text('nginx.query_string') };
}
