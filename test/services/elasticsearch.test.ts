import { afterAll, beforeAll, expect, it } from 'vitest';
import { realEvents } from '../support/corpus.ts';
import { accountOf } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { describeWith } from './describe.ts';
import { startOpensearch } from './servers/opensearch.ts';
import type { Server } from './servers/server.ts';

describeWith({ programs: ['java', '../opensearch/opensearch-2.19.1.jar'] }, 'elasticsearch', () => {
  let server: Server;
  let tiercel: Tiercel | undefined;
  beforeAll(async () => {
    server = await startOpensearch();
  });
  afterAll(async () => {
    await tiercel?.remove();
    await server?.stop();
  });

  it('indexes every real event, as received and as ECS: the mapping refuses none', async () => {
    const output = (index: string, mapper: string) => `
  ${index}:
    type: elasticsearch
    url: ${server.url}
    index: ${index}
    mapper: ${mapper}
    suffix: none
    create_index_template: true
    number_of_replicas: 0
`;
    tiercel = await startTiercel({ config: `outputs:${output('raw', 'falco')}${output('elastic', 'ecs')}` });
    const events = realEvents();
    const sent = await tiercel.post('/events', events.join('\n'), { 'content-type': 'application/x-ndjson' });
    expect(sent.status, sent.body).toBe(202);
    const account = async (name: string) => accountOf((await tiercel!.get('/metrics')).body, name);
    const count = async (index: string, query: string): Promise<number> => {
      const response = await fetch(`${server.url}/${index}/_count?q=${encodeURIComponent(query)}`);
      return ((await response.json()) as { count: number }).count;
    };
    for (const name of ['raw', 'elastic']) {
      await until(`${name} to have no event pending`, async () => (await account(name)).pending === 0);
      expect(await account(name), tiercel.output()).toMatchObject({
        delivered: events.length,
        deadLettered: 0,
      });
      await fetch(`${server.url}/${name}/_refresh`, { method: 'POST' });
      expect(await count(name, '*:*')).toBe(events.length);
    }
    // Each can be searched by its fields.
    const byRoot = events.filter((text) => JSON.parse(text).output_fields?.['user.name'] === 'root').length;
    expect(await count('raw', 'output_fields.user.name:root')).toBe(byRoot);
    expect(await count('elastic', 'user.name:root')).toBe(byRoot);
  });
});
