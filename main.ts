#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCli } from './core/cli/index.ts';
import { mappers } from './mappers/index.ts';
import { outputs } from './outputs/index.ts';

// The compiled program is one folder below the package's root.
const packageRoot = fileURLToPath(new URL('../', import.meta.url));
const { version } = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as { version: string };

/** Columns of a Security Lake file that the demo shows. */
const FIRST_LOOK = ['time_dt', 'severity', 'finding_info.title', 'device.hostname', 'message'];

const code = await runCli(
  {
    version,
    packageRoot,
    outputs,
    mappers,
    tables: [
      {
        extension: '.parquet',
        // Loaded when a file is shown: nothing else needs the reader.
        read: async (path, rows) => (await import('./lake/table.ts')).readTable(path, rows, FIRST_LOOK),
      },
    ],
  },
  process.argv.slice(2),
);
// Not process.exit(): what was written must get out first. Whatever is still open then is a leak to be found.
process.exitCode = code;
