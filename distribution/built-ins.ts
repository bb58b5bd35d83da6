import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BuiltIns } from '../core/cli/built-ins.ts';
import { mappers } from '../mappers/index.ts';
import { inspectCommand } from '../outputs/aws-security-lake/inspect/command.ts';
import { outputs } from '../outputs/index.ts';
import { example } from './example.ts';

// The compiled program is one folder deeper than the sources, which the tests run.
const packageRoot = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url),
);
const { version } = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as { version: string };

/** Columns of a Security Lake file that the demo shows. */
const FIRST_LOOK = ['time_dt', 'severity', 'finding_info.title', 'device.hostname', 'message'];

/** Everything that comes with the program and that the framework does not know. */
export const builtIns: BuiltIns = {
  version,
  packageRoot,
  outputs,
  mappers,
  tables: [
    {
      extension: '.parquet',
      // Loaded when a file is shown: nothing else needs the reader.
      read: async (path, rows) =>
        (await import('../outputs/shared/lake/inspect/table.ts')).readTable(path, rows, FIRST_LOOK),
    },
  ],
  commands: [inspectCommand],
  example,
};
