import { defineOutput, httpOptions, httpUrl, overHttp, recordJson, Type } from '../core/sdk/index.ts';

/** POSTs each batch as a JSON array: the smallest complete output over HTTP. */
export default defineOutput({
  apiVersion: 1,
  type: 'webhook',
  summary: 'POSTs events as JSON: a batch as an array, or each by itself.',
  category: 'web',
  stability: 'stable',
  options: Type.Object({
    url: httpUrl({
      falcosidekick: ['webhook.address'],
      description: 'Where to POST.',
      examples: ['https://hooks.example.com/falco'],
    }),
    body: Type.Enum(['array', 'event'], {
      default: 'array',
      description:
        '`array`: a batch is one request. `event`: each event is one, for receivers that take no more, as those of Falcosidekick do.',
    }),
    ...httpOptions,
  }),
  examples: [
    { title: 'Minimal', options: { url: 'https://hooks.example.com/falco' } },
    {
      title: 'With a token, compressed, through a proxy',
      options: {
        url: 'https://hooks.example.com/falco',
        auth: { bearer: { token: 'a-secret-token' } },
        gzip: true,
        proxy: 'http://proxy.example.com:3128',
      },
    },
    {
      title: 'One request an event, to what Falcosidekick posted to',
      options: { url: 'http://falco-talon:2803/', body: 'event' },
    },
  ],
  batch: { events: 100, size: 1_000_000, every: 1_000 },
  request: ({ body }) => (body === 'event' ? { events: 1 } : {}),
  mapper: 'falco',
  notes: `A request carries \`idempotency-key\`, the id of its batch or part of a batch, the same on each attempt, so that the receiver can tell a
repeated one.

Retried: network faults, 401, 403, 404, 408, 429 (after \`Retry-After\`), 5xx and every other status. Set aside as dead
letters: what is answered with 400, 413, 415 or 422; a batch refused as a whole is halved until the guilty events are found.`,
  create(options, { http, mapper }) {
    const toJson = recordJson(mapper);
    return overHttp(http, {
      headers: ({ id }) => ({ 'idempotency-key': id }),
      body: ({ records }) =>
        options.body === 'event' ? records.map(toJson).join('\n') : `[${records.map(toJson).join(',')}]`,
    });
  },
});
