import { clearInterval, setInterval } from 'node:timers';
import { eventToJson } from '../event/encode.ts';
import type { Event } from '../event/event.ts';

/** Is told of each event on stable storage and of the outputs that want it. */
export type Watcher = (event: Event, outputs: readonly string[]) => void;

/** Shows accepted events as they come in, to whoever looks; never waits for them. */
export interface Tap {
  /** Undefined while nobody looks: then a tap costs nothing. */
  watcher(): Watcher | undefined;
  /**
   * Opens a view as NDJSON: `{"outputs":["lake"],"event":{…}}`; `{"dropped":12}` where the client was too slow to be
   * shown all; a blank line now and then, so that a connection that is gone is noticed.
   *
   * @param output only what this output wants
   * @returns undefined when too many look already
   */
  open(output?: string): ReadableStream<Uint8Array> | undefined;
  /** Ends all views. */
  close(): void;
}

/** How much waits for one client, bytes. */
const WAITING = 1 << 20;
const MAX_CLIENTS = 16;
/** How often a blank line is sent, milliseconds. */
const BEAT = 15_000;
const BLANK = Buffer.from('\n');

interface Client {
  readonly output: string | undefined;
  offer(line: () => Uint8Array): void;
  beat(): void;
  end(): void;
}

export interface TapOptions {
  /** How many bytes may wait for one client; what comes in meanwhile is counted instead. */
  readonly waiting?: number;
}

export function createTap({ waiting = WAITING }: TapOptions = {}): Tap {
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
      const { client, stream } = createClient(output, waiting, () => remove(client));
      clients.add(client);
      if (timer === undefined) {
        timer = setInterval(() => {
          for (const each of clients) each.beat();
        }, BEAT).unref();
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

function createClient(output: string | undefined, waiting: number, gone: () => void) {
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
        // The head of the answer goes out with it: the client knows that it is connected.
        controller.enqueue(BLANK);
      },
      pull: tellDropped,
      cancel: gone,
    },
    { highWaterMark: waiting, size: (chunk) => chunk?.byteLength ?? 0 },
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
    beat() {
      if (hasRoom()) controller.enqueue(BLANK);
    },
    end: () => controller.close(),
  };
  return { client, stream };
}

function encodeLine(event: Event, outputs: readonly string[]): Uint8Array {
  return Buffer.from(`{"outputs":${JSON.stringify(outputs)},"event":${eventToJson(event)}}\n`);
}
