import type { Fields } from '../../falco-fields/fields.ts';
import type { Url } from '../schema/objects/api.ts';

/**
 * A field that holds the path of a request, with its query or without.
 *
 * @example urlOf(fields, 'ka.uri') // '/api/v1/pods?watch=1' gives { path: '/api/v1/pods', query_string: 'watch=1' }
 */
export function urlOf(fields: Fields, field: string): Url | undefined {
  const uri = fields.textIf(field, (text) => text.startsWith('/') && !text.startsWith('/?'));
  if (uri === undefined) return undefined;
  const question = uri.indexOf('?');
  if (question < 0 || question === uri.length - 1) return { path: uri };
  return { path: uri.slice(0, question), query_string: uri.slice(question + 1) };
}
