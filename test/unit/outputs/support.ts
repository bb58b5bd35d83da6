import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { wholeBatch } from '../../../core/delivery/batch-slice.ts';
import { callOutput } from '../../../core/delivery/chain.ts';
import { withBisection, withRequestLimits } from '../../../core/delivery/split.ts';
import { PositionSet } from '../../../core/journal/positions.ts';
import { createOutput, openContext } from '../../../core/plugins/context.ts';
import { type Clock, systemClock } from '../../../core/sdk/contract/clock.ts';
import type {
  Batch,
  Delivery,
  Event,
  Logger,
  Mapper,
  Output,
  OutputContext,
  OutputDefinition,
  RequestLimits,
  TObject,
} from '../../../core/sdk/index.ts';
import { Type } from '../../../core/sdk/index.ts';
import { decoded } from '../../support/decoded.ts';

/** What was logged, for tests to look at. */
export type Logged = { level: string; details: Record<string, unknown>; message: string };

export function recordingLogger(): Logger & { lines: Logged[] } {
  const lines: Logged[] = [];
  const at = (level: string) => (details: object | string, message?: string) => {
    if (typeof details === 'string') lines.push({ level, details: {}, message: details });
    else lines.push({ level, details: details as Record<string, unknown>, message: message ?? '' });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A mapper whose records are JSON text already, as the built-in `falco` has it. */
export const jsonTextMapper: Mapper<string> = {
  record: Type.String({ contentMediaType: 'application/json' }),
  map: (event) => ({ ok: true, record: Buffer.from(event.raw).toString() }),
};

/** @param options of the output, decoded: what `context.http` is made from */
export function contextOf<R>(
  mapper: Mapper<R>,
  log: Logger = recordingLogger(),
  options: object = {},
): OutputContext<R> {
  const directory = mkdtempSync(join(tmpdir(), 'tiercel-output-'));
  return openContext<R>(options, {
    name: 'under-test',
    log,
    clock: systemClock,
    stateDir: directory,
    configDir: directory,
    mapper,
    mapperRef: { type: 'test', module: 'test:none', options: {} },
    decode: { customFields: {}, customTags: [], templatedFields: {} },
  }).context;
}

/**
 * An output as the program makes it: options decoded, defaults filled in.
 *
 * @param given options in YAML spelling
 */
export function made<R>(
  // biome-ignore lint/suspicious/noExplicitAny: of any options; they are checked.
  definition: OutputDefinition<any, any>,
  given: object,
  mapper: Mapper<R>,
  more: { readonly log?: Logger; readonly clock?: Clock } = {},
): Output<R> {
  const { http: _, fetch: __, ...context } = contextOf(mapper, more.log);
  const options: object = decoded<TObject>(definition, { ...given });
  return createOutput(definition, options, {
    ...context,
    ...(more.clock && { clock: more.clock }),
  }) as Output<R>;
}

export function batchOf<R>(records: readonly R[], more: Partial<Batch<R>> = {}): Batch<R> {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  return {
    id: 'batch-1',
    attempt: 1,
    partition: '',
    count: records.length,
    bytes: 100 * records.length,
    openedAt: at,
    closedAt: at,
    records,
    // Of records that are events, those; else some event each.
    events: records.map((record) =>
      record instanceof Object && 'rule' in record ? (record as unknown as Event) : eventOf(),
    ),
    ...more,
  };
}

/** Delivers batches to the output as the framework does: in requests within its limits, rejected ones bisected. */
export function inRequests<R>(
  output: Output<R>,
  request: RequestLimits,
): (batch: Batch<R>, signal: AbortSignal) => Promise<Delivery> {
  const deliver = withRequestLimits(withBisection(callOutput(output as Output)), request, (record) =>
    Buffer.byteLength(String(record)),
  );
  return ({ records, events, ...info }, signal) => {
    const at = <T>(all: readonly T[], indexes: readonly number[] | undefined) =>
      indexes === undefined ? all : indexes.map((index) => all[index]!);
    const positions = PositionSet.fromRuns([[1, records.length]]);
    const content = {
      stream: false,
      count: records.length,
      positionOf: (index: number) => index + 1,
      positions: (indexes?: readonly number[]) =>
        indexes === undefined ? positions : PositionSet.of(...indexes.map((index) => index + 1)),
      setAside: () => [],
      records: (indexes?: readonly number[]) => at(records, indexes),
      events: (indexes?: readonly number[]) => at(events, indexes),
      bytes: () => info.bytes,
    } as const;
    return deliver(wholeBatch({ ...info, positions }, content), signal);
  };
}

/** A signal that never aborts. */
export const neverAborts = (): AbortSignal => new AbortController().signal;

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real server on 127.0.0.1 that answers as it is told, and keeps what it got. */
export async function misbehaving(
  answer: (request: Received, response: ServerResponse, count: number) => void = (_, response) =>
    response.end(),
): Promise<{ url: string; received: Received[]; stop(): Promise<void> }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      received.push(one);
      answer(one, response, received.length);
    });
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** An event as the framework would hand it over, from a few of its members. */
export function eventOf(members: Partial<Event> & { readonly json?: unknown } = {}): Event {
  const { json, ...rest } = members;
  const time = rest.time ?? Date.UTC(2026, 0, 2, 3, 4, 5);
  return {
    id: '11111111-2222-4333-8444-555555555555',
    raw: Buffer.from(JSON.stringify(json ?? {})),
    receivedAt: time,
    time,
    timeText: new Date(time).toISOString(),
    rule: 'Test rule',
    priority: 'Warning',
    source: 'syscall',
    hostname: 'host-1',
    output: 'something happened',
    tags: [],
    fields: Object.assign(Object.create(null), {}),
    extra: {},
    ...rest,
  };
}
