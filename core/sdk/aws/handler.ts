import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  type HttpTimeouts,
  type HttpTransport,
  httpTransport,
  type TransportOptions,
} from '../http/transport/transport.ts';

/** A request as the SDK hands it over, signed. */
interface AwsRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What the SDK takes as `requestHandler` of any client, whether it speaks HTTP/2 by itself or not. */
export interface AwsRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  handle(
    request: AwsRequest,
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ response: { statusCode: number; headers: Record<string, string>; body: unknown } }>;
  /** The SDK would change timeouts with it; they are those of the options. */
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): object;
  /** Closes every connection, also those of other clients that were given this handler. */
  destroy(): void;
}

/**
 * Sends the requests of AWS clients over HTTP/1.1: through the proxy, with the certificates and within the timeouts of the
 * options.
 *
 * @param context of the output: relative file names start at its `configDir`
 * @throws Error naming the variable of the environment that is no address of an HTTP proxy
 */
export function awsRequestHandler(
  options: TransportOptions,
  context: { readonly configDir: string },
  timeouts: HttpTimeouts,
): AwsRequestHandler {
  return awsHandlerOver(httpTransport(options, context, timeouts));
}

/** The same over a transport that is there already. */
export function awsHandlerOver(transport: HttpTransport): AwsRequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, { abortSignal } = {}) {
      const { buildQueryString } = await import('@smithy/core/protocols');
      const { method, protocol, hostname, port, headers } = request;
      const query = request.query === undefined ? '' : buildQueryString(request.query);
      const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
      // The signature is over the path as it is written here.
      const path = query === '' ? request.path : `${request.path}?${query}`;
      const wire = { method, url, path, headers, body: bytesOf(request.body) };
      const readAnswer = async (answer: IncomingMessage) => ({
        statusCode: answer.statusCode!,
        headers: singleLines(answer.headers),
        // A proxy of plain HTTP may write into its own refusals what it was sent.
        body: answer.statusCode! < 400 ? answer : Readable.from([transport.redact(await text(answer), url)]),
      });
      return { response: await transport.send(wire, abortSignal as AbortSignal | undefined, readAnswer) };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy: () => transport.close(),
  };
}

function bytesOf(body: unknown): Uint8Array | Readable | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  if (body instanceof Readable || body instanceof Uint8Array) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return Buffer.from(String(body));
}

function singleLines(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value!]),
  );
}
