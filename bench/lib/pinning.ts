/** What a program that keeps a buffer for each event that lies in it grows by: the loads, and the outputs that hold the events. */

/** Events of which the outputs want one in a thousand lie in requests of one MiB. */
export function sparseBody(n: number): string {
  const others = Array.from({ length: 1000 }, (_, i) => event(i, 'Debug', 900));
  others.splice(n % 1000, 0, event(n, 'Critical', 100));
  return others.join('\n');
}

/** A single event of one MB. */
export function largeBody(n: number): string {
  return event(n, 'Critical', 1_000_000);
}

function event(n: number, priority: string, padding: number): string {
  return `{"rule":"A rule","priority":"${priority}","time":"2026-07-10T20:15:00.123456789Z","output":"${'x'.repeat(padding)}","output_fields":{"n":${n}}}`;
}

/** Sends it and reads the answer. @throws when the answer is no 2xx */
export async function post(url: string, body: string): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}
