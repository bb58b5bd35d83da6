import { container } from './container.ts';
import { file } from './file.ts';
import { datetime, integer, list, object, opt, type Static, text, timestamp } from './types.ts';
import { group, user } from './user.ts';

const session = object('The terminal session.', { terminal: opt(text('Number of the controlling tty.')) });

const processOwn = (whose: string) => ({
  name: opt(text(`Name of the ${whose}.`)),
  uid: opt(text(`Stands in for the pid that a rule did not print: the finding's uid and #${whose}.`)),
  pid: opt(integer(`Process id of the ${whose}.`)),
  cmd_line: opt(text(`Command line of the ${whose}.`)),
  file: opt(file(`Executable of the ${whose}.`)),
});

/** One level of parents: Parquet has no recursion, and OCSF wants `parent_process` for the top process only. */
const parentProcess = object('The parent process.', processOwn('parent'), { atLeastOne: ['pid', 'uid'] });

export const LINUX_USERS = 'linux/linux_users';

export const process = object(
  'The process that did it.',
  {
    ...processOwn('process'),
    tid: opt(integer('Thread id.')),
    namespace_pid: opt(integer("Process id inside the container's namespace.", { profile: 'container' })),
    created_time: opt(timestamp('Start of the process, epoch ms; proc.pid.ts in unmapped has the ns.')),
    created_time_dt: opt(datetime('Start of the process.')),
    user: opt(user('The user the process runs as.')),
    session: opt(session),
    lineage: opt(list(text('Name of an ancestor.'), "Names of the parent's ancestors, nearest first.")),
    container: opt(container({ profile: 'container' })),
    parent_process: opt(parentProcess),
    auid: opt(integer('Login uid.', { profile: LINUX_USERS })),
    group: opt(group('Group the process runs as.', { profile: LINUX_USERS })),
  },
  { atLeastOne: ['pid', 'uid'] },
);

export type Process = Static<typeof process>;
