import { mkdtempSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { AuthOptions } from '../../../../../../core/sdk/http/auth/options.ts';
import { httpClient, type OwnedHttpClient } from '../../../../../../core/sdk/http/client.ts';
import { makeCertificates } from '../../../../../support/certificates.ts';
import { type ForwardProxy, startForwardProxy } from '../../../../../support/forward-proxy.ts';

/** A request that came to one of the names. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Servers of a cloud, all behind one proxy, and a client whose destination is `https://api.example.com`. */
export interface FakeCloud {
  readonly folder: string;
  readonly http: OwnedHttpClient;
  readonly proxy: ForwardProxy;
  readonly asked: Asked[];
  /** Requests to the destination. */
  delivered(): Asked[];
}

/**
 * Starts it. The names resolve by the proxy alone, and the certificates are of an authority that only the option `tls.ca` names:
 * what arrives has taken the transport of the output.
 *
 * @param names of the cloud's servers
 * @param answer for them; those of the destination are 200, 401 while `isValid` says no
 */
export async function startFakeCloud(
  names: readonly string[],
  auth: (folder: string) => AuthOptions,
  answer: (request: Asked, response: ServerResponse) => void,
  isValid: (request: Asked) => boolean = () => true,
): Promise<FakeCloud> {
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'])
    vi.stubEnv(name, '');
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-cloud-'));
  makeCertificates(
    folder,
    ['api.example.com', ...names].map((name) => `DNS:${name}`),
  );
  const pem = (name: string) => readFileSync(join(folder, name));
  const asked: Asked[] = [];
  const server = createServer({ key: pem('server.key'), cert: pem('server.pem') }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, url: path = '' } = request;
      const one = { host: headers.host ?? '', path, headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      if (one.host !== 'api.example.com') return answer(one, response);
      response.writeHead(isValid(one) ? 200 : 401);
      response.end(`you sent ${JSON.stringify(headers)}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await startForwardProxy((server.address() as AddressInfo).port);
  const http = httpClient(
    { url: 'https://api.example.com/in', proxy: proxy.url, tls: { ca: 'ca.pem' }, auth: auth(folder) },
    { configDir: folder },
  );
  onTestFinished(() => {
    http.close();
    proxy.close();
    server.closeAllConnections();
    server.close();
    vi.unstubAllEnvs();
  });
  return {
    folder,
    http,
    proxy,
    asked,
    delivered: () => asked.filter(({ host }) => host === 'api.example.com'),
  };
}
