import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readEvents } from '../../../../core/cli/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiercel-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(text: string): Promise<[text: string, place: string][]> {
  const file = join(folder, 'events');
  writeFileSync(file, text);
  const events: [string, string][] = [];
  for await (const { raw, place } of readEvents(file))
    events.push([Buffer.from(raw).toString(), place.slice(file.length + 2)]);
  return events;
}

it.each<[string, string, [string, string][]]>([
  ['nothing', '\n\n', []],
  [
    'NDJSON',
    '{"a":1}\n\n {"b":2} \n',
    [
      ['{"a":1}', 'line 1'],
      ['{"b":2}', 'line 3'],
    ],
  ],
  ['one line', '{"a":1}', [['{"a":1}', 'line 1']]],
  [
    'a byte order mark',
    '\ufeff{"a":1}\r\n{"b":2}\r\n',
    [
      ['{"a":1}', 'line 1'],
      ['{"b":2}', 'line 2'],
    ],
  ],
  [
    'an array',
    '[{"a":1},\n {"b":2}]',
    [
      ['{"a":1}', 'event 1'],
      ['{"b":2}', 'event 2'],
    ],
  ],
  ['an object over several lines', '{\n  "a": 1\n}\n', [['{\n  "a": 1\n}', 'event 1']]],
  [
    'a line that is none',
    '{"a":1}\nx\n[1]\n',
    [
      ['{"a":1}', 'line 1'],
      ['x', 'line 2'],
      ['[1]', 'line 3'],
    ],
  ],
])('%s', async (_, text, events) => {
  expect(await read(text)).toEqual(events);
});

it('says which file is broken or absent', async () => {
  await expect(read('[{"a":1},')).rejects.toThrow('is a JSON array that is cut off or broken');
  await expect(async () => {
    for await (const _ of readEvents(join(folder, 'absent'))) void _;
  }).rejects.toThrow('ENOENT');
});
