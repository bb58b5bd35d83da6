import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openDiskJournal } from '../../core/journal/disk/journal.ts';
import { runs } from '../support/runs.ts';
import { bodies, drain, silent } from '../unit/core/journal/fixtures.ts';

const rounds = runs(5);

test(`kill -9 under 16 producers, ${rounds} times: nothing acknowledged is lost, altered or invented`, {
  timeout: 60_000 + rounds * 5000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'journal-kill-'));
  const acknowledged = new Set<number>();
  let next = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const program = fileURLToPath(new URL('journal-writer.js', import.meta.url));
      const child = spawn(process.execPath, [program, directory, String(next)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += chunk;
      });
      await once(child.stderr, 'data');
      if (round === 0) {
        await expect(openDiskJournal({ directory, maxBytes: 1 << 30, log: silent })).rejects.toThrow(
          `is in use by process ${child.pid}`,
        );
      }
      await setTimeout(150 + 53 * (round % 5));
      child.kill('SIGKILL');
      await once(child, 'close');
      // The last line may have been cut.
      for (const line of said.slice(0, said.lastIndexOf('\n') + 1).split('\n')) {
        if (line === '') continue;
        acknowledged.add(Number(line));
        next = Math.max(next, Number(line));
      }
      next += 1000;
    }
    // The lock of the dead is free at once.
    const journal = await openDiskJournal({ directory, maxBytes: 1 << 30, log: silent });
    const hung = await journal.subscribe('hung');
    const reader = await journal.subscribe('reader');
    const pending = hung.pending();
    const events = bodies(await drain(hung)).map(
      (body) => JSON.parse(body) as { id: number; filler: string },
    );
    const found = new Set(events.map(({ id }) => id));
    expect(events.length).toBe(pending);
    expect(events.length, 'each once').toBe(found.size);
    expect(
      [...acknowledged].filter((id) => !found.has(id)),
      'lost',
    ).toEqual([]);
    for (const { id, filler } of events) expect(filler.length).toBe(id % 1500);
    expect(acknowledged.size).toBeGreaterThan(100);
    expect(reader.pending()).toBeLessThan(pending);
    expect(journal.status().corruptFrames).toBe(0);
    await journal.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});
