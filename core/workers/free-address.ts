import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long workers of a process that is gone may take to notice, milliseconds. */
const ORPHANS = 3000;

/**
 * Waits for an address that is taken, for a while: ingest workers of a process that was killed hold it until they notice,
 * which takes its time on a machine that is busy.
 */
export async function untilFree(address: { readonly host: string; readonly port: number }): Promise<void> {
  for (let waited = 0; waited < ORPHANS && !(await isFree(address)); waited += ORPHANS / 30)
    await sleep(ORPHANS / 30);
}

function isFree(address: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    // Any other reason not to listen is told by whoever is to listen.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE'));
    probe.listen(address, () => probe.close(() => resolve(true)));
  });
}
