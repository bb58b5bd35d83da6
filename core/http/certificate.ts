import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { OPEN_PATHS } from './open-paths.ts';
import { Problem, sendProblem } from './problem.ts';
import type { NoteStranger } from './strangers.ts';

/**
 * Refuses requests of clients without a certificate of `server.tls.client_ca`, but for those of health: a probe has no
 * certificate, so the handshake refuses nobody. The path is compared as it was sent: any other way to write it is refused.
 *
 * @returns whether the request was refused, and so answered
 */
export function requireCertificate(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  noteStranger?: NoteStranger,
): boolean {
  if (isAdmitted(incoming)) return false;
  const { authorizationError } = incoming.socket as TLSSocket;
  const why = authorizationError ? ` (${authorizationError})` : '';
  const reason = `no client certificate that is valid and of an authority in server.tls.client_ca${why}`;
  const hint = 'connect with a certificate of such an authority; only health is served without';
  // What a stranger still sends is not read, and the connection is of no more use.
  const headers = { connection: 'close' };
  const problem = new Problem(403, { code: 'certificate_required', reason, hint }, headers);
  noteStranger?.(problem, incoming.socket.remoteAddress);
  sendProblem(outgoing, problem);
  return true;
}

/** Nothing but a plain yes counts: where a runtime would not tell, everyone is refused, but for what is open to all. */
export function isAdmitted({ socket, url = '' }: IncomingMessage): boolean {
  return (socket as TLSSocket).authorized === true || OPEN_PATHS.has(url.split('?', 1)[0]!);
}
