import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE, program, type Server, startServer } from './server.ts';

const LAUNCHER = fileURLToPath(new URL('../opensearch/Server.java', import.meta.url));

/** Starts a real OpenSearch node: mappings, `_bulk` and its failures by item are the server's own. */
export function startOpensearch(): Promise<Server> {
  return startServer({
    name: 'opensearch',
    command: (port, directory) => {
      mkdirSync(join(directory, 'config'), { recursive: true });
      return {
        program: program('java'),
        args: [
          '-Xmx512m',
          '-XX:TieredStopAtLevel=1',
          '-Dlog4j2.level=WARN',
          '-cp',
          join(CACHE, 'opensearch', '*'),
          LAUNCHER,
          directory,
          String(port),
        ],
      };
    },
    ready: async (url) => (await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`)).ok,
    timeout: 120_000,
  });
}
