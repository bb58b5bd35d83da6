import { describe, expect, it } from 'vitest';
import { bulkLines } from '../../../../outputs/elasticsearch/document.ts';

const TIME = '2026-01-02T23:30:00.123456789-02:00';

function linesOf(record: unknown, suffix: 'daily' | 'monthly' | 'annually' | 'none' = 'daily') {
  const json = typeof record === 'string' ? record : JSON.stringify(record);
  const [action, document, end] = bulkLines(json, { index: 'falco', suffix }).split('\n');
  expect(end).toBe('');
  return { create: JSON.parse(action!).create, document: document! };
}

describe('bulkLines', () => {
  it.each([
    ['daily', 'falco-2026.01.03'],
    ['monthly', 'falco-2026.01'],
    ['annually', 'falco-2026'],
    ['none', 'falco'],
  ] as const)('names the index by the UTC time: %s', (suffix, index) => {
    expect(linesOf({ time: TIME }, suffix).create._index).toBe(index);
    expect(linesOf({ '@timestamp': TIME, time: 0 }, suffix).create._index).toBe(index);
    expect(linesOf({ time: Date.parse(TIME) }, suffix).create._index).toBe(index);
  });

  it.each([
    [{}],
    [{ time: null }],
    [{ time: 'soon' }],
    [{ time: Number.MAX_VALUE }],
    [{ time: {} }],
    ['null'],
  ])('gives %j the index alone, and no timestamp', (record) => {
    const { create, document } = linesOf(record);
    expect(create._index).toBe('falco');
    expect(document).toBe(typeof record === 'string' ? record : JSON.stringify(record));
  });

  it('puts a timestamp in front of a record that has none, and changes nothing else', () => {
    const { document } = linesOf(`  { "time":"${TIME}","n":18446744073670260079}`);
    expect(document).toBe(`{"@timestamp":"${TIME}", "time":"${TIME}","n":18446744073670260079}`);
    expect(linesOf({ time: 0 }).document).toBe('{"@timestamp":"1970-01-01T00:00:00.000Z","time":0}');
    expect(linesOf({ '@timestamp': TIME }).document).toBe(`{"@timestamp":"${TIME}"}`);
  });

  it('derives the id from the text, and names a pipeline only when there is one', () => {
    const { create } = linesOf({ a: 1 });
    expect(create).toEqual({ _index: 'falco', _id: '015abd7f5cc57a2dd94b7590f04ad808' });
    expect(linesOf({ a: 2 }).create._id).not.toBe(create._id);
    const [action] = bulkLines('{"a":1}', { index: 'i', suffix: 'none', pipeline: 'geo' }).split('\n');
    expect(JSON.parse(action!).create).toEqual({ ...create, _index: 'i', pipeline: 'geo' });
  });
});
