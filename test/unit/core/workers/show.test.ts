import { expect, test } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import type { SeenEvent } from '../../../../core/workers/protocol.ts';
import { createShow } from '../../../../core/workers/show.ts';

test('a tap that is slow is not waited for: what it cannot take is counted', async () => {
  const event = createDecoder(noDecodeOptions)(
    Buffer.from('{"rule":"r","priority":"Notice","time":"2026-07-11T09:44:58Z"}'),
    7,
  );
  const sent: SeenEvent[] = [];
  let taken = () => {};
  const show = createShow((seen) => {
    sent.push(seen);
    return new Promise((resolve) => {
      taken = resolve;
    });
  }, event.raw.length - 1);
  for (let n = 0; n < 3; n++) show(event, ['a']);
  expect(sent).toEqual([{ raw: event.raw, receivedAt: 7, outputs: ['a'], missed: 0 }]);
  taken();
  await new Promise((resolve) => setImmediate(resolve));
  show(event, ['a']);
  expect(sent[1]!.missed).toBe(2);
});
