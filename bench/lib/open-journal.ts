// `open-journal.js fill|open|bare <directory> <events>`: what opening a journal takes, in a process of its own.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { openDiskJournal } from '../../core/journal/disk/journal.ts';
import { silent } from './cost.ts';

export interface Opened {
  readonly seconds: number;
  /** Bytes. */
  readonly peak: number;
}

const OUTPUTS = ['a', 'b', 'c'];
/** Who wants an event changes from one to the next, as it does with routes of three outputs. */
const ROUTES = [OUTPUTS, ['a'], ['b', 'c']];
const [mode, directory, count] = process.argv.slice(2) as [string, string, string];
const options = { directory, maxBytes: 256 * 2 ** 30, log: silent };
const started = performance.now();

if (mode === 'fill') {
  // Not synced at each step: what is on the disk in the end is the same.
  const filled = await openDiskJournal({ ...options, durability: { intervalMs: 1000 } });
  for (const output of OUTPUTS) await filled.subscribe(output);
  const raw = new Uint8Array(512).fill(120);
  const entries = Array.from({ length: 5000 }, (_, n) => ({ raw, receivedAt: 1, outputs: ROUTES[n % 3]! }));
  for (let stored = 0; stored < Number(count); stored += entries.length) await filled.append(entries);
  await filled.close();
} else if (mode === 'open') {
  const opened = await openDiskJournal(options);
  const seconds = (performance.now() - started) / 1000;
  const { newest } = opened.status();
  if (newest !== Number(count)) throw new Error(`${newest} events were found`);
  print(seconds);
  await opened.close();
} else {
  const buffer = Buffer.alloc(1 << 20);
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.segment')) continue;
    const file = await open(join(directory, name), 'r');
    for (let read = 1; read > 0; ) {
      read = (await file.read(buffer)).bytesRead;
      crc32(buffer.subarray(0, read));
    }
    await file.close();
  }
  print((performance.now() - started) / 1000);
}
if (mode === 'fill') print((performance.now() - started) / 1000);

function print(seconds: number): void {
  const opened: Opened = { seconds, peak: process.resourceUsage().maxRSS * 1024 };
  console.log(JSON.stringify(opened));
}
