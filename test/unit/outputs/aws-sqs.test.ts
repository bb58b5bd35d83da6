import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/sdk/contract/clock.ts';
import { factsOf, requestLimitsOf } from '../../../core/sdk/contract/facts.ts';
import type { Finding, Output } from '../../../core/sdk/index.ts';
import sqs from '../../../outputs/aws-sqs.ts';
import { decoded } from '../../support/decoded.ts';
import { createWorld } from '../../support/output-loop.ts';
import { freePort } from '../../support/port.ts';
import { runs } from '../../support/runs.ts';
import {
  batchOf,
  contextOf,
  eventOf,
  inRequests,
  jsonTextMapper,
  misbehaving,
  neverAborts,
} from './support.ts';

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
    decoded(sqs, {
      queue_url: `${server.url}/123456789012/${name}`,
      region: 'eu-west-1',
      endpoint: server.url,
      access_key_id: 'AKIA0',
      secret_access_key: 'not-a-real-secret-key',
    }),
    contextOf<unknown>(jsonTextMapper),
  );
  const sent = () => server.received.map(({ body }) => (JSON.parse(body) as { Entries: Entry[] }).Entries);
  const stop = async () => {
    await output.stop?.(neverAborts());
    await server.stop();
  };
  const deliver = inRequests(output, requestLimitsOf(sqs, { queue_url: `/${name}` }));
  return { output, deliver, sent, stop };
}

const texts = (count: number) =>
  Array.from({ length: count }, (_, n) => `{"evt.time":178376269868241966${n % 10}}`);

describe('aws_sqs', () => {
  it('sends ten at a time, each as it is', async () => {
    const { deliver, sent, stop } = await queueThat([]);
    expect(await deliver(batchOf<unknown>(texts(23)), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [],
    });
    expect(sent().map((entries) => entries.length)).toEqual([10, 10, 3]);
    expect(
      sent()
        .flat()
        .map(({ MessageBody }) => MessageBody),
    ).toEqual(texts(23));
    await stop();
  });

  it('judges each message by itself', async () => {
    const { deliver, stop } = await queueThat([
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
    expect(await deliver(batchOf<unknown>(texts(12)), neverAborts())).toMatchObject({
      status: 'retry',
      // The chunk behind waits with those of this one that must.
      failed: [1, 2, 10, 11],
      rejected: [{ index: 0, reason: 'InvalidMessageContents: bad character' }],
    });
    await stop();
  });

  it('keeps what was not sent when the queue refuses in between', async () => {
    const refusal = { __type: 'com.amazonaws.sqs#AccessDenied', message: 'not allowed' };
    const { deliver, stop } = await queueThat([
      (entries) => ({ body: { Successful: taken(entries) } }),
      () => ({ status: 403, body: refusal }),
    ]);
    expect(await deliver(batchOf<unknown>(texts(12)), neverAborts())).toMatchObject({
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
    const { deliver, sent, stop } = await queueThat([taking, tooLong, tooLong]);
    expect(await deliver(batchOf<unknown>(texts(12)), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [{ index: 10, reason: expect.stringContaining('too long') }],
    });
    expect(sent().map((entries) => entries.length)).toEqual([10, 2, 1, 1]);
    await stop();
  });

  it('sends no more at once than a request may hold', async () => {
    const { deliver, sent, stop } = await queueThat([]);
    const large = [1, 2, 3].map((n) => JSON.stringify('x'.repeat(600_000) + n));
    expect(await deliver(batchOf<unknown>(large), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [],
    });
    expect(sent().map((entries) => entries.length)).toEqual([1, 1, 1]);
    await stop();
  });

  it('lets a FIFO queue tell a repeated message', async () => {
    const { deliver, sent, stop } = await queueThat([], 'falco.fifo');
    for (let i = 0; i < 2; i++) await deliver(batchOf<unknown>(texts(1)), neverAborts());
    const [first, second] = sent().flat();
    expect(first).toMatchObject({
      MessageGroupId: 'falco',
      MessageDeduplicationId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(first?.MessageDeduplicationId).toBe(second?.MessageDeduplicationId);
    await stop();
  });
});

type Answered = { status?: number; body: object };

/** A FIFO queue that keeps what it takes by group, once for each deduplication id, and answers each request as told. */
async function fifoThat(answer: (entries: Entry[], request: number) => Answered | undefined) {
  const groups: Record<string, number[]> = {};
  const known = new Set<string>();
  const server = await misbehaving(({ body }, response, request) => {
    const { Entries } = JSON.parse(body) as { Entries: Entry[] };
    const { status = 200, body: said } = answer(Entries, request) ?? { body: { Successful: taken(Entries) } };
    const { Successful = [] } = said as { Successful?: { Id: string }[] };
    for (const { Id, MessageBody, MessageGroupId, MessageDeduplicationId } of Entries) {
      if (!Successful.some((one) => one.Id === Id) || known.has(MessageDeduplicationId!)) continue;
      known.add(MessageDeduplicationId!);
      const { output_fields: fields } = JSON.parse(MessageBody) as { output_fields: { n: number } };
      groups[MessageGroupId!] ??= [];
      groups[MessageGroupId!]!.push(fields.n);
    }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(said));
  });
  return { ...server, groups };
}

/** Delivers 40 events through the whole chain to a FIFO queue; event n is of the host `h{n % hosts}`. */
async function deliverForty(
  answer: (entries: Entry[], request: number) => Answered | undefined,
  {
    concurrency = 4,
    hosts = 1,
    group,
    restartAfter = Number.POSITIVE_INFINITY,
  }: { concurrency?: number; hosts?: number; group?: string; restartAfter?: number } = {},
) {
  const queue = await fifoThat(answer);
  const options = {
    queue_url: `${queue.url}/123456789012/falco.fifo`,
    region: 'eu-west-1',
    endpoint: queue.url,
    access_key_id: 'AKIA0',
    secret_access_key: 'not-a-real-secret-key',
    ...(group !== undefined && { message_group: group }),
  };
  const world = await createWorld({ clock: systemClock });
  const policy = {
    ...factsOf(sqs, options),
    request: requestLimitsOf(sqs, options),
    concurrency,
    retry: { initial: 1, max: 5, maxAge: 60_000 },
    breaker: { failures: 100, initial: 1, max: 1 },
  };
  const limits = { events: 10, every: 10 };
  const start = () => {
    const output = sqs.create(decoded(sqs, options), contextOf<unknown>(jsonTextMapper)) as Output<number>;
    return world.run(output, { limits, policy, mapper: jsonTextMapper });
  };
  let { loop, counts } = await start();
  await world.accept(40, (n) => ({ hostname: `h${n % hosts}` }));
  const over = () => loop.accounts().pending === 0 || queue.received.length >= restartAfter;
  await expect.poll(over, { timeout: 10_000, interval: 1 }).toBe(true);
  if (loop.accounts().pending > 0) {
    // What is under way is cut off, as in a crash.
    await loop.stop(AbortSignal.abort());
    ({ loop, counts } = await start());
  }
  const settled = () => loop.accounts().pending === 0;
  await expect.poll(settled, { timeout: 10_000, interval: 5 }).toBe(true);
  await loop.stop(neverAborts());
  await queue.stop();
  return { groups: queue.groups, requests: queue.received.length, counts };
}

const inOrder = Array.from({ length: 40 }, (_, n) => n);
const outage = { status: 500, body: { __type: 'com.amazonaws.sqs#InternalError', message: 'try again' } };

describe('aws_sqs to a FIFO queue', () => {
  it.each([1, 4])(
    'keeps the order when the first request fails, with concurrency %d',
    async (concurrency) => {
      const answer = (_: Entry[], request: number) => (request === 1 ? outage : undefined);
      const { groups } = await deliverForty(answer, { concurrency });
      expect(groups).toEqual({ falco: inOrder });
    },
  );

  it('keeps the order of each group when single messages fail in between', async () => {
    const failed = new Set<string>();
    // Each third message is refused once.
    const answer = (entries: Entry[]) => {
      const isBusy = ({ MessageBody }: Entry) => {
        const { n } = (JSON.parse(MessageBody) as { output_fields: { n: number } }).output_fields;
        return n % 3 === 0 && !failed.has(MessageBody);
      };
      const busy = entries.filter(isBusy);
      for (const { MessageBody } of busy) failed.add(MessageBody);
      return {
        body: {
          Successful: taken(entries.filter((entry) => !busy.includes(entry))),
          Failed: busy.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError' })),
        },
      };
    };
    const { groups } = await deliverForty(answer, { hosts: 4, group: '{{ hostname }}' });
    expect(groups).toEqual(
      Object.fromEntries([0, 1, 2, 3].map((host) => [`h${host}`, inOrder.filter((n) => n % 4 === host)])),
    );
  });

  it('keeps the order when a message is refused for good, and sends no other again', async () => {
    const refused = { Id: '0', SenderFault: true, Code: 'InvalidMessageContents', Message: 'bad character' };
    const isBad = ([entry]: Entry[]) => /"n":1[37]\D/.test(entry!.MessageBody);
    const answer = (entries: Entry[]) =>
      isBad(entries) ? { body: { Successful: [], Failed: [refused] } } : undefined;
    const { groups, requests, counts } = await deliverForty(answer);
    expect(groups).toEqual({ falco: inOrder.filter((n) => n !== 13 && n !== 17) });
    expect(requests).toBe(40);
    expect(counts).toMatchObject({ delivered: 38, deadLettered: 2, unconfirmed: 0 });
  });

  it('keeps the order when a message was taken and its answer is lost', async () => {
    // The SDK finds that the digest is not that of the message, so it counts as not taken.
    const answer = (entries: Entry[], request: number) =>
      request % 4 === 1
        ? { body: { Successful: taken(entries).map((one) => ({ ...one, MD5OfMessageBody: 'no digest' })) } }
        : undefined;
    const { groups, requests } = await deliverForty(answer);
    expect(groups).toEqual({ falco: inOrder });
    expect(requests).toBeGreaterThan(40);
  });

  it('keeps the order of each group whatever the queue answers, and over a restart', {
    timeout: 60_000,
  }, async () => {
    const answers = fc.array(fc.constantFrom('taken', 'outage', 'busy', 'unheard'), { maxLength: 30 });
    const scenario = fc.record({
      answers,
      concurrency: fc.integer({ min: 1, max: 4 }),
      hosts: fc.integer({ min: 1, max: 5 }),
      restartAfter: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ answers, hosts, ...rest }) => {
        const answer = (entries: Entry[], request: number) => {
          const all = taken(entries);
          const busy = entries.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError' }));
          switch (answers[request - 1]) {
            case 'outage':
              return outage;
            case 'busy':
              return { body: { Successful: all.slice(1), Failed: busy.slice(0, 1) } };
            case 'unheard':
              return { body: { Successful: all.map((one) => ({ ...one, MD5OfMessageBody: 'no digest' })) } };
            default:
              return undefined;
          }
        };
        const { groups } = await deliverForty(answer, { hosts, group: '{{ hostname }}', ...rest });
        const expected = Array.from({ length: hosts }, (_, host) => [
          `h${host}`,
          inOrder.filter((n) => n % hosts === host),
        ]);
        expect(groups).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: runs(15) },
    );
  });

  it('does not hold up the other groups while one fails', async () => {
    let others = 0;
    const answer = ([entry]: Entry[]) => {
      if (entry!.MessageGroupId !== 'h0') others++;
      return entry!.MessageGroupId === 'h0' && others < 30 ? outage : undefined;
    };
    const { groups } = await deliverForty(answer, { hosts: 4, group: '{{ hostname }}' });
    expect(groups.h0).toEqual(inOrder.filter((n) => n % 4 === 0));
    expect(groups.h1).toEqual(inOrder.filter((n) => n % 4 === 1));
  });

  it('names groups as SQS allows', () => {
    const groupOf = (group: string, hostname: string) =>
      sqs
        .create(
          decoded(sqs, {
            queue_url: 'https://sqs.test/1/falco.fifo',
            region: 'eu-west-1',
            message_group: group,
          }),
          contextOf<unknown>(jsonTextMapper),
        )
        .partition?.(eventOf({ hostname }));
    expect(groupOf('{{ hostname }}', 'node 1\né')).toBe('node_1__');
    expect(groupOf('{{ hostname }}', 'x'.repeat(200))).toBe('x'.repeat(128));
    expect(groupOf('{{ hostname }}', '')).toBe('falco');
    expect(groupOf('all', 'node')).toBe('all');
  });

  it('tells the same text in two groups apart', async () => {
    const { deliver, sent, stop } = await queueThat([], 'falco.fifo');
    for (const partition of ['a', 'b', 'a', '']) {
      await deliver(batchOf<unknown>(texts(1), { partition }), neverAborts());
    }
    const [a, b, again, none] = sent().flat();
    expect(again).toEqual(a);
    expect(b?.MessageDeduplicationId).not.toBe(a?.MessageDeduplicationId);
    // A batch that was sealed while the output sent to a standard queue.
    expect(none?.MessageGroupId).toBe('falco');
    await stop();
  });
});

describe('aws_sqs to a standard queue', () => {
  it('has no groups and no order', async () => {
    const { output, deliver, sent, stop } = await queueThat([]);
    expect(output.partition).toBeUndefined();
    await deliver(batchOf<unknown>(texts(1), { partition: 'a' }), neverAborts());
    expect(Object.keys(sent().flat()[0]!)).toEqual(['Id', 'MessageBody']);
    await stop();
    expect(factsOf(sqs, { queue_url: 'https://sqs.test/1/falco', region: 'eu-west-1' }).ordering).toBe(
      'none',
    );
  });
});

describe('the check of aws_sqs', () => {
  async function look(answer: { status?: number; body: object }, options: object = {}) {
    const asked: string[] = [];
    const server = await misbehaving(({ headers }, response) => {
      asked.push(String(headers['x-amz-target']));
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer.body));
    });
    const output = sqs.create(
      decoded(sqs, {
        queue_url: `${server.url}/123456789012/falco`,
        region: 'eu-west-1',
        endpoint: server.url,
        access_key_id: 'AKIA0',
        secret_access_key: 'not-a-real-secret-key',
        ...options,
      }),
      contextOf<unknown>(jsonTextMapper),
    );
    const found: Finding[] = [];
    for await (const finding of output.diagnose!({ write: false, sample: eventOf() }, neverAborts()))
      found.push(finding);
    await output.stop?.(neverAborts());
    await server.stop();
    return { found, asked, short: found.map(({ what, status }) => `${what} ${status}`) };
  }

  it('asks for the queue, and sends nothing', async () => {
    const arn = 'arn:aws:sqs:eu-west-1:123456789012:falco';
    const { found, asked, short } = await look({ body: { Attributes: { QueueArn: arn } } });
    expect(short).toEqual(['connection ok', 'queue ok']);
    expect(found[1]!.line).toBe(arn);
    expect(asked).toEqual(['AmazonSQS.GetQueueAttributes']);
  });

  it('takes a denied question for reachability, and names the permission to send', async () => {
    const body = { __type: 'com.amazonaws.sqs#AccessDenied', message: 'no' };
    const { found, short } = await look({ status: 403, body });
    expect(short).toEqual(['connection ok', 'queue warning']);
    expect(found[1]!.line).toMatch(/check that sqs:SendMessage is allowed/);
  });

  it.each([
    ['com.amazonaws.sqs#QueueDoesNotExist', 400, /QueueDoesNotExist/],
    ['com.amazonaws.sqs#InvalidClientTokenId', 403, /check access_key_id/],
  ])('fails where SQS says %s', async (type, status, line) => {
    const { found, short } = await look({ status, body: { __type: type, message: 'no' } });
    expect(short).toEqual(['connection ok', 'queue failed']);
    expect(found[1]!.line).toMatch(line);
  });

  it('ends where nothing can be reached', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const { short, asked } = await look({ body: {} }, { endpoint });
    expect(short).toEqual(['connection failed']);
    expect(asked).toEqual([]);
  });
});
