import { describe, expect, it } from 'vitest';
import { decodeOptions } from '../../../../../core/config/check/decode-options.ts';
import type { JsonSchema } from '../../../../../core/config/schema/json-schema.ts';
import { loginOptions, secret, serverOptions, Type, tlsOption } from '../../../../../core/sdk/index.ts';

const schema = Type.Object({
  ...serverOptions({ port: 514, server: 'syslog server', falcosidekick: 'syslog' }),
  ...loginOptions(),
  token: Type.Optional(secret({ excludes: ['username'], description: 'A token.' })),
  tls: Type.Optional(tlsOption),
}) as JsonSchema;

const problems = (given: unknown) => {
  const result = decodeOptions(schema, given);
  return result.ok ? [] : result.problems;
};

describe('decodeOptions', () => {
  it('gives what create gets', () => {
    expect(decodeOptions(schema, { host: 'logs.example.com', tls: {} })).toEqual({
      ok: true,
      options: { host: 'logs.example.com', port: 514, tls: { insecure: false } },
    });
    expect(decodeOptions(schema, { host: '::1', port: 6514, tls: undefined })).toEqual({
      ok: true,
      options: { host: '::1', port: 6514 },
    });
  });

  it.each<[unknown, string[]]>([
    [{}, ['the option "host" is missing. host: Name or IP address of the syslog server, without the port.']],
    [
      { host: 'a', port: '514', tls: { insecure: 'yes' } },
      [
        'port: must be a whole number, not a string. Write it without quotes: 514.',
        'tls.insecure: must be true or false, not a string. Write true, without quotes.',
      ],
    ],
    [{ host: 'a', prot: 1 }, ['unknown option "prot"; did you mean "port"?']],
    [{ host: 'a', username: 'me' }, ['username: requires "password"']],
    [{ host: 'a', password: 'hunter2' }, ['password: requires "username"']],
    [
      { host: 'a', username: 'me', password: 'hunter2', token: 'hunter3' },
      ['token: cannot be combined with "username". Remove one of them.'],
    ],
    [[], ['must be a mapping, not a list. For example: { host: syslog.example.com }']],
    ['hunter2', ['must be a mapping, not a string. For example: { host: syslog.example.com }']],
  ])('says what validate says of %j', (given, told) => {
    expect(problems(given)).toEqual(told);
    expect(JSON.stringify(problems(given))).not.toContain('hunter');
  });

  it.each([
    ['logs.example.com', undefined],
    ['node_1', undefined],
    ['192.0.2.1', undefined],
    ['2001:db8::1', undefined],
    ['', 'is empty'],
    ['logs:514', 'contains a port: set "port" instead'],
    ['[::1]:514', 'contains a port: set "port" instead'],
    ['[::1]', 'is in brackets: write the IPv6 address without brackets'],
    ['tcp://logs', 'is a URL: write only the host'],
    ['two words', 'is neither a name nor an IP address'],
  ])('takes a host, and no port with it: %s', (host, reason) => {
    expect(problems({ host })).toEqual(reason === undefined ? [] : [`host: "${host}" ${reason}`]);
  });

  it('lets the port have no default', () => {
    const bare = Type.Object(serverOptions()) as JsonSchema;
    expect(decodeOptions(bare, { host: 'a' })).toEqual({
      ok: false,
      problems: ['the option "port" is missing. port: Port of the server.'],
    });
  });
});
