import { connect } from 'node:net';
import { program, type Server, startServer } from './server.ts';

/** Starts nats-server with JetStream on disk: what is stored survives an outage. */
export function startNats(): Promise<Server> {
  return startServer({
    name: 'nats-server',
    protocol: 'nats',
    command: (port, directory) => ({
      program: program('nats-server'),
      args: ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', directory],
    }),
    ready: async (url) => (await talk(url, [])).startsWith('INFO '),
  });
}

/** Sends protocol lines to the server and returns what it said within a moment; enough to see that it is there. */
export function talk(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(Number(port), hostname, () => socket.write(lines.map((l) => `${l}\r\n`).join('')));
    socket.setTimeout(300, () => socket.destroy());
    socket.on('data', (chunk) => {
      said += chunk.toString('utf8');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });
}
