import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type BatchContent,
  defineOutput,
  httpOptions,
  httpUrl,
  type OutputContext,
  Type,
} from '../../../../core/sdk/index.ts';
import type { OutputContract } from '../../../../core/testing/index.ts';
import { brokenTests } from './broken.ts';

const NAME = 'previews what it sends';

/** What the test says of an output with this body and preview; nothing when it passes. */
async function said(
  body: (batch: BatchContent<unknown>, context: OutputContext) => string | Uint8Array,
  preview = body,
  contract: Partial<OutputContract> = {},
): Promise<string | undefined> {
  const definition = defineOutput({
    apiVersion: 1,
    type: 'posts',
    summary: 'Posts.',
    options: Type.Object({ url: httpUrl({ description: 'Where to.' }), ...httpOptions }),
    examples: [{ title: 'Minimal', options: { url: 'https://posts.example.com' } }],
    batch: { events: 10 },
    create: (_, context) => ({
      preview: (batch) => preview(batch, context),
      deliver: (batch, signal) => context.http.post('', body(batch, context), signal),
    }),
  });
  return (await brokenTests(definition, { options: ({ url }) => ({ url }), ...contract }, NAME))[NAME];
}

const plain = ({ records }: BatchContent<unknown>) => records.join('\n');
const packed = (batch: BatchContent<unknown>) =>
  Buffer.concat([Buffer.from([255, 0]), gzipSync(plain(batch))]);

describe('the test of a preview', () => {
  it('passes where the same is sent, with the time of the event’s receipt and of the clock', async () => {
    const timed = (batch: BatchContent<unknown>, { clock }: OutputContext) =>
      `${plain(batch)} ${batch.events[0]!.receivedAt} ${clock.now()}`;
    expect(await said(plain)).toBeUndefined();
    // Were each made when it is asked for, some of these would differ.
    for (let time = 0; time < 5; time++) expect(await said(timed)).toBeUndefined();
  });

  it('passes where the same bytes are sent', async () => {
    expect(await said(packed)).toBeUndefined();
  });

  it('shows where text differs, with a hint', async () => {
    const other = (batch: BatchContent<unknown>) => plain(batch).replace('Warning', 'Danger');
    const text = await said(plain, other);
    expect(text).toMatch(/^the preview is not what is sent: at character \d+ it has …"/);
    expect(text).toContain('Danger');
    expect(text).toMatch(/sent is …"[^"\\]*(\\"[^"\\]*)*Warning/);
    expect(text).toContain('give the contract "decode"');
    expect(text!.length).toBeLessThan(500);
  });

  it('shows no bytes', async () => {
    const text = await said(packed, (batch) => packed(batch).subarray(1));
    expect(text).toMatch(/: \d+ bytes, not text, previewed, \d+ bytes sent\. Return what/);
  });

  it('asks only for the events where the contract decodes', async () => {
    const base64 = (batch: BatchContent<unknown>) => Buffer.from(plain(batch)).toString('base64');
    const decode = (body: Buffer) => Buffer.from(String(body), 'base64').toString();
    expect(await said(base64, plain, { decode })).toBeUndefined();
    const sooner = (batch: BatchContent<unknown>) => Buffer.from(`  ${plain(batch)}`).toString('base64');
    expect(await said(base64, sooner, { decode })).toBeUndefined();
    expect(await said(base64, () => 'nothing', { decode })).toMatch(
      /It must hold every event, as text or for decode\(\): contract-mark-0000 is missing$/,
    );
  });
});
