import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readLines } from '../../../../core/cli/events.ts';

async function linesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  const source = (async function* () {
    yield* chunks;
  })();
  const lines: string[] = [];
  for await (const line of readLines(source)) lines.push(line);
  return lines;
}

it('lines come whole, wherever the chunks are cut', async () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
  const input = fc.tuple(
    fc.array(line),
    fc.constantFrom('\n', '\r\n'),
    fc.array(fc.integer({ min: 1, max: 9 })),
  );
  await fc.assert(
    fc.asyncProperty(input, async ([lines, end, cuts]) => {
      const bytes = Buffer.from(lines.map((text) => text + end).join(''));
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      chunks.push(bytes.subarray(at));
      expect(await linesOf(chunks)).toEqual(lines);
    }),
    {
      // Every byte a chunk of its own: characters and line ends are cut.
      examples: [[], [''], ['', ''], ['é', '😀', ''], ['a']].flatMap((lines) =>
        ['\n', '\r\n'].map((end): [[string[], string, number[]]] => [
          [lines, end, new Array<number>(20).fill(1)],
        ]),
      ),
    },
  );
});

it('a last line without an end counts; a stream that breaks off throws', async () => {
  expect(await linesOf([Buffer.from('a\nb')])).toEqual(['a', 'b']);
  expect(await linesOf([])).toEqual([]);
  const broken = (async function* () {
    yield Buffer.from('a\nb');
    throw new Error('aborted');
  })();
  const seen: string[] = [];
  const read = async () => {
    for await (const line of readLines(broken)) seen.push(line);
  };
  await expect(read()).rejects.toThrow('aborted');
  expect(seen).toEqual(['a']);
});
