import type { Fields } from '../../falco-fields/fields.ts';
import { splitPath } from '../../falco-fields/file.ts';
import type { Container } from '../schema/objects/container.ts';
import type { File } from '../schema/objects/file.ts';
import type { Ancestor, Process } from '../schema/objects/process.ts';
import { type OcsfVersion, some } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';
import { executableOf } from './file.ts';

export interface ProcessOptions {
  readonly version: OcsfVersion;
  /** Fill the attributes of the profile linux/linux_users. */
  readonly linuxUsers: boolean;
  /** The container of the event, with the fields taken from it. */
  readonly container: () => Container | undefined;
}

/** The process of an event and its parent; undefined when no field tells of one. */
export function processOf(fields: Fields, options: ProcessOptions): Process | undefined {
  if (!fields.has('proc')) return undefined;
  const { version, linuxUsers } = options;
  const own = ownOf(fields, OWN);
  const parent = ownOf(fields, PARENT);
  const current = version >= '1.5.0';
  const lineage = current ? undefined : lineageOf(fields, parent);
  const ancestry = current ? ancestryOf(fields, parent) : undefined;
  const directory = current ? fields.text('proc.cwd') : undefined;
  const tid = fields.int32('thread.tid') ?? fields.int32('proc.tid');
  const created = startOf(fields);
  const terminal = fields.textIf('proc.tty', (tty) => tty !== '0');
  const found = own ?? parent ?? lineage ?? ancestry ?? directory ?? tid ?? created ?? terminal;
  if (found === undefined) return undefined;
  const container = options.container();
  const process: Process = {
    name: own?.name,
    // Falco's own rules do not print the pid, and OCSF wants one or the other.
    uid: own?.pid === undefined ? '#process' : undefined,
    pid: own?.pid,
    cmd_line: own?.cmd_line,
    file: own?.file,
    namespace_pid: container === undefined ? undefined : fields.int32('proc.vpid'),
    created_time: created,
    created_time_dt: created,
    user: userOf(fields),
    session: terminal === undefined ? undefined : { terminal },
    container,
    parent_process: parent && {
      name: parent.name,
      uid: parent.pid === undefined ? '#parent' : undefined,
      pid: parent.pid,
      cmd_line: parent.cmd_line,
      file: parent.file,
    },
  };
  if (current) {
    process.working_directory = directory;
    process.ancestry = ancestry;
  } else process.lineage = lineage;
  if (version >= '1.6.0') process.ptid = tid;
  else process.tid = tid;
  return linuxUsers ? { ...process, ...linuxUsersOf(fields) } : process;
}

/** What the profile linux/linux_users adds. */
function linuxUsersOf(fields: Fields): Pick<Process, 'auid' | 'group'> {
  return {
    auid: fields.int32('user.loginuid', 0),
    group: some({ name: fields.text('group.name'), uid: fields.text('group.gid') }),
  };
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
/** The ancestors beyond the parent. */
const ANCESTORS = Array.from({ length: 62 }, (_, index) => ({
  name: `proc.aname[${index + 2}]`,
  path: `proc.aexepath[${index + 2}]`,
  exe: `proc.aexe[${index + 2}]`,
  cmdline: `proc.acmdline[${index + 2}]`,
  pid: `proc.apid[${index + 2}]`,
}));

interface Own {
  readonly name: string | undefined;
  readonly pid: number | undefined;
  readonly cmd_line: string | undefined;
  readonly file: File | undefined;
}

/** The attributes that a process and its parent share: `proc.name` and `proc.pname`. */
function ownOf(fields: Fields, of: typeof OWN): Own | undefined {
  const path = pathOf(fields, of.exepath, of.exe);
  return some({
    name: fields.text(of.name),
    pid: fields.int32(of.pid),
    cmd_line: fields.text(of.cmdline),
    file: executableOf(path),
  });
}

/** An executable. argv[0] is a path only by custom. */
function pathOf(fields: Fields, path: string, argv0: string): string | undefined {
  return fields.text(path) ?? fields.textIf(argv0, isAbsolute);
}

const isAbsolute = (text: string): boolean => text.startsWith('/');

/**
 * The ancestors as far as they follow one another (a list has no room for the index), oldest first, the parent last:
 * the path of each, or its name where that is all there is.
 */
function lineageOf(fields: Fields, parent: Own | undefined): string[] | undefined {
  const lineage: string[] = [];
  const direct = parent?.file?.path ?? parent?.name;
  if (direct !== undefined) lineage.push(direct);
  for (const { name, path, exe } of ANCESTORS) {
    const executable = pathOf(fields, path, exe);
    // A name that the path does not end in says more than the path: it stays in unmapped.
    if (executable !== undefined) fields.takeIfEqual(splitPath(executable).name, name);
    const ancestor = executable ?? fields.text(name);
    if (ancestor === undefined) break;
    lineage.push(ancestor);
  }
  return lineage.length > 0 ? lineage.reverse() : undefined;
}

/** The same for OCSF 1.4 and on: all that is told of each, the parent first. */
function ancestryOf(fields: Fields, parent: Own | undefined): Ancestor[] | undefined {
  const ancestry: Ancestor[] = [];
  if (parent !== undefined) {
    const { name, file, pid, cmd_line } = parent;
    ancestry.push({ name, path: file?.path, pid, cmd_line });
  }
  for (const { name, path, exe, cmdline, pid } of ANCESTORS) {
    const ancestor = some({
      name: fields.text(name),
      path: pathOf(fields, path, exe),
      pid: fields.int32(pid),
      cmd_line: fields.text(cmdline),
    });
    if (ancestor === undefined) break;
    ancestry.push(ancestor);
  }
  return ancestry.length > 0 ? ancestry : undefined;
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
