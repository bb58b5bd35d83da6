import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { OPEN_PATHS } from './open-paths.ts';
import { Problem, sendProblem } from './problem.ts';
import type { NoteRefusal } from './refusal-log.ts';
import { ofUnknownSender } from './refusals.ts';

/**
 * Has the client a certificate of `server.tls.client_ca`, or does it ask for health? A probe has no certificate, so the
 * handshake refuses nobody. The path is compared as it was sent: any other way to write it is refused. Nothing but a plain
 * yes of the connection counts: where a runtime would not tell, everyone is refused.
 */
export function isAdmitted({ socket, url }: IncomingMessage): boolean {
  return (socket as TLSSocket).authorized === true || OPEN_PATHS.has(pathOf(url));
}

/** Answers a request of a client that is not admitted. */
export function refuseStranger(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  noteRefusal?: NoteRefusal,
): void {
  const { authorizationError } = incoming.socket as TLSSocket;
  const why = authorizationError ? ` (${authorizationError})` : '';
  const reason = `no client certificate that is valid and of an authority in server.tls.client_ca${why}`;
  const hint = 'connect with a certificate of such an authority; only health is served without';
  // What a stranger still sends is not read, and the connection is of no more use.
  const headers = { connection: 'close' };
  const refused = ofUnknownSender(incoming.method, pathOf(incoming.url));
  const problem = new Problem(403, { code: 'certificate_required', reason, hint }, headers, refused);
  noteRefusal?.(problem, incoming.socket.remoteAddress);
  sendProblem(outgoing, problem);
}

function pathOf(url = ''): string {
  return url.split('?', 1)[0]!;
}
