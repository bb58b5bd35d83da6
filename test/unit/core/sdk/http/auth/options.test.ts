import type { Static } from 'typebox';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { decodeOptions } from '../../../../../../core/config/check/decode-options.ts';
import type { JsonSchema } from '../../../../../../core/config/schema/json-schema.ts';
import { checkDefinition } from '../../../../../../core/plugins/check.ts';
import { httpClient } from '../../../../../../core/sdk/http/client.ts';
import type { HttpOptions } from '../../../../../../core/sdk/index.ts';
import {
  type AuthKind,
  authOption,
  defineOutput,
  httpOptions,
  httpUrl,
  overHttp,
  Type,
} from '../../../../../../core/sdk/index.ts';
import { misbehaving, neverAborts } from '../../../../outputs/support.ts';

const ALL: readonly AuthKind[] = ['basic', 'bearer', 'header', 'oauth2', 'gcp', 'azure', 'aws'];

const url = httpUrl({ description: 'Where to.' });
const narrowed = Type.Object({
  url,
  ...httpOptions,
  auth: authOption({ kinds: ['header', 'oauth2'], headerName: 'X-Api-Key' }),
});

/** The options `auth` as an output gets them, or what is wrong with them. */
function decode(schema: object, auth: object) {
  const result = decodeOptions(schema as JsonSchema, { url: 'https://a.example', auth });
  return result.ok ? (result.options as HttpOptions).auth : result.problems.join('; ');
}

describe('authOption', () => {
  it('offers all kinds, or those that the service knows', () => {
    expect(Object.keys(authOption().properties)).toEqual(ALL);
    expect(Object.keys(narrowed.properties.auth.properties)).toEqual(['header', 'oauth2']);
    expectTypeOf<keyof Static<typeof narrowed>['auth']>().toEqualTypeOf<'header' | 'oauth2'>();
    expect(decode(narrowed, { bearer: { token: 'a-token-1234' } })).toMatch(/bearer/);
    expect(decode(narrowed, {})).toEqual(expect.any(String));
  });

  it('refuses to offer none', () => {
    expect(() => authOption({ kinds: [] })).toThrow('authOption: kinds is empty');
  });

  it('fixes the name of the header, which need not be written', () => {
    const header = { name: 'X-Api-Key', value: 'a-key-1234' };
    expect(decode(narrowed, { header: { value: 'a-key-1234' } })).toEqual({ header });
    expect(decode(narrowed, { header })).toEqual({ header });
    expect(decode(narrowed, { header: { ...header, name: 'X-Other' } })).toMatch(/X-Api-Key/);
  });

  it('wants the name where it is not fixed', () => {
    const open = Type.Object({ url, auth: authOption({ kinds: ['header'] }) });
    expect(decode(open, { header: { value: 'a-key-1234' } })).toMatch(/name/);
  });

  it('sends the value in the fixed header', async () => {
    const server = await misbehaving((_, response) => response.end());
    const auth = decode(narrowed, { header: { value: 'a-key-1234' } }) as NonNullable<HttpOptions['auth']>;
    const http = httpClient({ url: server.url, auth }, { configDir: '/' });
    onTestFinished(async () => {
      http.close();
      await server.stop();
    });
    await http.post('', '', neverAborts());
    expect(server.received[0]?.headers['x-api-key']).toBe('a-key-1234');
  });

  it.each(ALL.flatMap((kind) => [[kind, undefined] as const, [kind, 'X-Api-Key'] as const]))(
    'has an example of %s alone that is valid, with the header %s',
    (kind, headerName) => {
      const auth = authOption({ kinds: [kind], ...(headerName !== undefined && { headerName }) });
      const { examples } = auth as unknown as { examples: readonly object[] };
      expect(decode(Type.Object({ url, auth }), examples[0]!)).toMatchObject({ [kind]: expect.any(Object) });
    },
  );

  it('is an option that definitions may have', () => {
    const definition = defineOutput({
      apiVersion: 1,
      type: 'tickets',
      summary: 'Opens tickets.',
      options: narrowed,
      examples: [
        { title: 'Minimal', options: { url: 'https://a.example', auth: { header: { value: 'a-key' } } } },
      ],
      batch: { events: 10 },
      create: (_, { http }) => overHttp(http, { body: ({ records }) => records.join() }),
    });
    expect(checkDefinition('output', definition)).toEqual([]);
  });
});
