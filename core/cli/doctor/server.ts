import { createServer } from 'node:net';
import { splitAddress } from '../../config/schema/address.ts';
import type { Config } from '../../config/schema/config.ts';
import { codeOf } from '../../journal/files/filesystem.ts';
import type { Finding } from '../../sdk/contract/output.ts';
import { checkCertificates } from './certificates.ts';

/** What is needed to look at the listeners. */
export interface ServerQuestions {
  /** An instance of this configuration answers at its admin socket. */
  readonly isRunning: boolean;
  /** Does a Tiercel answer at a listen address of this machine? */
  isServed(listen: string): Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Looks at the addresses that an instance listens at, and the files of `server.tls`. */
export async function* checkServer(
  { server, dir }: Pick<Config, 'server' | 'dir'>,
  questions: ServerQuestions,
): AsyncGenerator<Finding> {
  yield await checkAddress('listen', server.listen, questions);
  if (server.admin_listen !== undefined)
    yield await checkAddress('admin_listen', server.admin_listen, questions);
  if (server.tls === undefined) return;
  const { cert, key, client_ca: ca } = server.tls;
  const names = { cert: 'server.tls.cert', key: 'server.tls.key', ca: 'server.tls.client_ca' };
  yield* checkCertificates({ ca, cert, key }, names, { dir, now: questions.now });
}

async function checkAddress(
  what: string,
  listen: string,
  { isRunning, isServed }: ServerQuestions,
): Promise<Finding> {
  const { host, port } = splitAddress(listen);
  if (port === 0) return { status: 'plan', what, line: `${listen}: any free port` };
  const served = await isServed(listen);
  if (isRunning && served) return { status: 'ok', what, line: `${listen} is served by the running instance` };
  const code = await tryListening(host, port);
  if (code === undefined) {
    if (!isRunning) return { status: 'ok', what, line: `${listen} is free` };
    const line = `the running instance does not listen at ${listen}: it was started with another address; restart it`;
    return { status: 'failed', what, line };
  }
  if (isRunning && code === 'EADDRINUSE') {
    const line = `${listen} does not answer: the running instance hangs, or another process has the address`;
    return { status: 'failed', what, line };
  }
  return { status: 'failed', what, line: `${listen} ${describe(code, port, served)}` };
}

/** @returns the code of the error; undefined when the address is free */
function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => resolve(codeOf(error) || error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function describe(code: string, port: number, served: boolean): string {
  switch (code) {
    case 'EADDRINUSE':
      return served
        ? 'is in use by another instance of Tiercel: stop it, or choose another port'
        : `is in use by another process: ss -ltnp 'sport = :${port}' names it; stop it, or choose another port`;
    case 'EACCES':
      return 'may not be used by this user: ports below 1024 need the capability CAP_NET_BIND_SERVICE';
    case 'EADDRNOTAVAIL':
      return 'is not an address of this machine: choose another, or 0.0.0.0 for all';
    default:
      return `cannot be used: ${code}`;
  }
}
