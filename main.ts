#!/usr/bin/env node
import { runCli } from './core/cli/index.ts';
import { onProcessWarning } from './core/cli/process-events.ts';
import { printable } from './core/sdk/contract/printable.ts';
import { builtIns } from './distribution/built-ins.ts';

onProcessWarning((line) => process.stderr.write(`warning: ${printable(line)}\n`));

const code = await runCli(builtIns, process.argv.slice(2));
// Not process.exit(): what was written must get out first. Whatever is still open then is a leak to be found.
process.exitCode = code;
