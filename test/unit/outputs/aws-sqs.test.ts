import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import sqs from '../../../outputs/aws-sqs.ts';
import { batchOf, contextOf, jsonTextMapper, misbehaving, neverAborts } from './support.ts';

/** What SQS says of messages it took; the SDK compares the digests. */
const taken = (entries: readonly Entry[]) =>
  entries.map(({ Id, MessageBody }) => ({
    Id,
    MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
  }));

type Entry = { Id: string; MessageBody: string; MessageGroupId?: string; MessageDeduplicationId?: string };

/** A queue that answers each request with the failures told, or with a refusal of the whole. */
async function queueThat(
  answers: ((entries: Entry[]) => { status?: number; body: object })[],
  name = 'falco',
) {
  const server = await misbehaving(({ body }, response, count) => {
    const entries = (JSON.parse(body) as { Entries: Entry[] }).Entries;
    const answer = answers[count - 1]?.(entries) ?? {
      body: { Successful: taken(entries) },
    };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer.body));
  });
  const output = sqs.create(
    {
      queue_url: `${server.url}/123456789012/${name}`,
      region: 'eu-west-1',
      endpoint: server.url,
      access_key_id: 'AKIA0',
      secret_access_key: 'not-a-real-secret-key',
    },
    contextOf<unknown>(jsonTextMapper),
  );
  const sent = () => server.received.map(({ body }) => (JSON.parse(body) as { Entries: Entry[] }).Entries);
  const stop = async () => {
    await output.stop?.(neverAborts());
    await server.stop();
  };
  return { output, sent, stop };
}

const texts = (count: number) =>
  Array.from({ length: count }, (_, n) => `{"evt.time":178376269868241966${n % 10}}`);

describe('aws_sqs', () => {
  it('sends ten at a time, each as it is', async () => {
    const { output, sent, stop } = await queueThat([]);
    expect(await output.deliver(batchOf<unknown>(texts(23)), neverAborts())).toEqual({ status: 'delivered' });
    expect(sent().map((entries) => entries.length)).toEqual([10, 10, 3]);
    expect(
      sent()
        .flat()
        .map(({ MessageBody }) => MessageBody),
    ).toEqual(texts(23));
    await stop();
  });

  it('judges each message by itself', async () => {
    const { output, stop } = await queueThat([
      (entries) => ({
        body: {
          Successful: taken(entries.slice(3)),
          Failed: [
            { Id: '0', SenderFault: true, Code: 'InvalidMessageContents', Message: 'bad character' },
            { Id: '1', SenderFault: false, Code: 'InternalError' },
            { Id: '2', SenderFault: true, Code: 'KmsDisabled' },
          ],
        },
      }),
    ]);
    expect(await output.deliver(batchOf<unknown>(texts(12)), neverAborts())).toMatchObject({
      status: 'retry',
      // The chunk behind waits with those of this one that must.
      failed: [1, 2, 10, 11],
      rejected: [{ index: 0, reason: 'InvalidMessageContents: bad character' }],
    });
    await stop();
  });

  it('keeps what was not sent when the queue refuses in between', async () => {
    const refusal = { __type: 'com.amazonaws.sqs#AccessDenied', message: 'not allowed' };
    const { output, stop } = await queueThat([
      (entries) => ({ body: { Successful: taken(entries) } }),
      () => ({ status: 403, body: refusal }),
    ]);
    expect(await output.deliver(batchOf<unknown>(texts(12)), neverAborts())).toMatchObject({
      status: 'retry',
      denied: true,
      failed: [10, 11],
      reason: expect.stringContaining('not allowed'),
    });
    await stop();
  });

  it('halves what is too long, and repeats no message that the queue has', async () => {
    const long = { __type: 'com.amazonaws.sqs#BatchRequestTooLong', message: 'too long' };
    const tooLong = () => ({ status: 400, body: long });
    const taking = (entries: Entry[]) => ({ body: { Successful: taken(entries) } });
    const { output, sent, stop } = await queueThat([taking, tooLong, tooLong]);
    expect(await output.deliver(batchOf<unknown>(texts(12)), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [{ index: 10, reason: expect.stringContaining('too long') }],
    });
    expect(sent().map((entries) => entries.length)).toEqual([10, 2, 1, 1]);
    await stop();
  });

  it('sends no more at once than a request may hold', async () => {
    const { output, sent, stop } = await queueThat([]);
    const large = [1, 2, 3].map((n) => JSON.stringify('x'.repeat(600_000) + n));
    expect(await output.deliver(batchOf<unknown>(large), neverAborts())).toEqual({ status: 'delivered' });
    expect(sent().map((entries) => entries.length)).toEqual([1, 1, 1]);
    await stop();
  });

  it('lets a FIFO queue tell a repeated message', async () => {
    const { output, sent, stop } = await queueThat([], 'falco.fifo');
    for (let i = 0; i < 2; i++) await output.deliver(batchOf<unknown>(texts(1)), neverAborts());
    const [first, second] = sent().flat();
    expect(first).toMatchObject({
      MessageGroupId: 'falco',
      MessageDeduplicationId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(first?.MessageDeduplicationId).toBe(second?.MessageDeduplicationId);
    await stop();
  });
});
