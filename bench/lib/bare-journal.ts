import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

/** Append and nothing else. */
export interface BareJournal {
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** write + fdatasync of everything that waits: no CRC, no positions, no bookkeeping. What any durable log must pay. */
export async function openBareJournal(path: string): Promise<BareJournal> {
  const file = await open(path, 'w');
  let waiting: { readonly bytes: Uint8Array; readonly resolve: () => void }[] = [];
  let running = false;
  let offset = 0;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await setImmediate();
      const group = waiting;
      waiting = [];
      const bytes = Buffer.concat(group.map(({ bytes }) => bytes));
      await file.write(bytes, 0, bytes.length, offset);
      offset += bytes.length;
      await file.datasync();
      for (const { resolve } of group) resolve();
    }
    running = false;
  }

  return {
    append: (bytes) =>
      new Promise((resolve) => {
        waiting.push({ bytes, resolve });
        if (!running) void run();
      }),
    close: () => file.close(),
  };
}
