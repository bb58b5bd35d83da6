import { isUtf8 } from 'node:buffer';
import type { Config, OutputConfig } from '../config/schema/config.ts';
import { createEnricher } from '../event/decode.ts';
import type { Event } from '../event/event.ts';
import { parseEvent } from '../event/parse.ts';
import { compileRoute } from '../routing/route.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { mapEvent } from '../sdk/contract/mapper.ts';
import type { Output } from '../sdk/contract/output.ts';
import { oneLine } from '../sdk/contract/printable.ts';
import { columnProblems, columnsOf } from '../sdk/record/columns.ts';
import { recordMisfit } from '../sdk/record/fit.ts';
import { isUnmappableRecord, recordJson } from '../sdk/record/record-json.ts';
import { createLogger } from '../telemetry/log.ts';
import { createRedactor } from '../telemetry/redact.ts';
import { buildOutput } from './build-output.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { readEvents } from './events.ts';
import { indentJson } from './render.ts';

/** The bytes of a payload that is not text that are shown. */
const DUMPED = 64;

/** What becomes of an event at one output. */
interface Verdict {
  readonly output: string;
  readonly type: string;
  readonly wanted: boolean;
  readonly why: string;
  readonly mapper: string;
  /** The record as JSON; absent when the event is not wanted or the mapper refuses it. */
  readonly record?: string;
  /** What goes out, where that is more than the record. */
  readonly payload?: string;
  /** What goes out is not text: its bytes. */
  readonly binary?: Uint8Array;
  /** Why it would become a dead letter: the mapper refuses it or fails on it, or its record cannot be written. */
  readonly refused?: string;
  /** Why the output fails on it: it would be tried again. */
  readonly failed?: string;
}

export const explain: RegisterCommand = (program, cli) => {
  withConfig(program.command('explain'))
    .summary('say where an event would go, why, and as what')
    .description(
      'say for an event which outputs want it and why, and the very payload or record that goes out',
    )
    .argument('<file>', 'NDJSON or a JSON array of events, - for standard input')
    .option('--output <name>', 'for this output only')
    .option('--json', 'print JSON, one line an event')
    .addHelpText(
      'after',
      '\nNothing is sent.\n\nExample:\n  tiercel explain event.json -c tiercel.yaml --output lake',
    )
    .action(async (file: string, options: ConfigOptions & { output?: string }) => {
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      const outputs = config.outputs.filter(
        ({ name }) => options.output === undefined || name === options.output,
      );
      if (outputs.length === 0) {
        const names = Object.keys(config.redacted.outputs as object).join(', ');
        cli.err(`tiercel: there is no output ${JSON.stringify(options.output)}; there are: ${names}`);
        return cli.exit(EXIT.usage);
      }
      const enrich = createEnricher(config.enrich, (message) => cli.err(`enrich: ${oneLine(message)}`));
      const judges = outputs.map((output) => judgeOf(output, config));
      const redact = createRedactor(config.secrets);
      let events = 0;
      for await (const { raw, place } of readEvents(file)) {
        events++;
        const parsed = parseEvent(raw, Date.now());
        if (!parsed.ok) {
          cli.err(oneLine(`${place}: not an event: ${parsed.field} ${parsed.reason}`));
          cli.exit(EXIT.failed);
          continue;
        }
        const event = enrich(parsed.event);
        const verdicts = judges.map((judge) => judge(event));
        if (options.json) cli.json(redact(toJson(event, place, verdicts)));
        else cli.out(redact(render(event, place, verdicts)));
      }
      if (events > 0) return;
      cli.err(`tiercel: there is no event in ${file}`);
      cli.exit(EXIT.failed);
    });
};

/** The route and the mapper of one output, as the running program would make them. */
function judgeOf(output: OutputConfig, config: Config): (event: Event) => Verdict {
  const { name, type, enabled, mapper, mapperDefinition } = output;
  const log = createLogger({ level: 'warn', format: 'pretty', secrets: config.secrets });
  const compiled = compileRoute(output.route);
  // The configuration was checked with the same compiler when it was loaded.
  if (!compiled.ok) throw new Error(`outputs.${name}: ${compiled.errors[0]!.message}`);
  const made = mapperDefinition.create(mapper.options, { log });
  const encode = recordJson(made);
  const preview = previewOf(output, config, log);
  // Those that check their mapper write its records into columns.
  const hasColumns = output.definition.checkMapper !== undefined && columnProblems(made.record).length === 0;
  const columns = hasColumns ? columnsOf(made.record) : undefined;
  return (event) => {
    const about = { output: name, type, mapper: mapper.type };
    if (!enabled) return { ...about, wanted: false, why: 'not wanted: the output is disabled' };
    const { wanted, why } = compiled.route.explain(event);
    if (!wanted) return { ...about, wanted, why };
    const mapped = mapEvent(made, event, mapper.type);
    if (!mapped.ok) return { ...about, wanted, why, refused: mapped.reason };
    const misfit = columns && recordMisfit(columns, mapped.record);
    if (misfit !== undefined)
      return { ...about, wanted, why, refused: `the record does not fit its schema: ${misfit}` };
    try {
      const payload = preview?.({ records: [mapped.record], events: [event] });
      if (payload === undefined) return { ...about, wanted, why, record: encode(mapped.record) };
      if (typeof payload === 'string') return { ...about, wanted, why, payload };
      if (isUtf8(payload)) return { ...about, wanted, why, payload: Buffer.from(payload).toString() };
      return { ...about, wanted, why, binary: payload };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ...about, wanted, why, [isUnmappableRecord(error) ? 'refused' : 'failed']: message };
    }
  };
}

/** Batches that are streamed hold the records as they are. */
function previewOf(output: OutputConfig, config: Config, log: Logger): Output['preview'] {
  if (output.definition.stream === true || !output.enabled) return undefined;
  return (buildOutput(output, config, log) as Output).preview;
}

function render(event: Event, place: string, verdicts: readonly Verdict[]): string {
  const head = oneLine(`${event.timeText}  ${event.priority}  ${event.rule}  (${place}, id ${event.id})`);
  const blocks = verdicts.map(({ output, type, mapper, why, record, payload, binary, refused, failed }) => {
    const lines = [`${output} (${type}): ${oneLine(why)}`];
    if (refused !== undefined)
      lines.push(`  becomes a dead letter: ${oneLine(deadLetterText(mapper, refused))}`);
    if (failed !== undefined) lines.push(`  will be tried again: the output fails on it: ${oneLine(failed)}`);
    if (record !== undefined)
      lines.push(
        `  the record of the mapper ${mapper} (the output has no preview of what goes out):`,
        `  ${indentJson(record, '  ')}`,
      );
    if (payload !== undefined)
      lines.push('  what goes out:', ...payload.split('\n').filter(Boolean).map(payloadLine));
    if (binary !== undefined) lines.push(`  what goes out: ${bytesNote(binary)}`, ...hexDump(binary));
    return lines.join('\n');
  });
  return [head, ...blocks].join('\n\n').concat('\n');
}

/** A fault says what it is of; a reason of the mapper does not. */
function deadLetterText(mapper: string, reason: string): string {
  const isFault = reason.startsWith(`the mapper ${mapper} `) || reason.startsWith('the record ');
  return isFault ? reason : `the mapper ${mapper} refuses it: ${reason}`;
}

/** Says that a payload is no text, and who can change that. */
function bytesNote({ byteLength }: Uint8Array): string {
  return `${byteLength} bytes, not text; to show them as text, add \`preview\` to the output`;
}

/** The first bytes, sixteen a line. */
function hexDump(bytes: Uint8Array): string[] {
  const first = Buffer.from(bytes.subarray(0, DUMPED));
  const lines: string[] = [];
  for (let at = 0; at < first.length; at += 16) {
    const pairs = first.toString('hex', at, at + 16).replace(/..(?!$)/g, '$& ');
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${pairs}`);
  }
  return bytes.byteLength > DUMPED ? [...lines, '  …'] : lines;
}

/** A line that is JSON is laid out. */
function payloadLine(line: string): string {
  return `  ${/^[{[]/.test(line) ? indentJson(line, '  ') : oneLine(line)}`;
}

/** By hand, because the records are JSON already and parsing them would round their numbers. */
function toJson(event: Event, place: string, verdicts: readonly Verdict[]): string {
  const outputs = verdicts.map(({ record, binary, ...rest }) => {
    const text = JSON.stringify({ ...rest, ...(binary && { payload_bytes: binary.byteLength }) });
    return record === undefined ? text : `${text.slice(0, -1)},"record":${record}}`;
  });
  const { id, rule, priority } = event;
  const head = JSON.stringify({ id, rule, priority, place });
  return `${head.slice(0, -1)},"outputs":[${outputs.join(',')}]}`;
}
