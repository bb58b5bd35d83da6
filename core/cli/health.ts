import { resolve } from 'node:path';
import { loadSections } from '../config/load.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { atSocket, type Instance, urlOf } from './here.ts';
import { createPoster } from './post.ts';

/** How long an answer may take, milliseconds. */
const PATIENCE = 5_000;
/** What an instance has whose file cannot be read any more. */
const DEFAULTS = { listen: '0.0.0.0:2801', state: './data' };

export const health: RegisterCommand = (program, cli) => {
  withConfig(program.command('health'))
    .description('exit with 0 when the instance runs, with 1 when it does not: for the probe of a container')
    .addHelpText(
      'after',
      `
Asks /healthz at the admin socket, so that the port, TLS and client certificates do not matter; at the
port of the events where there is no socket. What is wrong with the configuration of outputs does not matter either.

Example:
  tiercel health -c tiercel.yaml`,
    )
    .action(async (options: ConfigOptions) => {
      const { url, poster } = await find(options);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer from ${url} within 5 s`)), PATIENCE);
      });
      try {
        const { status } = await Promise.race([poster.get('/healthz'), late]);
        if (status === 200) return cli.out(`${url} is healthy.`);
        cli.err(`tiercel: ${url} answered ${status}`);
      } catch (error) {
        cli.err(`tiercel: ${(error as Error).message}`);
      } finally {
        clearTimeout(timer);
        poster.close();
      }
      cli.exit(EXIT.failed);
    });
};

async function find({ config: file, set: sets }: ConfigOptions): Promise<Instance> {
  const { dir, sections } = await loadSections({ file, sets, env: process.env });
  const found = await atSocket(resolve(dir, sections.journal?.path ?? DEFAULTS.state));
  if ('poster' in found) return found;
  const url = urlOf(sections.server ?? { listen: DEFAULTS.listen });
  // The certificate may have been replaced since it was read, and nothing secret is sent.
  return { url, poster: createPoster(url, {}, { verify: false }) };
}
