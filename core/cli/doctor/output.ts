import type { OutputConfig } from '../../config/schema/config.ts';
import { formatDuration } from '../../config/schema/duration.ts';
import type { JsonSchema } from '../../config/schema/json-schema.ts';
import { formatSize } from '../../config/schema/size.ts';
import { deadlineIn } from '../../delivery/stopping.ts';
import { parseEvent } from '../../event/parse.ts';
import { sampleEvent } from '../../event/sample.ts';
import { findingsOf } from '../../plugins/findings.ts';
import { packageFindings } from '../../plugins/package-versions.ts';
import type { DiagnoseOptions, Finding, Output, StreamOutput } from '../../sdk/contract/output.ts';
import { abortable } from '../../sdk/deliver/connection.ts';
import { reachUrl } from '../../sdk/http/probe.ts';
import { httpTransport } from '../../sdk/http/transport/transport.ts';
import { readTls, type TlsOptions } from '../../sdk/options/tls.ts';
import { checkCertificates, type PemFiles } from './certificates.ts';

/** How an output is looked at. */
export interface OutputQuestions {
  /** May permission to write be tried? */
  readonly write: boolean;
  /** How long it has for everything, milliseconds. */
  readonly timeout: number;
  /** Relative paths start here. */
  readonly dir: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Makes the output; it is stopped afterwards, and never started. */
  build(): Output | StreamOutput;
  /** Called when the output did not end in time, and may keep connections open. */
  onAbandoned(): void;
}

/** How long an output has to end once its time is over, and to close what it opened, milliseconds. */
const GRACE = 1_000;
const STOP = 5_000;
const TLS_NAMES = { ca: 'tls.ca', cert: 'tls.cert', key: 'tls.key' };

/** Everything there is to say about an output: its settings, its TLS files, and the destination step by step. */
export async function* checkOutput(
  settings: OutputConfig,
  questions: OutputQuestions,
): AsyncGenerator<Finding> {
  const { write, timeout, dir, now } = questions;
  yield { status: 'plan', what: 'batch', line: describeBatch(settings) };
  const tls = settings.options.tls as (TlsOptions & PemFiles) | undefined;
  if (typeof tls === 'object') yield* checkCertificates(tls, TLS_NAMES, { dir, now });
  const signal = deadlineIn(timeout);
  const latest = deadlineIn(timeout + GRACE);
  let output: Output | StreamOutput | undefined;
  try {
    output = questions.build();
    yield* untilAborted(diagnose(output, settings, { write, sample: sampleOf(now) }, dir, signal), latest);
  } catch (error) {
    if (latest.aborted) questions.onAbandoned();
    const line = signal.aborted
      ? `no answer within ${formatDuration(timeout)}: check network, proxy and address, or allow more with --timeout`
      : messageOf(error);
    yield { status: 'failed', what: 'check', line };
  } finally {
    const stopping = deadlineIn(STOP);
    await abortable((async () => output?.stop?.(stopping))(), stopping).catch(() => {
      if (stopping.aborted) questions.onAbandoned();
    });
  }
}

async function* diagnose(
  output: Output | StreamOutput,
  settings: OutputConfig,
  options: DiagnoseOptions,
  dir: string,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const place = { module: settings.module, configDir: dir };
  yield* await packageFindings(settings.definition.packages, place);
  if (output.diagnose === undefined && output.check === undefined) {
    yield* reachAddresses(settings, dir, signal);
    return;
  }
  let count = 0;
  for await (const finding of findingsOf(output, options, signal)) {
    count++;
    const isStated = finding.isUnconfirmed === true && !settings.policy.confirms;
    yield isStated ? { ...finding, status: 'plan' } : finding;
  }
  if (count === 0)
    yield { status: 'not_checked', what: 'check', line: 'the check of this output reported nothing' };
}

/** For an output that has no check: the addresses in its options are reached, and the rest is reported as not checked. */
async function* reachAddresses(
  { definition, options }: OutputConfig,
  dir: string,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { proxy, tls } = options as { readonly proxy?: string; readonly tls?: TlsOptions };
  const transport = httpTransport(
    { ...(typeof proxy === 'string' && { proxy }), ...(typeof tls === 'object' && { tls }) },
    { configDir: dir },
  );
  for (const address of addressesIn(definition.options as JsonSchema, options)) {
    const url = new URL(address);
    const route = { url, proxy: transport.proxyOf(url), readTls: () => readTls(tls ?? {}, dir) };
    yield* reachUrl(route, signal);
  }
  const line = 'this output has no check: whether the destination takes events shows with the first one';
  yield { status: 'not_checked', what: 'check', line };
}

/** The values of the options that are addresses of HTTP servers. */
function addressesIn({ properties = {} }: JsonSchema, options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const value = options[name];
    if (name === 'proxy') return [];
    const isAddress = (one: JsonSchema | undefined) => one?.format === 'http-url';
    if (isAddress(schema) && typeof value === 'string') return [value];
    const isList = isAddress(schema.items as JsonSchema | undefined) && Array.isArray(value);
    return isList ? value.filter((each) => typeof each === 'string') : [];
  });
}

/** The findings until the signal aborts. @throws Error at the abort, whatever the generator does */
async function* untilAborted(findings: AsyncIterable<Finding>, signal: AbortSignal): AsyncGenerator<Finding> {
  const steps = findings[Symbol.asyncIterator]();
  for (;;) {
    const step = await abortable(steps.next(), signal);
    if (step.done) return;
    yield step.value;
  }
}

function sampleOf(now: number): DiagnoseOptions['sample'] {
  const parsed = parseEvent(sampleEvent(now), now);
  if (!parsed.ok) throw new Error(`the sample event is not valid: ${parsed.reason}`);
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
