import { join } from 'node:path';
import type { Command } from 'commander';
import { decodeDeadLetter } from '../dead-letters/codec.ts';
import { checkJournal, type JournalCheck } from '../journal/disk/check.ts';
import { type SalvagedEvent, salvage } from '../journal/disk/salvage.ts';
import { eventOf, isoTime, type JournalReport, type PendingEvents } from '../operations/report.ts';
import { type Cli, type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { type InstanceOptions, operate, withInstance } from './instance.ts';
import { createProgress } from './progress.ts';
import { renderBytes, renderFacts, renderTable } from './render.ts';
import { isThere } from './state.ts';

export const journal: RegisterCommand = (program, cli) => {
  const group = program
    .command('journal')
    .summary('inspect the journal')
    .description('inspect the journal, and delete events of outputs that were removed')
    .addHelpText(
      'after',
      `
The running instance is asked; when none runs, its directory is opened.

Examples:
  tiercel journal status
  tiercel journal forget old_lake --yes`,
    );
  status(group, cli);
  orphans(group, cli);
  forget(group, cli);
  check(group, cli);
  salvageCommand(group, cli);
};

function status(group: Command, cli: Cli): void {
  withInstance(group.command('status'))
    .description('how full it is, and what is pending for each output')
    .addHelpText('after', '\nExample:\n  tiercel journal status --json')
    .action(async (options: InstanceOptions, command: Command) => {
      await operate(cli, command, async (operations, where) => {
        const report = await operations.journal();
        if (options.json) cli.json(JSON.stringify(report));
        else cli.out(renderReport(report, where));
        return report.state === 'ok' ? EXIT.ok : EXIT.failed;
      });
    });
}

function orphans(group: Command, cli: Cli): void {
  withInstance(group.command('orphans'))
    .description('events kept for outputs that the configuration does not have any more')
    .addHelpText('after', '\nExample:\n  tiercel journal orphans')
    .action(async (options: InstanceOptions, command: Command) => {
      await operate(cli, command, async (operations) => {
        const { orphans } = await operations.journal();
        if (options.json) cli.json(JSON.stringify({ orphans }));
        else if (orphans.length === 0)
          cli.out('No orphans: the configuration has every output in the journal.');
        else cli.out(renderPending(orphans));
        return EXIT.ok;
      });
    });
}

function forget(group: Command, cli: Cli): void {
  withInstance(group.command('forget'))
    .description('discard what is kept for an output that the configuration does not have any more')
    .argument('<output>', 'its name')
    .option('--yes', 'do it, though events are pending for it')
    .addHelpText('after', '\nExample:\n  tiercel journal forget old_lake --yes')
    .action(async (output: string, options: InstanceOptions & { yes?: boolean }, command: Command) => {
      await operate(cli, command, async (operations) => {
        const { orphans } = await operations.journal();
        const pending = orphans.find((orphan) => orphan.output === output)?.pending ?? 0;
        if (pending > 0 && !options.yes) {
          cli.err(`tiercel: ${pending} events of ${output} would be discarded; say --yes to do it`);
          return EXIT.usage;
        }
        const forgotten = await operations.forget(output);
        if (options.json) cli.json(JSON.stringify({ output, forgotten }));
        else cli.out(`${output} is forgotten, and ${forgotten} events with it.`);
        return EXIT.ok;
      });
    });
}

function check(group: Command, cli: Cli): void {
  withConfig(group.command('check'))
    .description(
      'read every byte of the journal and the dead letters and say what is damaged; changes nothing',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nIt may be run beside a running instance.\n\nExample:\n  tiercel journal check')
    .action(async (options: ConfigOptions) => {
      const config = await cli.loadSections(options, ['journal']);
      if (config === undefined) return cli.exit(EXIT.usage);
      const { type, path } = config.sections.journal;
      const names: string[] = [];
      for (const name of ['journal', 'dead-letters']) if (await isThere(join(path, name))) names.push(name);
      if (type === 'memory' || names.length === 0) throw new Error(`there is no journal at ${path}`);
      const progress = createProgress();
      const checks: Record<string, JournalCheck> = {};
      for (const name of names)
        checks[name] = await checkJournal(join(path, name), {
          progress: (done, of) => progress.tell(() => `${name}: ${done} of ${of} segments read`),
        });
      progress.end();
      const isSound = Object.values(checks).every(
        ({ problems, setAside }) => problems.length === 0 && setAside === 0,
      );
      if (options.json) cli.json(JSON.stringify({ ok: isSound, ...checks }));
      else for (const [name, found] of Object.entries(checks)) cli.out(renderCheck(join(path, name), found));
      cli.exit(isSound ? EXIT.ok : EXIT.failed);
    });
}

function salvageCommand(group: Command, cli: Cli): void {
  withConfig(group.command('salvage'))
    .description('print the intact events in corrupt/ as NDJSON; changes nothing')
    .option('--json', 'print what is known of each event, and the event as text')
    .addHelpText(
      'after',
      '\nThey may include events of another journal: check them before you send them.\n\nExample:\n  tiercel journal salvage | tiercel send -',
    )
    .action(async (options: ConfigOptions & { json?: boolean }) => {
      const config = await cli.loadSections(options, ['journal']);
      if (config === undefined) return cli.exit(EXIT.usage);
      const { path } = config.sections.journal;
      if (!(await isThere(join(path, 'journal')))) throw new Error(`there is no journal at ${path}`);
      const counts = new Map<string, number>();
      let notText = 0;
      for await (const salvaged of salvageAll(path)) {
        counts.set(salvaged.path, (counts.get(salvaged.path) ?? 0) + 1);
        const { raw, receivedAt, ...known } = salvaged;
        const { event, event_base64 } = eventOf(raw);
        if (event_base64 !== undefined) notText++;
        // A line break in JSON is white space.
        if (!options.json) cli.json(event.replaceAll(/[\r\n]/g, ' '));
        else cli.json(JSON.stringify({ ...known, received_at: isoTime(receivedAt), event, event_base64 }));
      }
      for (const [path, count] of counts) cli.err(`${path}: ${count} events`);
      if (notText > 0 && !options.json)
        cli.err(`${notText} events are not UTF-8; --json prints their bytes as event_base64`);
      if (counts.size === 0) cli.err('No intact events in corrupt/.');
      cli.exit(EXIT.ok);
    });
}

/** The events of both journals under `journal.path`; a dead letter as the event that it holds, with the reason. */
async function* salvageAll(path: string): AsyncGenerator<SalvagedEvent & { readonly reason?: string }> {
  yield* salvage(join(path, 'journal'));
  for await (const record of salvage(join(path, 'dead-letters'))) {
    try {
      const { raw, receivedAt, output, reason } = decodeDeadLetter(record.raw);
      if (raw.length > 0) yield { ...record, raw, receivedAt, outputs: [output], reason };
    } catch {
      // It is of a later version, which can salvage it.
    }
  }
}

function renderReport(report: JournalReport, where: string): string {
  const { state, reason, bytes, max_bytes: most, oldest, newest, dead_letters: dead } = report;
  const { exact, at_most } = report.dead_letters_lost;
  const facts = renderFacts([
    ['journal', where],
    ['state', reason === undefined ? state : `${state}: ${reason}`],
    ['size', `${renderBytes(bytes)} of ${renderBytes(most)}`],
    ['oldest event', oldest ?? 'none'],
    ['newest position', String(newest)],
    ['damaged since the start', String(report.corrupt_frames)],
    ['dead letters', String(dead)],
    ['dead letters lost', at_most > 0 ? `${exact}, and up to ${at_most} more` : String(exact)],
  ]);
  const tables = [renderPending(report.outputs)];
  if (report.orphans.length > 0)
    tables.push(`Not in the configuration any more:\n${renderPending(report.orphans)}`);
  return [facts, ...tables].join('\n\n');
}

function renderPending(outputs: readonly PendingEvents[]): string {
  return renderTable(
    ['output', 'pending'],
    outputs.map(({ output, pending }) => [output, String(pending)]),
    { maxCell: 64 },
  );
}

function renderCheck(
  path: string,
  { segments, bytes, events, tail, setAside, problems }: JournalCheck,
): string {
  const lines = [`${path}: ${events} events in ${segments} segments, ${renderBytes(bytes)}`];
  if (tail > 0)
    lines.push(`  ${tail} bytes behind the newest event: a write under way, or one that a crash cut`);
  if (setAside > 0)
    lines.push(
      `  ${setAside} files in corrupt/, set aside by earlier starts: tiercel journal salvage prints their intact events; delete the folder when you no longer need it`,
    );
  for (const { path, offset, bytes, what } of problems) {
    const place = offset === undefined ? '' : ` at ${offset}`;
    lines.push(`  ${path}${place}: ${what}${bytes === undefined ? '' : ` (${bytes} bytes)`}`);
  }
  if (problems.length === 0) lines.push(setAside === 0 ? '  sound' : '  the rest is sound');
  return lines.join('\n');
}
