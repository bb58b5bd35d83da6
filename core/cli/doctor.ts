import type { Config, OutputConfig } from '../config/schema/config.ts';
import { formatDuration } from '../config/schema/duration.ts';
import { formatSize } from '../config/schema/size.ts';
import { deadlineIn } from '../delivery/stopping.ts';
import { parseEvent } from '../event/parse.ts';
import { sampleEvent } from '../event/sample.ts';
import type { DiagnoseOptions, Finding, Output, StreamOutput } from '../sdk/contract/output.ts';
import { oneLine } from '../sdk/contract/printable.ts';
import { createLogger } from '../telemetry/log.ts';
import { createRedactor } from '../telemetry/redact.ts';
import { buildOutput } from './build-output.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { showWaiting } from './progress.ts';

/** How long one output may take to answer. */
const PATIENCE = 60_000;

interface Options extends ConfigOptions {
  readonly write?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

export const doctor: RegisterCommand = (program, cli) => {
  withConfig(program.command('doctor'))
    .summary('ask every destination whether it is ready')
    .description('ask every destination whether it is ready, and say what would be done there')
    .option('--write', 'try the permission to write too; nothing stays at the destination')
    .option('--output <name>', 'this output only')
    .option('--json', 'print JSON, one line a finding')
    .addHelpText('after', '\nNo event is sent.\n\nExample:\n  tiercel doctor -c tiercel.yaml --write')
    .action(async (options: Options) => {
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      const outputs = config.outputs.filter(({ name, enabled }) =>
        options.output === undefined ? enabled : name === options.output,
      );
      if (outputs.length === 0) {
        cli.err(`tiercel: there is no output ${options.output ?? 'that is enabled'}`);
        return cli.exit(EXIT.usage);
      }
      const redact = createRedactor(config.secrets);
      let failed = 0;
      for (const output of outputs) {
        if (!options.json) cli.out(`${output.name} (${output.type})`);
        const waiting = showWaiting(`asking ${output.name}`);
        try {
          for await (const finding of findings(output, config, options.write === true)) {
            waiting.pause();
            if (finding.status === 'failed') failed++;
            if (options.json) cli.json(redact(JSON.stringify({ output: output.name, ...finding })));
            else cli.out(redact(render(finding)));
          }
        } finally {
          waiting.end();
        }
        if (!options.json) cli.out('');
      }
      if (!options.json) cli.out(failed === 0 ? 'Nothing is wrong.' : `${failed} failed.`);
      cli.exit(failed === 0 ? EXIT.ok : EXIT.failed);
    });
};

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: 'ok     ',
  plan: '       ',
  unknown: 'unknown',
  failed: 'FAILED ',
};

function render({ status, what, line }: Finding): string {
  return `  ${MARKS[status]} ${oneLine(`${what}: ${line}`)}`;
}

/** Everything there is to say about an output; it is made for it and closed again, and never started. */
async function* findings(settings: OutputConfig, config: Config, write: boolean): AsyncGenerator<Finding> {
  yield { status: 'plan', what: 'batch', line: describeBatch(settings) };
  const signal = deadlineIn(PATIENCE);
  let output: Output | StreamOutput | undefined;
  try {
    // What is to be said is in the findings.
    output = buildOutput(settings, config, createLogger({ level: 'silent', format: 'json', secrets: [] }));
    yield* ask(output, { write, sample: sampleNow() }, signal);
  } catch (error) {
    const line = signal.aborted
      ? `no answer within ${formatDuration(PATIENCE)}: see to network, proxy and address`
      : messageOf(error);
    yield { status: 'failed', what: 'check', line };
  } finally {
    await output?.stop?.(deadlineIn(PATIENCE)).catch(() => {});
  }
}

async function* ask(
  output: Output | StreamOutput,
  options: DiagnoseOptions,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  if (output.diagnose !== undefined) {
    yield* output.diagnose(options, signal);
  } else if (output.check !== undefined) {
    await output.check(signal);
    yield { status: 'ok', what: 'check', line: 'the destination answers' };
  } else {
    yield { status: 'unknown', what: 'check', line: 'this output has no check; the first event will show' };
  }
}

function sampleNow(): DiagnoseOptions['sample'] {
  const now = Date.now();
  const parsed = parseEvent(sampleEvent(now), now);
  if (!parsed.ok) throw new Error(`the sample event is none: ${parsed.reason}`);
  return parsed.event;
}

function describeBatch({ batch: { events, size, every, cron } }: OutputConfig): string {
  const limits = [
    ...(events === undefined ? [] : [`${events} event${events === 1 ? '' : 's'}`]),
    ...(size === undefined ? [] : [formatSize(size)]),
    ...(every === undefined ? [] : [formatDuration(every)]),
    ...(cron === undefined ? [] : [`cron ${cron}`]),
  ];
  return `closed at ${limits.join(' or ') || 'the stop only'}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
