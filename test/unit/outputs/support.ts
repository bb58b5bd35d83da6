import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { wholeBatch } from '../../../core/delivery/batch-slice.ts';
import { callOutput } from '../../../core/delivery/chain.ts';
import { withBisection, withRequestLimits } from '../../../core/delivery/split.ts';
import { PositionSet } from '../../../core/journal/positions.ts';
import { createOutput } from '../../../core/plugins/context.ts';
import type {
  Batch,
  Clock,
  Delivery,
  Logger,
  Mapper,
  Output,
  OutputContext,
  OutputDefinition,
  RequestLimits,
} from '../../../core/sdk/index.ts';
import { Type } from '../../../core/sdk/index.ts';
import { contextOf as build, recordingLogger } from '../../../core/testing/index.ts';
import { decodedOptions } from '../../../core/testing/options.ts';

export { batchOf, eventOf, neverAborts, recordingLogger } from '../../../core/testing/index.ts';

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
  // Of any output: each may load the packages of all.
  const context = build({ mapper, log, options });
  return Object.defineProperty(context, 'load', { value: (_name: string, load: () => unknown) => load() });
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
  return createOutput(definition, decodedOptions(definition.options, given), {
    ...context,
    ...more,
  }) as Output<R>;
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
