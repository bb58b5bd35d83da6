import { Argument } from 'commander';
import { createRegistry } from '../plugins/registry.ts';
import type { RegisterCommand } from './command.ts';
import { renderTable } from './render.ts';

const KINDS = ['outputs', 'mappers'] as const;

export const list: RegisterCommand = (program, cli) => {
  program
    .command('list')
    .description('the built-in outputs and mappers')
    .addArgument(new Argument('[kind]', 'only these').choices(KINDS))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  tiercel list outputs')
    .action(async (kind: (typeof KINDS)[number] | undefined, options: { json?: boolean }) => {
      const registry = createRegistry(cli.builtIns);
      const entries: { kind: string; type: string; summary: string }[] = [];
      for (const one of kind === undefined ? KINDS : [kind]) {
        for (const [type, builtIn] of Object.entries(registry[one])) {
          entries.push({ kind: one.slice(0, -1), type, summary: (await builtIn.load()).summary });
        }
      }
      if (options.json) return cli.json(JSON.stringify(entries));
      const rows = entries.map((entry) => [entry.kind, entry.type, entry.summary]);
      cli.out(renderTable(['kind', 'type', 'what it does'], rows, { maxCell: 120 }));
      cli.out('\ntiercel describe TYPE says all about one.');
    });
};
