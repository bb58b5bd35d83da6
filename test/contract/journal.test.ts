import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskJournal } from '../../core/journal/disk/journal.ts';
import type { Journal } from '../../core/journal/journal.ts';
import { createMemoryJournal } from '../../core/journal/memory/journal.ts';
import { silent } from '../unit/core/journal/fixtures.ts';
import { journalContract } from './journal.ts';

journalContract('memory', async () => ({
  open: async (options) => createMemoryJournal(options),
  dispose: async () => {},
}));

for (const durability of ['sync', { intervalMs: 50 }] as const) {
  journalContract(`disk, ${JSON.stringify(durability)}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'journal-'));
    let journal: Journal | undefined;
    let options = { maxBytes: 0 };
    const open = async () => {
      journal = await openDiskJournal({ directory, durability, log: silent, ...options });
      return journal;
    };
    return {
      async open(given) {
        options = given;
        return open();
      },
      async reopen() {
        await journal?.close();
        return open();
      },
      dispose: () => rm(directory, { recursive: true }),
    };
  });
}
