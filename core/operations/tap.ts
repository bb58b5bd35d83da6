import { clearInterval, setInterval } from 'node:timers';
import { eventToJson } from '../event/encode.ts';
import type { Event } from '../event/event.ts';
import type { RootLogger } from '../telemetry/log.ts';

/** Called with each event on stable storage and the outputs that want it. */
export type Watcher = (event: Event, outputs: readonly string[]) => void;

/** Shows accepted events to clients as they arrive; never waits for a client. */
export interface Tap {
  /** Undefined without clients, when a tap costs nothing. */
  watcher(): Watcher | undefined;
  /**
   * Opens a stream of NDJSON: `{"outputs":["lake"],"event":{…}}`; `{"dropped":12}` where the client was too slow for all
   * events; a blank line at intervals, so that a closed connection is noticed.
   *
   * @param output only events that this output wants
   * @returns undefined when too many clients are connected
   */
  open(output?: string): ReadableStream<Uint8Array> | undefined;
  /** Ends all streams. */
  close(): void;
}

/** Bytes buffered for one client. */
const BUFFER_BYTES = 1 << 20;
const MAX_CLIENTS = 16;
/** Milliseconds between two blank lines. */
const HEARTBEAT_MS = 15_000;
const BLANK = Buffer.from('\n');

interface Client {
  readonly output: string | undefined;
  offer(line: () => Uint8Array): void;
  heartbeat(): void;
  end(): void;
}

export interface TapOptions {
  /** Bytes buffered for one client; events beyond are counted as dropped. */
  readonly bufferBytes?: number;
}

export function createTap({ bufferBytes = BUFFER_BYTES }: TapOptions = {}): Tap {
  const clients = new Set<Client>();
  let timer: NodeJS.Timeout | undefined;

  const watcher: Watcher = (event, outputs) => {
    let line: Uint8Array | undefined;
    const encode = () => (line ??= encodeLine(event, outputs));
    for (const client of clients) {
      if (client.output === undefined || outputs.includes(client.output)) client.offer(encode);
    }
  };

  function remove(client: Client): void {
    clients.delete(client);
    if (clients.size > 0) return;
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    watcher: () => (clients.size > 0 ? watcher : undefined),
    open(output) {
      if (clients.size >= MAX_CLIENTS) return undefined;
      const { client, stream } = createClient(output, bufferBytes, () => remove(client));
      clients.add(client);
      if (timer === undefined) {
        timer = setInterval(() => {
          for (const each of clients) each.heartbeat();
        }, HEARTBEAT_MS).unref();
      }
      return stream;
    },
    close() {
      for (const client of [...clients]) {
        remove(client);
        client.end();
      }
    },
  };
}

function createClient(output: string | undefined, bufferBytes: number, gone: () => void) {
  let dropped = 0;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const hasRoom = () => (controller.desiredSize ?? 0) > 0;
  const tellDropped = () => {
    if (dropped === 0) return;
    controller.enqueue(Buffer.from(`{"dropped":${dropped}}\n`));
    dropped = 0;
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        // Sends the head of the response, so that the client knows that it is connected.
        controller.enqueue(BLANK);
      },
      pull: tellDropped,
      cancel: gone,
    },
    { highWaterMark: bufferBytes, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  const client: Client = {
    output,
    offer(line) {
      if (!hasRoom()) {
        dropped++;
        return;
      }
      tellDropped();
      controller.enqueue(line());
    },
    heartbeat() {
      if (hasRoom()) controller.enqueue(BLANK);
    },
    end: () => controller.close(),
  };
  return { client, stream };
}

function encodeLine(event: Event, outputs: readonly string[]): Uint8Array {
  return Buffer.from(`{"outputs":${JSON.stringify(outputs)},"event":${eventToJson(event)}}\n`);
}

/**
 * What is called with each stored event: the debug log, if it is on, and the tap.
 *
 * @param tapped returns the callback of the tap, once per request
 */
export function queuedWatcher(log: RootLogger, tapped: () => Watcher | undefined): () => Watcher | undefined {
  if (!log.isLevelEnabled('debug')) return tapped;
  return () => {
    const watcher = tapped();
    return (event, outputs) => {
      log.debug({ id: event.id, rule: event.rule, outputs }, `Event queued (${event.id})`);
      watcher?.(event, outputs);
    };
  };
}
