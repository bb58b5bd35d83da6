import { join } from 'node:path';
import { program, type Server, startServer } from './server.ts';

/** A line as VictoriaLogs has it: its labels, its metadata and, of a JSON line, its members. */
export type StoredLine = Readonly<Record<string, string>>;

/** Starts VictoriaLogs, which takes the pushes of Loki's API: `endpoint: /insert/loki/api/v1/push`. */
export function startVictoriaLogs(): Promise<Server> {
  return startServer({
    name: 'victoria-logs',
    command: (port, directory) => ({
      program: program('victoria-logs'),
      args: [
        `-storageDataPath=${join(directory, 'data')}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        // What is stored must survive a kill.
        '-inmemoryDataFlushInterval=1s',
      ],
    }),
    ready: async (url) => (await fetch(`${url}/health`)).ok,
  });
}

/** Every line that it has. */
export async function linesOf({ url }: Pick<Server, 'url'>): Promise<StoredLine[]> {
  const response = await fetch(`${url}/select/logsql/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: '*' }),
  });
  const text = await response.text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as StoredLine);
}
