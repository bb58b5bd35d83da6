import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../core/sdk/index.ts';
import { eventToJson } from '../../../../core/sdk/index.ts';
import elasticsearch from '../../../../outputs/elasticsearch/index.ts';
import { decoded } from '../../../support/decoded.ts';
import { goldenOf } from '../../../support/golden.ts';
import { batchOf, contextOf, jsonTextMapper, misbehaving, neverAborts } from '../support.ts';

type Options = Parameters<typeof elasticsearch.create>[0];
const create = (options: Partial<Options>) =>
  elasticsearch.create(decoded(elasticsearch, options), contextOf<unknown>(jsonTextMapper));
const linesOf = (body: string) =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const textOf = (event: Event) => eventToJson(event);

const ok = (items: object[]) => JSON.stringify({ errors: true, items: items.map((create) => ({ create })) });

describe('elasticsearch', () => {
  it.each(goldenOf('elasticsearch'))(
    'indexes what Falcosidekick indexes for input $id',
    async ({ event, body }) => {
      const server = await misbehaving((_, response) => response.end(ok([{ status: 201 }])));
      const output = create({ url: `${server.url}/` });
      expect(await output.deliver(batchOf<unknown>([textOf(event)]), neverAborts())).toEqual({
        status: 'delivered',
      });
      const [action, document] = linesOf(server.received[0]!.body);
      expect(document).toEqual(body);
      const day = event.timeText.slice(0, 10).replaceAll('-', '.');
      expect(action).toEqual({
        create: { _index: `falco-${day}`, _id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      });
      expect(server.received[0]).toMatchObject({ path: expect.stringMatching(/^\/_bulk\?/) });
      expect(server.received[0]?.headers['content-type']).toBe('application/x-ndjson');
      await output.stop?.(neverAborts());
      await server.stop();
    },
  );

  it('keeps every number as it was written, and gives the same record the same id', async () => {
    const server = await misbehaving((_, response) => response.end(ok([{ status: 201 }])));
    const output = create({
      url: server.url,
      suffix: 'monthly',
      index: 'sec',
      pipeline: 'geo',
      api_key: 'key-12345',
    });
    const text =
      '{"time":"2026-01-02T00:30:00.123456789+02:00","output_fields":{"a":18446744073670260079,"b":0.0}}';
    for (let i = 0; i < 2; i++) await output.deliver(batchOf<unknown>([text]), neverAborts());
    const [first, second] = server.received.map(({ body }) => body);
    expect(first).toBe(second);
    expect(first).toContain('{"@timestamp":"2026-01-02T00:30:00.123456789+02:00","time":');
    expect(first).toContain('"a":18446744073670260079,"b":0.0');
    expect(linesOf(first!)[0].create).toMatchObject({ _index: 'sec-2026.01', pipeline: 'geo' });
    expect(server.received[0]?.headers.authorization).toBe('ApiKey key-12345');
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('takes the records of other mappers, with their own time', async () => {
    const server = await misbehaving((_, response) => response.end(ok([{ status: 201 }, { status: 201 }])));
    const mapper = { map: () => ({ ok: true, record: null }) as const };
    const output = elasticsearch.create(
      decoded(elasticsearch, { url: server.url }),
      contextOf<unknown>(mapper),
    );
    const records = [{ '@timestamp': '2026-01-02T03:04:05Z', a: 1 }, { time: Date.UTC(2026, 4, 6) }];
    await output.deliver(batchOf<unknown>(records), neverAborts());
    const [one, ecs, two, ocsf] = linesOf(server.received[0]!.body);
    expect([one.create._index, two.create._index]).toEqual(['falco-2026.01.02', 'falco-2026.05.06']);
    expect(ecs).toEqual(records[0]);
    expect(ocsf).toEqual({ '@timestamp': '2026-05-06T00:00:00.000Z', ...records[1] });
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('judges each document by itself', async () => {
    const answer = ok([
      { status: 201 },
      { status: 409, error: { type: 'version_conflict_engine_exception' } },
      { status: 400, error: { type: 'mapper_parsing_exception', reason: 'failed to parse field [x]' } },
      { status: 429, error: { type: 'es_rejected_execution_exception' } },
      {
        status: 400,
        error: { type: 'illegal_argument_exception', reason: 'pipeline with id [geo] does not exist' },
      },
      { status: 404, error: { type: 'index_not_found_exception' } },
    ]);
    const server = await misbehaving((_, response) => response.end(answer));
    const output = create({ url: server.url });
    const batch = batchOf<unknown>(Array.from({ length: 6 }, (_, n) => `{"n":${n}}`));
    expect(await output.deliver(batch, neverAborts())).toEqual({
      status: 'retry',
      reason: 'a document was answered 429: es_rejected_execution_exception',
      failed: [3, 4, 5],
      rejected: [{ index: 2, reason: 'mapper_parsing_exception: failed to parse field [x]' }],
    });
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('retries when the answer is no answer, and says whose fault a refusal is', async () => {
    const answers = ['<html>', ok([]), '{"items":'];
    const server = await misbehaving((_, response, count) => {
      if (count === 4) response.writeHead(413);
      if (count === 5) response.writeHead(401);
      response.end(answers[count - 1]);
    });
    const output = create({ url: server.url });
    const deliver = () => output.deliver(batchOf<unknown>(['{}']), neverAborts());
    await expect(deliver()).rejects.toThrow();
    expect(await deliver()).toMatchObject({
      status: 'retry',
      reason: '_bulk answered about 0 of 1 documents',
    });
    await expect(deliver()).rejects.toThrow();
    expect((await deliver()).status).toBe('rejected');
    expect(await deliver()).toMatchObject({ status: 'retry', denied: true });
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('puts the index template at the start when told to, and reports a refusal', async () => {
    const server = await misbehaving((_, response, count) => {
      if (count === 2) response.writeHead(403);
      response.end('{}');
    });
    const output = create({ url: server.url, create_index_template: true, number_of_replicas: 0 });
    await output.start?.(neverAborts());
    expect(server.received[0]).toMatchObject({ method: 'PUT', path: '/_index_template/falco' });
    expect(JSON.parse(server.received[0]!.body)).toMatchObject({
      index_patterns: ['falco*'],
      template: { settings: { number_of_replicas: 0 } },
    });
    await expect(output.start?.(neverAborts())).rejects.toThrow(/index template: answered 403/);
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('calls the flat field as the product does', async () => {
    const server = await misbehaving(({ body }, response) => {
      const isOther = body.includes('flattened');
      if (isOther) response.writeHead(400);
      response.end(isOther ? `{"error":"${'x'.repeat(400)} No handler for type [flattened]"}` : '{}');
    });
    const output = create({ url: server.url, create_index_template: true });
    await output.start?.(neverAborts());
    expect(server.received.map(({ body }) => JSON.parse(body).template.mappings.properties)).toEqual([
      expect.objectContaining({ output_fields: { type: 'flattened' } }),
      expect.objectContaining({ output_fields: { type: 'flat_object' } }),
    ]);
    await output.stop?.(neverAborts());
    await server.stop();
  });
});
