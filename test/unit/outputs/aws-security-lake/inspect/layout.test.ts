import { expect, it } from 'vitest';
import { checkGroups, checkPages } from '../../../../../outputs/aws-security-lake/inspect/layout.ts';

const PAGE = 1024 * 1024;
const GROUP = 256 * 1024 * 1024;
const group = (compressed: number) => ({ rows: 1, compressed, uncompressed: 2 * GROUP });

it('allows a row group of 256 MiB compressed', () => {
  expect([...checkGroups([group(GROUP), group(0)])]).toEqual([]);
  expect([...checkGroups([group(GROUP), group(GROUP + 1)])]).toEqual([
    { rule: 'row_group', detail: `row group 1 has ${GROUP + 1} bytes` },
  ]);
});

it('allows pages of 1 MiB, larger ones of a single value, and zstd', () => {
  const chunk = { group: 2, column: 'a.b', codec: 'ZSTD', count: 1 };
  const broken = (largest: number, largestValues: number, codec = 'ZSTD') =>
    [...checkPages({ ...chunk, largest, largestValues, codec })].map(
      ({ rule, detail }) => `${rule}: ${detail}`,
    );
  expect(broken(PAGE, 2)).toEqual([]);
  expect(broken(PAGE + 1, 1)).toEqual([]);
  const page = `page: row group 2, column a.b has a page of ${PAGE + 1} bytes with 2 values`;
  expect(broken(PAGE + 1, 2)).toEqual([page]);
  expect(broken(PAGE + 1, 2, 'SNAPPY')).toEqual([
    'codec: row group 2, column a.b is compressed with SNAPPY',
    page,
  ]);
});
