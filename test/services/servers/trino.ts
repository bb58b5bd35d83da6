import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJava } from '../java.ts';
import { CACHE, type Server, startServer } from './server.ts';

const LAUNCHER = fileURLToPath(new URL('../trino/Launcher.java', import.meta.url));

/** What Trino asks for. */
export const TRINO_JAVA = 25;

/** Trino, which Athena is, over the files of a folder. */
export interface Trino extends Server {
  /** The folder that `local:///` is. */
  readonly folder: string;
  /** Runs a statement; a row is an array of values, texts and numbers as JSON has them. @throws Error with Trino's reason */
  query(sql: string): Promise<unknown[][]>;
}

/** Starts a real Trino node with its Hive connector; the catalog is `lake`, with a schema `default`. */
export async function startTrino(): Promise<Trino> {
  let folder = '';
  const server = await startServer({
    name: 'trino',
    command: (port, directory) => {
      folder = directory;
      return {
        program: findJava(TRINO_JAVA) ?? 'java',
        args: [
          '-Xmx768m',
          '-XX:TieredStopAtLevel=1',
          '-Duser.timezone=UTC',
          '--add-modules=jdk.incubator.vector',
          '--enable-native-access=ALL-UNNAMED',
          '-cp',
          join(CACHE, 'trino', '*'),
          LAUNCHER,
          directory,
          String(port),
        ],
      };
    },
    ready: async (url) =>
      ((await (await fetch(`${url}/v1/info`)).json()) as { starting: boolean }).starting === false,
    timeout: 180_000,
  });
  await query(server.url, 'CREATE SCHEMA lake.default');
  return { ...server, folder, query: (sql) => query(server.url, sql) };
}

/** One answer of the statement protocol: some rows, and where the next are. */
interface Answer {
  readonly nextUri?: string;
  readonly data?: unknown[][];
  readonly error?: { readonly message: string };
}

const HEADERS = {
  'X-Trino-User': 'tests',
  'X-Trino-Catalog': 'lake',
  'X-Trino-Schema': 'default',
  'X-Trino-Time-Zone': 'UTC',
  'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
};

async function query(url: string, sql: string): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  const ask = async (place: string, init: RequestInit = {}) =>
    (await (await fetch(place, { ...init, headers: HEADERS })).json()) as Answer;
  let answer = await ask(`${url}/v1/statement`, { method: 'POST', body: sql });
  for (;;) {
    if (answer.error !== undefined) throw new Error(`${answer.error.message}\n${sql.slice(0, 500)}`);
    rows.push(...(answer.data ?? []));
    if (answer.nextUri === undefined) return rows;
    answer = await ask(answer.nextUri);
  }
}
