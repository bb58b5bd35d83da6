import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Argument } from 'commander';
import { codeOf } from '../journal/files/filesystem.ts';
import type { PluginKind } from '../plugins/check.ts';
import { EXIT, type RegisterCommand } from './command.ts';
import { packageFiles } from './create-files.ts';

interface CreateOptions {
  readonly dir?: string;
  readonly typescript?: boolean;
  readonly json?: boolean;
}

export const create: RegisterCommand = (program, cli) => {
  program
    .command('create')
    .description('write a package with an output or mapper of your own')
    .addArgument(new Argument('<kind>').choices(['output', 'mapper']))
    .argument('<name>', 'tickets, or the name of the package: @acme/tiercel-tickets')
    .option('--typescript', 'write TypeScript, compiled before it is tested and published')
    .option('--dir <folder>', 'the folder to write; must not exist; default: the name')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  tiercel create output tickets && cd tiercel-tickets && npm install && npm test',
    )
    .action(async (kind: PluginKind, name: string, options: CreateOptions) => {
      const packageName = /^(@[^/]+\/|tiercel-)/.test(name) ? name : `tiercel-${name.replaceAll('_', '-')}`;
      const type = typeFrom(packageName);
      const problem = nameProblem(packageName, type, Object.keys(cli.builtIns[`${kind}s`]));
      if (problem !== undefined) {
        cli.err(`error: ${problem}`);
        return cli.exit(EXIT.usage);
      }
      const folder = options.dir ?? basename(packageName);
      try {
        await mkdir(dirname(folder), { recursive: true });
        await mkdir(folder);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        cli.err(`error: ${folder} exists already and is left as it is; name another with --dir`);
        return cli.exit(EXIT.failed);
      }
      const names = { packageName, type, version: cli.builtIns.version };
      const files = packageFiles(kind, names, options.typescript ? 'ts' : 'js');
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        // A configuration may hold secrets.
        const mode = path.endsWith('tiercel.yaml') ? 0o600 : 0o666;
        await writeFile(join(folder, path), text, { mode });
      }
      const written = Object.keys(files);
      if (options.json)
        return cli.json(JSON.stringify({ package: packageName, type, folder, files: written }));
      cli.out(`Wrote ${packageName} to ${folder}/: ${written.join(', ')}.`);
      cli.out(`Next:\n  cd ${folder}\n  npm install\n  npm test`);
    });
};

function typeFrom(packageName: string): string {
  return packageName
    .split('/')
    .at(-1)!
    .replace(/^tiercel-/, '')
    .replaceAll('-', '_');
}

function nameProblem(packageName: string, type: string, taken: readonly string[]): string | undefined {
  if (!/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/.test(packageName)) {
    return `"${packageName}" cannot be the name of a package: small letters, digits and -, with @scope/ in front or not`;
  }
  if (!/^[a-z][a-z0-9_]*$/.test(type))
    return `"${type}" cannot be a type: small letters, digits and _, a letter first`;
  return taken.includes(type) ? `"${type}" is the name of a built-in; take another` : undefined;
}
