import { type Command, InvalidArgumentError } from 'commander';
import type { Operations } from '../operations/operations.ts';
import type { DeadLetterDetails, DeadLetterSummary, ReplayResult } from '../operations/report.ts';
import { oneLine } from '../sdk/contract/printable.ts';
import { type Cli, EXIT, type RegisterCommand } from './command.ts';
import { type FilterOptions, filterOf, parseId, withFilter } from './filter-options.ts';
import { type InstanceOptions, operate, type Work, withInstance } from './instance.ts';
import { whileWaiting } from './progress.ts';
import { indentJson, renderFacts, renderTable } from './render.ts';

const SHOWN = 100;

export const dlq: RegisterCommand = (program, cli) => {
  const group = program
    .command('dlq')
    .summary('look at dead letters, hand them back, or drop them')
    .description('look at dead letters, hand them back to their output, or drop them')
    .addHelpText(
      'after',
      `
They are asked of the running instance; when none runs, its directory is opened.

Examples:
  tiercel dlq list --output lake --since 2h
  tiercel dlq replay --output lake --reason "too large"`,
    );
  list(group, cli);
  show(group, cli);
  replay(group, cli);
  drop(group, cli);
};

function list(group: Command, cli: Cli): void {
  withInstance(withFilter(group.command('list')))
    .description('the dead letters, oldest first')
    .option('--limit <count>', `at most so many; default ${SHOWN}, with --json all`, parseLimit)
    .addHelpText('after', '\nExample:\n  tiercel dlq list --output lake --since 2h')
    .action(async (options: FilterOptions & InstanceOptions & { limit?: number }, command: Command) => {
      const limit = options.limit ?? (options.json ? Number.POSITIVE_INFINITY : SHOWN);
      await operateOn(options.output, cli, command, async (operations, where) => {
        const letters: DeadLetterSummary[] = [];
        let count = 0;
        for await (const letter of operations.deadLetters(filterOf(options))) {
          if (++count > limit) break;
          if (options.json) cli.json(JSON.stringify(letter));
          else letters.push(letter);
        }
        if (options.json) return EXIT.ok;
        if (count === 0) cli.out(`No dead letters at ${where}.`);
        else cli.out(renderLetters(letters));
        if (count > limit) cli.err(`There are more than ${limit}: narrow it down, or raise --limit.`);
        return EXIT.ok;
      });
    });
}

function show(group: Command, cli: Cli): void {
  withInstance(group.command('show'))
    .description('one dead letter: why it is one, and its event as it was sent')
    .argument('<id>', 'its number in the list', parseId)
    .addHelpText('after', '\nExample:\n  tiercel dlq show 42')
    .action(async (id: number, options: InstanceOptions, command: Command) => {
      await operate(cli, command, async (operations) => {
        const letter = await operations.deadLetter(id);
        if (letter === undefined) {
          cli.err(`tiercel: there is no dead letter ${id}`);
          return EXIT.failed;
        }
        if (options.json) cli.json(JSON.stringify(letter));
        else cli.out(renderLetter(letter));
        return EXIT.ok;
      });
    });
}

function replay(group: Command, cli: Cli): void {
  withInstance(withFilter(group.command('replay')))
    .description(
      'hand dead letters back to the output that refused them, and to no other; without a filter, all',
    )
    .addHelpText('after', '\nExample:\n  tiercel dlq replay --output lake --since 2026-07-10T06:00:00Z')
    .action(async (options: FilterOptions & InstanceOptions, command: Command) => {
      await operateOn(options.output, cli, command, async (operations, where) => {
        const result = await whileWaiting('handing back', () => operations.replay(filterOf(options)));
        if (options.json) cli.json(JSON.stringify(result));
        else cli.out(renderReplay(result, where));
        return result.left.length > 0 ? EXIT.failed : EXIT.ok;
      });
    });
}

function drop(group: Command, cli: Cli): void {
  withInstance(withFilter(group.command('drop')))
    .description('give dead letters up for good; without a filter, all')
    .option('--yes', 'do it; without, their number is said and nothing is done')
    .addHelpText('after', '\nExample:\n  tiercel dlq drop --output lake --until 30d --yes')
    .action(async (options: FilterOptions & InstanceOptions & { yes?: boolean }, command: Command) => {
      await operateOn(options.output, cli, command, async (operations) => {
        const filter = filterOf(options);
        if (!options.yes) {
          let count = 0;
          for await (const _ of operations.deadLetters(filter)) count++;
          cli.err(`tiercel: ${plural(count)} would be dropped for good; say --yes to do it`);
          return EXIT.usage;
        }
        const dropped = await whileWaiting('dropping', () => operations.drop(filter));
        if (options.json) cli.json(JSON.stringify({ dropped }));
        else cli.out(`${plural(dropped)} dropped.`);
        return EXIT.ok;
      });
    });
}

/** As {@link operate}. Refuses an output that is neither in the configuration nor in a dead letter. */
function operateOn(output: string | undefined, cli: Cli, command: Command, work: Work): Promise<void> {
  return operate(cli, command, async (operations, where) => {
    if (output === undefined || (await hasOutput(operations, output))) return work(operations, where);
    const names = new Set((await operations.journal()).configured);
    for await (const letter of operations.deadLetters({})) names.add(letter.output);
    const known = [...names].sort().join(', ') || 'none';
    const unknown = `an output ${JSON.stringify(output)}; there are: ${known}`;
    cli.err(`tiercel: neither the configuration nor the dead letters have ${unknown}`);
    return EXIT.usage;
  });
}

async function hasOutput(operations: Operations, output: string): Promise<boolean> {
  if ((await operations.journal()).configured.includes(output)) return true;
  for await (const _ of operations.deadLetters({ output })) return true;
  return false;
}

function renderLetters(letters: readonly DeadLetterSummary[]): string {
  return renderTable(
    ['id', 'output', 'cause', 'last attempt', 'rule', 'reason'],
    letters.map(({ id, output, cause, last_attempt: last, rule = '(lost)', reason }) => {
      return [String(id), output, cause, last, rule, reason];
    }),
    { maxCell: 80 },
  );
}

function renderLetter(letter: DeadLetterDetails): string {
  const facts = renderFacts([
    ['id', String(letter.id)],
    ['output', letter.output],
    ['cause', letter.cause],
    ['reason', letter.reason],
    ['attempts', String(letter.attempts)],
    ['accepted', letter.received_at],
    ['first attempt', letter.first_attempt],
    ['last attempt', letter.last_attempt],
  ]);
  if (letter.event === undefined) return `${facts}\n\nThe event's bytes were lost on disk.`;
  return `${facts}\n\n${indentJson(letter.event)}`;
}

function renderReplay({ replayed, left }: ReplayResult, where: string): string {
  const lines = left.map(({ output, dead_letters: count, reason }) =>
    oneLine(`${plural(count)} of ${output} left: ${reason}.`),
  );
  return [`${plural(replayed)} handed back at ${where}.`, ...lines].join('\n');
}

function plural(count: number): string {
  return count === 1 ? '1 dead letter' : `${count} dead letters`;
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is not a count.');
  return Number(text);
}
