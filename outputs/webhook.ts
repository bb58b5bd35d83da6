import { defineOutput, httpClient, httpOptions, httpUrl, recordJson, Type } from '../core/index.ts';

/** POSTs each batch as a JSON array: the smallest complete output over HTTP. */
export default defineOutput({
  apiVersion: 1,
  type: 'webhook',
  summary: 'POSTs each batch of events as a JSON array.',
  options: Type.Object(
    {
      url: httpUrl({ description: 'Where to POST.', examples: ['https://hooks.example.com/falco'] }),
      ...httpOptions,
    },
    { additionalProperties: false },
  ),
  examples: [
    { title: 'Minimal', options: { url: 'https://hooks.example.com/falco' } },
    {
      title: 'With a token, compressed, through a proxy',
      options: {
        url: 'https://hooks.example.com/falco',
        bearer_token: 'a-secret-token',
        gzip: true,
        proxy: 'http://proxy.example.com:3128',
      },
    },
  ],
  batch: { events: 100, size: 1_000_000, every: 1_000 },
  mapper: 'falco',
  notes: `Every request carries \`idempotency-key: <batch id>\`, the same on each attempt, so that the receiver can tell a repeated batch.

Retried: network faults, 401, 403, 404, 408, 429 (after \`Retry-After\`), 5xx and every other status. Set aside as dead
letters: what is answered with 400, 413, 415 or 422; a batch refused as a whole is halved until the guilty events are found.`,
  create(options, context) {
    const http = httpClient(options, context);
    const toJson = recordJson(context.mapper);
    return {
      deliver: ({ id, records }, signal) =>
        http.post(options.url, `[${records.map(toJson).join(',')}]`, signal, { 'idempotency-key': id }),
      stop: async () => http.close(),
    };
  },
});
