import { container } from './container.ts';
import { file } from './file.ts';
import { datetime, integer, list, long, object, opt, type Static, text, timestamp } from './types.ts';
import { group, user } from './user.ts';

const session = object('The terminal session.', { terminal: opt(text('Number of the controlling tty.')) });

const processOwn = (whose: string) => ({
  name: opt(text(`Name of the ${whose}.`)),
  uid: opt(
    text(
      `#${whose}, where the rule did not print the pid, of which OCSF wants one: within this finding, not beyond it.`,
    ),
  ),
  pid: opt(integer(`Process id of the ${whose}.`)),
  cmd_line: opt(text(`Command line of the ${whose}.`)),
  file: opt(file(`Executable of the ${whose}.`)),
});

/** One level of parents: Parquet has no recursion, and OCSF wants `parent_process` for the top process only. */
const parentProcess = object('The parent process.', processOwn('parent'), { atLeastOne: ['pid', 'uid'] });

const ancestor = object(
  'A process that this one descends from.',
  {
    name: opt(text('Name of the process.')),
    path: opt(text('Executable of the process.')),
    pid: opt(integer('Process id.')),
    cmd_line: opt(text('Command line of the process.')),
  },
  { atLeastOne: ['cmd_line', 'name', 'path', 'pid'] },
);

export const LINUX_USERS = 'linux/linux_users';

export const process = object(
  'The process that did it.',
  {
    ...processOwn('process'),
    tid: opt(integer('Thread id.', { until: '1.6.0' })),
    ptid: opt(long('Thread id.', { since: '1.6.0' })),
    namespace_pid: opt(integer("Process id inside the container's namespace.", { profile: 'container' })),
    created_time: opt(timestamp('Start of the process, epoch ms; proc.pid.ts in unmapped has the ns.')),
    created_time_dt: opt(datetime('Start of the process.')),
    user: opt(user('The user the process runs as.')),
    session: opt(session),
    working_directory: opt(text('Working directory of the process.', { since: '1.5.0' })),
    lineage: opt(
      list(
        text('Path of an ancestor, or its name.'),
        'The ancestors, oldest first; the last is the parent.',
        {
          until: '1.5.0',
        },
      ),
    ),
    ancestry: opt(list(ancestor, 'The ancestors, the parent first.', { since: '1.5.0' })),
    container: opt(container({ profile: 'container' })),
    parent_process: opt(parentProcess),
    auid: opt(integer('Login uid.', { profile: LINUX_USERS })),
    group: opt(group('Group the process runs as.', { profile: LINUX_USERS })),
  },
  { atLeastOne: ['pid', 'uid'] },
);

export type Ancestor = Static<typeof ancestor>;
export type Process = Static<typeof process>;
