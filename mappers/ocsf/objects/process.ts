import type { Fields } from '../../falco-fields/fields.ts';
import type { Container } from '../schema/objects/container.ts';
import type { File } from '../schema/objects/file.ts';
import type { Process } from '../schema/objects/process.ts';
import { MAX_TEXT, some } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';
import { executableOf } from './file.ts';

export interface ProcessOptions {
  /** Gives processes whose pid no rule printed an id. */
  readonly findingUid: string;
  /** Fill the attributes of the profile linux/linux_users. */
  readonly linuxUsers: boolean;
  /** The container of the event, with the fields taken from it. */
  readonly container: () => Container | undefined;
}

/** The process of an event and its parent; undefined when no field tells of one. */
export function processOf(fields: Fields, options: ProcessOptions): Process | undefined {
  if (!fields.has('proc')) return undefined;
  const { findingUid, linuxUsers } = options;
  const own = ownOf(fields, OWN);
  const parent = ownOf(fields, PARENT);
  const lineage = lineageOf(fields);
  const tid = fields.int32('thread.tid') ?? fields.int32('proc.tid');
  const created = startOf(fields);
  const terminal = fields.textIf('proc.tty', (tty) => tty !== '0');
  if (!own && !parent && !lineage && tid === undefined && created === undefined && !terminal)
    return undefined;
  const container = options.container();
  const process: Process = {
    name: own?.name,
    // Falco's own rules do not print the pid, and OCSF wants one or the other.
    uid: own?.pid === undefined ? stand(findingUid, '#process') : undefined,
    pid: own?.pid,
    cmd_line: own?.cmd_line,
    file: own?.file,
    tid,
    namespace_pid: container === undefined ? undefined : fields.int32('proc.vpid'),
    created_time: created,
    created_time_dt: created,
    user: userOf(fields),
    session: terminal === undefined ? undefined : { terminal },
    lineage,
    container,
    parent_process: parent && {
      name: parent.name,
      uid: parent.pid === undefined ? stand(findingUid, '#parent') : undefined,
      pid: parent.pid,
      cmd_line: parent.cmd_line,
      file: parent.file,
    },
  };
  return linuxUsers ? { ...process, ...linuxUsersOf(fields) } : process;
}

/** What the profile linux/linux_users adds. */
function linuxUsersOf(fields: Fields): Pick<Process, 'auid' | 'group'> {
  return {
    auid: fields.int32('user.loginuid', 0),
    group: some({ name: fields.text('group.name'), uid: fields.text('group.gid') }),
  };
}

function stand(findingUid: string, suffix: string): string {
  return findingUid.slice(0, MAX_TEXT - suffix.length) + suffix;
}

/** Made once: a concatenated name is slower to look up (bench/cases/event.ts). */
const named = (prefix: string) => ({
  name: `${prefix}name`,
  pid: `${prefix}pid`,
  cmdline: `${prefix}cmdline`,
  exepath: `${prefix}exepath`,
  exe: `${prefix}exe`,
});
const OWN = named('proc.');
const PARENT = named('proc.p');
const ANCESTORS = Array.from({ length: 62 }, (_, index) => `proc.aname[${index + 2}]`);

interface Own {
  readonly name: string | undefined;
  readonly pid: number | undefined;
  readonly cmd_line: string | undefined;
  readonly file: File | undefined;
}

/** The attributes that a process and its parent share: `proc.name` and `proc.pname`. */
function ownOf(fields: Fields, of: typeof OWN): Own | undefined {
  // The path is better; argv[0] is a path only by custom.
  const path = fields.text(of.exepath) ?? fields.textIf(of.exe, (exe) => exe.startsWith('/'));
  return some({
    name: fields.text(of.name),
    pid: fields.int32(of.pid),
    cmd_line: fields.text(of.cmdline),
    file: executableOf(path),
  });
}

/** `proc.aname[2]` and on, as far as they follow one another: a list has no room for the index. */
function lineageOf(fields: Fields): string[] | undefined {
  const lineage: string[] = [];
  for (const field of ANCESTORS) {
    const name = fields.text(field);
    if (name === undefined) break;
    lineage.push(name);
  }
  return lineage.length > 0 ? lineage : undefined;
}

/** `proc.pid.ts` in ms. It is not taken: its nanoseconds stay in unmapped. */
function startOf(fields: Fields): number | undefined {
  const nanos = fields.peek('proc.pid.ts');
  return nanos !== undefined && /^[1-9]\d{12,18}$/.test(nanos) ? Number(nanos.slice(0, -6)) : undefined;
}

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
