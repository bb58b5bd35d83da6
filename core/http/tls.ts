import { constants } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { ServerConfig } from '../config/schema/server.ts';
import { OPEN_PATHS } from './auth.ts';
import { Problem } from './problem.ts';
import type { NoteRefusal } from './refusal-log.ts';
import { ofUnknownSender } from './refusals.ts';
import { sendProblem } from './responses.ts';

/** PEM texts. With `clientCa`, only health is served to clients without a certificate of that authority. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** Reads the files of `server.tls`. @throws Error naming the option when a file cannot be used */
export async function readServerTls(tls: NonNullable<ServerConfig['tls']>, dir: string): Promise<ServerTls> {
  const read = (option: string, path: string) =>
    readFile(resolve(dir, path), 'utf8').catch((error: Error) => {
      throw new Error(`server.tls.${option} cannot be read: ${error.message}`);
    });
  const [cert, key] = await Promise.all([read('cert', tls.cert), read('key', tls.key)]);
  const { client_ca } = tls;
  const clientCa = client_ca === undefined ? undefined : await read('client_ca', client_ca);
  checkPem(`server.tls.cert (${tls.cert}) is no certificate in PEM`, { cert });
  checkPem(`server.tls.key (${tls.key}) is no private key in PEM without a passphrase`, { key });
  checkPem('server.tls.key is not the key of server.tls.cert', { cert, key });
  if (clientCa === undefined) return { cert, key };
  checkPem(`server.tls.client_ca (${client_ca}) is no certificate in PEM`, { cert: clientCa });
  return { cert, key, clientCa };
}

/** Names the file in the error: OpenSSL does not. */
function checkPem(what: string, pem: SecureContextOptions): void {
  try {
    createSecureContext(pem);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The handshake accepts clients without a certificate, because health probes have none. Sessions are not resumed: Node
 * reports every client that resumes a session of TLS 1.3 as authorized.
 */
const ASK_FOR_CERTIFICATE = {
  requestCert: true,
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
};

/** The TLS settings of an HTTPS server. */
export function secureSettings({ cert, key, clientCa }: ServerTls) {
  const clients = clientCa === undefined ? {} : { ca: clientCa, ...ASK_FOR_CERTIFICATE };
  return { cert, key, minVersion: 'TLSv1.2' as const, ...clients };
}

/** Whether a request needs a client certificate. The path is compared as it was sent: any other spelling of it needs one. */
export function needsClientCert({ url }: IncomingMessage): boolean {
  return !OPEN_PATHS.has(pathOf(url));
}

/** Whether the client has a certificate of `server.tls.client_ca`. Only `true` counts: a runtime may leave it undefined. */
export function hasValidClientCert({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return (socket as TLSSocket).authorized === true;
}

/** Answers 403 to a request of a client without a valid certificate. */
export function rejectUnauthenticated(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  noteRefusal?: NoteRefusal,
): void {
  const { authorizationError } = incoming.socket as TLSSocket;
  const why = authorizationError ? ` (${authorizationError})` : '';
  const reason = `no client certificate that is valid and of an authority in server.tls.client_ca${why}`;
  const hint = 'connect with a certificate of such an authority; only health is served without';
  // The rest of the request is not read, so the connection cannot be used again.
  const headers = { connection: 'close' };
  const refused = ofUnknownSender(incoming.method, pathOf(incoming.url));
  const problem = new Problem(403, { code: 'certificate_required', reason, hint }, headers, refused);
  noteRefusal?.(problem, incoming.socket.remoteAddress);
  sendProblem(outgoing, problem);
}

function pathOf(url = ''): string {
  return url.split('?', 1)[0]!;
}
