import { join } from 'node:path';
import { CACHE, type Server, startServer } from './server.ts';

/** Any keys do: moto checks no signature. */
export const MOTO_KEYS = { accessKeyId: 'testing', secretAccessKey: 'testing' };

/** Starts moto's server: STS (AssumeRole) and SQS as AWS answers them, without AWS. Its data live in memory. */
export function startMoto(): Promise<Server> {
  return startServer({
    name: 'moto',
    command: (port) => ({
      program: join(CACHE, 'venv', 'bin', 'python'),
      args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    }),
    ready: async (url) => (await fetch(`${url}/moto-api/data.json`)).ok,
  });
}
