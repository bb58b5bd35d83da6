import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program, type Server, startServer } from './server.ts';

const CONFIG = `
route: { receiver: nobody }
receivers: [{ name: nobody }]
`;

/** Starts Prometheus' Alertmanager, alone (no cluster), with a receiver that notifies nobody. */
export function startAlertmanager(): Promise<Server> {
  return startServer({
    name: 'alertmanager',
    command: (port, directory) => {
      const config = join(directory, 'alertmanager.yml');
      writeFileSync(config, CONFIG);
      return {
        program: program('alertmanager'),
        args: [
          `--config.file=${config}`,
          `--storage.path=${join(directory, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
        ],
      };
    },
    ready: async (url) => (await fetch(`${url}/-/ready`)).ok,
  });
}
