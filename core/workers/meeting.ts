import { createServer, type Socket } from 'node:net';

/** The environment variable in which an ingest worker finds the path of its {@link Meeting}. */
export const MEETING = 'TIERCEL_INGEST_WORKER';

/** A place at which one other process can be met: a Unix domain socket, which all runtimes have between processes. */
export interface Meeting {
  /** The connection of the first to come. */
  readonly met: Promise<Socket>;
  /** Nobody is waited for any more. */
  close(): void;
}

/** @param path of a socket to be made, in a folder that nobody else can enter */
export function openMeeting(path: string): Promise<Meeting> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const met = new Promise<Socket>((meet) => {
      server.once('connection', (socket) => {
        server.close();
        meet(socket);
      });
    });
    server.once('error', reject);
    server.listen(path, () => resolve({ met, close: () => void server.close() }));
  });
}
