import type { Config, OutputConfig } from '../config/schema/config.ts';
import type { ConfigTest } from '../config/schema/sections.ts';
import { createEnricher } from '../event/decode.ts';
import { stringify } from '../event/encode.ts';
import type { Event, FieldValue } from '../event/event.ts';
import { parseEvent } from '../event/parse.ts';
import { compileRoute } from '../routing/route.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { recordJson } from '../sdk/record/record-json.ts';

/** What stands for what a test leaves out. The time is always the same, so that a test is. */
export const FILLED_IN = {
  hostname: 'test-host',
  output: 'A test of the configuration',
  output_fields: {},
  priority: 'Debug',
  rule: 'Test rule',
  source: 'syscall',
  tags: [],
  time: '2026-01-02T03:04:05.000000000Z',
} as const;

/** What a test came to; it holds when there are no mistakes. */
export interface TestOutcome {
  readonly name: string;
  readonly mistakes: readonly Mistake[];
}

/** One thing that was expected and is not so. */
export interface Mistake {
  /** Under `expect`: `outputs`, `records.archive.rule`. */
  readonly path: string;
  readonly message: string;
  /** As JSON, where two values differ; `actual` is absent when there is none. */
  readonly expected?: string;
  readonly actual?: string;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Runs one of the configuration's own tests: routes its event and maps it; nothing is delivered. */
export function runConfigTest(config: Config, { name, event: given, expect }: ConfigTest): TestOutcome {
  const raw = Buffer.from(stringify({ ...FILLED_IN, ...given } as FieldValue));
  const parsed = parseEvent(raw, Date.parse(FILLED_IN.time));
  if (!parsed.ok) {
    return { name, mistakes: [{ path: 'event', message: `${parsed.field} ${parsed.reason}` }] };
  }
  const event = createEnricher(config.enrich)(parsed.event);
  const named = (output: string) => config.outputs.find((one) => one.name === output)!;
  const mistakes: Mistake[] = [];
  for (const [list, expected] of [
    ['outputs', true],
    ['not_outputs', false],
  ] as const) {
    for (const output of expect[list] ?? []) {
      const { wanted, why } = explainRoute(named(output), event);
      if (wanted === expected) continue;
      const message = `${output} ${expected ? 'should want the event' : 'should not want the event'}: ${why}`;
      mistakes.push({ path: list, message });
    }
  }
  for (const [output, part] of Object.entries(expect.records ?? {})) {
    mistakes.push(...compareRecord(named(output), event, part, `records.${output}`));
  }
  return { name, mistakes };
}

function explainRoute(output: OutputConfig, event: Event): { wanted: boolean; why: string } {
  if (!output.enabled) return { wanted: false, why: 'it is disabled' };
  const compiled = compileRoute(output.route);
  // The configuration was checked with the same compiler when it was loaded.
  if (!compiled.ok) throw new Error(`outputs.${output.name}: ${compiled.errors[0]!.message}`);
  return compiled.route.explain(event);
}

function compareRecord(output: OutputConfig, event: Event, part: object, path: string): Mistake[] {
  const mapper = output.mapperDefinition.create(output.mapper.options, { log: silent });
  const mapped = mapper.map(event);
  if (!mapped.ok) return [{ path, message: `the mapper refuses the event: ${mapped.reason}` }];
  const json = recordJson(mapper)(mapped.record);
  // Both by way of JSON text: numbers beyond 2^53 are rounded alike.
  return differences(JSON.parse(stringify(part as FieldValue)), JSON.parse(json), path);
}

/** Where the actual value lacks something of the expected one. Objects may hold more; lists and scalars must be the same. */
export function differences(expected: unknown, actual: unknown, path: string): Mistake[] {
  if (isObject(expected) && isObject(actual)) {
    return Object.entries(expected).flatMap(([key, value]) => {
      const at = /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
      return differences(value, Object.hasOwn(actual, key) ? actual[key] : undefined, at);
    });
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((value, index) => differences(value, actual[index], `${path}[${index}]`));
  }
  const [wanted, found] = [JSON.stringify(expected), JSON.stringify(actual)];
  if (wanted === found) return [];
  return [{ path, message: 'differs', expected: wanted, ...(found !== undefined && { actual: found }) }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
