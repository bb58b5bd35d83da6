import { startStoppableServer } from '../../support/stoppable-server.ts';
import type { Server } from './server.ts';

/** An HTTP receiver that keeps the bodies of what it got, also through an outage. */
export interface Receiver extends Server {
  readonly bodies: readonly string[];
}

/**
 * Starts a receiver in this process, for outputs whose service nobody can run at home (a chat) or that have none (a webhook):
 * real sockets, and an outage is a closed port and cut connections.
 */
export async function startReceiver(): Promise<Receiver> {
  const bodies: string[] = [];
  const server = await startStoppableServer((_, body) => {
    bodies.push(body.toString());
    return { body: 'ok' };
  });
  return { ...server, bodies, output: () => '' };
}
