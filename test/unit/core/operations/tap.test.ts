import { expect, it } from 'vitest';
import { createTap } from '../../../../core/operations/tap.ts';
import { sampleEvent } from '../../../support/events.ts';

const event = (output: string) => sampleEvent({ output });

/** The lines that come until the stream waits or ends. */
async function linesOf(reader: ReadableStreamDefaultReader<Uint8Array>, count: number) {
  let text = '';
  while (text.split('\n').filter(Boolean).length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

it('costs nothing while nobody looks', async () => {
  const tap = createTap();
  expect(tap.watcher()).toBeUndefined();
  const reader = tap.open()!.getReader();
  expect(tap.watcher()).toBeDefined();
  await reader.cancel();
  expect(tap.watcher()).toBeUndefined();
});

it('begins with a line at once, so that the client knows it is connected', async () => {
  const reader = createTap().open()!.getReader();
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('\n');
  await reader.cancel();
});

it('shows each client what it asked for', async () => {
  const tap = createTap();
  const all = tap.open()!.getReader();
  const lake = tap.open('lake')!.getReader();
  const watcher = tap.watcher()!;
  watcher(event('a'), ['oncall']);
  watcher(event('b'), ['lake', 'oncall']);
  watcher(event('c'), []);
  expect(await linesOf(all, 3)).toMatchObject([
    { outputs: ['oncall'], event: { output: 'a' } },
    { outputs: ['lake', 'oncall'], event: { output: 'b' } },
    { outputs: [], event: { output: 'c' } },
  ]);
  expect(await linesOf(lake, 1)).toMatchObject([{ event: { output: 'b' } }]);
  tap.close();
  expect((await all.read()).done).toBe(true);
  expect(tap.watcher()).toBeUndefined();
});

it('counts what a slow client misses, and tells it as soon as it reads again', async () => {
  const tap = createTap({ bufferBytes: 2000 });
  const slow = tap.open()!.getReader();
  const watcher = tap.watcher()!;
  for (let i = 0; i < 1000; i++) watcher(event(`event ${i}`), ['lake']);
  const first = await linesOf(slow, 2);
  expect(first[0]).toMatchObject({ event: { output: 'event 0' } });
  let shown = first.filter((line) => 'event' in line).length;
  let dropped = 0;
  while (shown + dropped < 1000) {
    const [line] = await linesOf(slow, 1);
    if ('dropped' in line) dropped += line.dropped;
    else shown++;
  }
  expect(shown).toBeLessThan(20);
  expect(shown + dropped).toBe(1000);
  watcher(event('later'), ['lake']);
  expect(await linesOf(slow, 1)).toMatchObject([{ event: { output: 'later' } }]);
  await slow.cancel();
});

it('has room for sixteen', () => {
  const tap = createTap();
  const streams = Array.from({ length: 17 }, () => tap.open());
  expect(streams.filter(Boolean)).toHaveLength(16);
  tap.close();
  expect(tap.open()).toBeDefined();
  tap.close();
});
