import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { deadlineIn } from '../delivery/stopping.ts';
import { createLogger } from '../telemetry/log.ts';
import { EXIT, type RegisterCommand } from './command.ts';
import { createPoster } from './post.ts';
import { renderBytes, renderTable, renderTree } from './render.ts';

const FOLDER = 'tiercel-demo';
const SHOWN = 8;

export const demo: RegisterCommand = (program, cli) => {
  program
    .command('demo')
    .summary('the whole way, from HTTP to files, on this machine')
    .description('the whole way, from HTTP to files, on this machine with the example configuration')
    .option('--dir <folder>', 'where it may write; emptied first', FOLDER)
    .option('--verbose', 'show the log of the router')
    .addHelpText('after', '\nExample:\n  tiercel demo')
    .action(async (options: { dir: string; verbose?: boolean }) => {
      const { packageRoot, tables } = cli.builtIns;
      await rm(options.dir, { recursive: true, force: true });
      await mkdir(options.dir, { recursive: true });
      const file = join(options.dir, 'config.yaml');
      await writeFile(file, await readFile(join(packageRoot, 'config.example.yaml')), { mode: 0o600 });
      // A port of its own, so that a router that already runs here is left alone.
      const config = await cli.load({ config: file, set: ['server.listen=127.0.0.1:0'] });
      if (config === undefined) return cli.exit(EXIT.usage);

      const { startApp } = await import('../app.ts');
      const log = createLogger({
        level: options.verbose ? 'debug' : 'info',
        format: 'pretty',
        secrets: config.secrets,
      });
      const closing = { ...config, outputs: config.outputs.map(closeOnStop) };
      const app = await startApp({ config: closing, log, version: cli.builtIns.version });

      const events = (await readFile(join(packageRoot, 'samples', 'events.ndjson'), 'utf8'))
        .split('\n')
        .filter(Boolean);
      const poster = createPoster(app.url);
      let accepted = 0;
      for (const event of events) {
        const { status, body } = await poster.post('/', event);
        if (status === 200) accepted++;
        else cli.err(`POST / answered ${status}: ${body}`);
      }
      poster.close();
      cli.out(
        `\nPosted ${events.length} sample events to ${app.url}/, one request each, as Falco does: ${accepted} accepted.`,
      );
      await app.stop(deadlineIn(config.shutdown.deadline));

      const written = await filesBelow(options.dir, (path) =>
        tables.some(({ extension }) => path.endsWith(extension)),
      );
      const root = options.dir;
      const leaves = written.map(({ path, bytes }) => ({
        path: relative(root, path),
        note: renderBytes(bytes),
      }));
      cli.out(`\nWhat was written:\n${renderTree(root, leaves)}`);
      let rows = 0;
      for (const { path } of written) {
        const table = tables.find(({ extension }) => path.endsWith(extension))!;
        const { header, cells, total } = await table.read(path, Math.max(0, SHOWN - rows));
        if (cells.length > 0)
          cli.out(
            `\n${relative(root, path)}, ${cells.length} of ${total} rows:\n${renderTable(header, cells)}`,
          );
        rows += cells.length;
      }
      cli.out(`\nEverything is in ${options.dir}/; the configuration it ran with is ${file}.`);
      cli.exit(accepted === events.length && written.length > 0 ? EXIT.ok : EXIT.failed);
    });
};

/** The demo does not wait five minutes for a batch to be due: it is closed when the router stops. */
function closeOnStop<T extends { readonly policy: object }>(output: T): T {
  return { ...output, policy: { ...output.policy, flushOnStop: true } };
}

async function filesBelow(
  folder: string,
  wanted: (path: string) => boolean,
): Promise<readonly { path: string; bytes: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(wanted)
    .sort();
  return Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
}
