import type { Fields } from '../../falco-fields/fields.ts';
import type { User } from '../schema/objects/user.ts';

/** What the kernel means by "no user": -1 as an unsigned number. */
const UNSET = '4294967295';

/** The user that a system call was made as. */
export function userOf(fields: Fields): User | undefined {
  const name = fields.text('user.name');
  const uid = fields.textIf('user.uid', (id) => id !== UNSET && id !== '-1');
  if (name === undefined && uid === undefined) return undefined;
  const root = uid === '0';
  return { name, uid, type: root ? 'Admin' : undefined, type_id: root ? 2 : undefined };
}
