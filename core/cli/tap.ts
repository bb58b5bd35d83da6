import { type Command, InvalidArgumentError } from 'commander';
import { oneLine } from '../sdk/contract/printable.ts';
import { EXIT, type RegisterCommand } from './command.ts';
import { findInstance, type InstanceOptions, withInstance } from './instance.ts';

/** One line of `GET /tap`. */
type Line =
  | { readonly dropped: number }
  | {
      readonly outputs: readonly string[];
      readonly event: {
        readonly time?: unknown;
        readonly priority?: unknown;
        readonly hostname?: unknown;
        readonly rule?: unknown;
      };
    };

export const tap: RegisterCommand = (program, cli) => {
  withInstance(program.command('tap'))
    .summary('show the events that a running instance accepts')
    .description('show the events that a running instance accepts, as they come in')
    .argument('[output]', 'only those that this output wants')
    .option('--count <n>', 'end after so many events', parseCount)
    .addHelpText(
      'after',
      `
A tap never holds the instance up: what cannot be shown in time is counted.

Examples:
  tiercel tap lake
  tiercel tap --json | jq .event.rule`,
    )
    .action(
      async (output: string | undefined, options: InstanceOptions & { count?: number }, command: Command) => {
        const instance = await findInstance(cli, command, 'admin');
        if (instance === undefined) return cli.exit(EXIT.usage);
        const { poster, url } = instance;
        let interrupted = false;
        const interrupt = () => {
          interrupted = true;
          poster.close();
        };
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
        try {
          let left = options.count ?? Number.POSITIVE_INFINITY;
          const query = output === undefined ? '' : `?output=${encodeURIComponent(output)}`;
          for await (const text of poster.lines(`/tap${query}`)) {
            const line = JSON.parse(text) as Line;
            if ('dropped' in line) cli.err(`${line.dropped} events are not shown: this program was too slow`);
            else {
              if (options.json) cli.json(text);
              else cli.out(renderEvent(line));
              if (--left <= 0) return;
            }
          }
          cli.err(`${url} has ended the tap`);
        } catch (error) {
          if (!interrupted) throw error;
        } finally {
          for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
          poster.close();
        }
      },
    );
};

function renderEvent({ outputs, event }: Exclude<Line, { dropped: number }>): string {
  const { time, priority, hostname, rule } = event;
  const shown = [time, priority, hostname, rule].filter((value) => typeof value === 'string' && value !== '');
  return oneLine(`${shown.join(' | ')} → ${outputs.join(', ') || 'no output'}`);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is not a count.');
  return Number(text);
}
