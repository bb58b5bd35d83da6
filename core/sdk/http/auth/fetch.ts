import { toResponse } from '../transport/response.ts';
import type { HttpTransport } from '../transport/transport.ts';

/** What {@link sendBy} sends. */
export interface FetchedRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request of a cloud library over the transport of the output: through its proxy, with its certificates. */
export function sendBy(transport: HttpTransport, url: URL, request: FetchedRequest): Promise<Response> {
  const { method = 'GET', headers, body, signal } = request;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return transport.send({ method, url, headers, body: bytes }, signal, toResponse);
}
