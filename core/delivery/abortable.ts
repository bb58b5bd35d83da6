/**
 * What the promise gives, or a throw as soon as the signal aborts: for clients that know no signal. What such a client still does
 * is not waited for.
 *
 * @throws what the promise rejects with; Error `no answer in time` at the abort
 * @example deliver: async ({ records }, signal) => { await abortable(client.publish(records), signal); return delivered(); }
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('no answer in time', { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    // A failure that comes later has nobody who waits for it; unheard, it would end the process.
    work.catch(() => {});
  }
}
