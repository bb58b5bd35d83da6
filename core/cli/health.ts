import { resolve } from 'node:path';
import { loadSections } from '../config/load.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { atSocket, type Instance, urlOf } from './here.ts';
import { createPoster, type Poster } from './post.ts';

/** How long an answer may take, milliseconds. */
const PATIENCE = 5_000;
/** Address and state directory to try when the configuration cannot be read. */
const DEFAULTS = { listen: '0.0.0.0:2801', state: './data' };

export const health: RegisterCommand = (program, cli) => {
  withConfig(program.command('health'))
    .summary('check that the instance runs, for the probe of a container')
    .description('check that the instance runs, for the probe of a container: exits 0 or 1')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Asks /healthz at the admin socket, so that the port, TLS and client
certificates do not matter; where there is no socket, at the port of the
events. Mistakes in the configuration of outputs do not matter either.

Example:
  tiercel health -c tiercel.yaml`,
    )
    .action(async (options: ConfigOptions) => {
      const { url, poster } = await find(options);
      const reason = await ask(poster, url);
      poster.close();
      const ok = reason === undefined;
      if (options.json) cli.json(JSON.stringify({ ok, url, ...(!ok && { reason }) }));
      else if (ok) cli.out(`${url} is healthy.`);
      else cli.err(`tiercel: ${reason}`);
      cli.exit(ok ? EXIT.ok : EXIT.failed);
    });
};

/** @returns what is wrong */
async function ask(poster: Poster, url: string): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from ${url} within 5 s`)), PATIENCE);
  });
  try {
    const { status } = await Promise.race([poster.get('/healthz'), late]);
    return status === 200 ? undefined : `${url} answered ${status}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}

async function find({ config: file, set: sets }: ConfigOptions): Promise<Instance> {
  const { dir, sections } = await loadSections({ file, sets, env: process.env, needed: [] });
  const found = await atSocket(sections.journal?.path ?? resolve(dir, DEFAULTS.state));
  if ('poster' in found) return found;
  const url = urlOf(sections.server ?? { listen: DEFAULTS.listen });
  // The certificate may have been replaced since it was read, and nothing secret is sent.
  return { url, poster: createPoster(url, {}, { verify: false }) };
}
