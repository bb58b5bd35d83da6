import { splitAddress } from '../config/schema/address.ts';
import type { ServerConfig } from '../config/schema/server.ts';
import { adminSocketOf, probeSocket } from '../http/admin-socket.ts';
import { createPoster, type Poster } from './post.ts';

// Where an instance is found on this machine.

/** A client of a running instance, and the address or the path of the socket that it uses. */
export interface Instance {
  readonly url: string;
  readonly poster: Poster;
}

/** Why nothing is served at an admin socket. */
export interface Absent {
  readonly absent: string;
  /** It belongs to another user. */
  readonly isForeign: boolean;
}

/** The instance whose state is in this folder, by its admin socket. */
export async function atSocket(state: string): Promise<Instance | Absent> {
  const path = adminSocketOf(state);
  const found = await probeSocket(path);
  if (found === 'live') return { url: path, poster: createPoster({ socket: path }) };
  const isForeign = found === 'EACCES' || found === 'EPERM';
  const texts: Readonly<Record<string, string>> = {
    ENOENT: `there is no admin socket at ${path}`,
    ECONNREFUSED: `no process serves the admin socket ${path}`,
  };
  const absent = isForeign
    ? `the admin socket ${path} belongs to another user: run the command as the user of the instance`
    : (texts[found] ?? `the admin socket ${path} cannot be used: ${found}`);
  return { absent, isForeign };
}

/** The URL of `server.listen` on this machine. @throws Error when it is any free port */
export function urlOf({ listen, tls }: Pick<ServerConfig, 'listen' | 'tls'>): string {
  const { host, port } = splitAddress(listen);
  if (port === 0) throw new Error(`${listen} means any free port: say with --url which it was`);
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls === undefined ? 'http' : 'https'}://${here.includes(':') ? `[${here}]` : here}:${port}`;
}
