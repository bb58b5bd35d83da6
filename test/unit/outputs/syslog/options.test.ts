import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../../core/sdk/contract/facts.ts';
import syslog from '../../../../outputs/syslog/index.ts';
import { decoded } from './options.ts';

const host = 'syslog.example.com';
const claim = (given: Record<string, unknown>, mapper = 'falco') =>
  syslog.claims!(decoded({ host, ...given }), { mapperRef: { type: mapper } } as never);

describe('the options of syslog', () => {
  it('have defaults', () => {
    expect(decoded({ host })).toEqual({
      host,
      port: 514,
      protocol: 'tcp',
      confirm: false,
      framing: 'octet_counting',
      format: 'json',
      facility: 'user',
      app_name: 'Falco',
      max_message_size: 8192,
      bom: false,
    });
  });

  it('confirm deliveries over TCP and TLS that the server has read, and no others', () => {
    const confirms = (given: object) => factsOf(syslog, decoded({ host, ...given })).confirms;
    expect(confirms({})).toBe(false);
    expect(confirms({ tls: {} })).toBe(false);
    expect(confirms({ protocol: 'udp' })).toBe(false);
    expect(confirms({ confirm: true })).toBe(true);
    expect(confirms({ confirm: true, tls: {} })).toBe(true);
  });

  it.each([
    [{ protocol: 'udp', tls: {} }, 'tls: cannot be combined with protocol "udp"'],
    [{ protocol: 'udp', confirm: true }, 'confirm: cannot be combined'],
    [{ protocol: 'udp', max_message_size: '64KiB' }, 'at most 65507B'],
    [{ structured_data: { falco: {} } }, '"falco" is not an SD-ID'],
    [{ structured_data: { 'falco@x': {} } }, 'is not an SD-ID'],
    [{ structured_data: { 'fal co@1': {} } }, 'is not an SD-ID'],
    [{ structured_data: { [`${'x'.repeat(31)}@1`]: {} } }, 'is not an SD-ID'],
    [{ structured_data: { 'falco@1': { 'a=b': 'x' } } }, '"a=b" in "falco@1" is not a parameter name'],
    [{ structured_data: { 'falco@1': { 'a]': 'x' } } }, 'is not a parameter name'],
    [{ structured_data: { 'falco@1': { '': 'x' } } }, 'is not a parameter name'],
  ])('are refused together: %j', (given, message) => {
    expect(() => claim(given)).toThrow(message);
  });

  it('are refused with a mapper that CEF does not use', () => {
    expect(() => claim({ format: 'cef' }, 'ocsf')).toThrow('"cef" uses no mapper');
    expect(claim({ format: 'cef' })).toEqual([]);
    expect(claim({}, 'ocsf')).toEqual([]);
  });

  it('take structured data with names of RFC 5424', () => {
    const structured_data = { 'falco@32473.1.2': { '!#$~<>^\\': 'x' }, timeQuality: { tzKnown: '1' } };
    expect(claim({ structured_data, max_message_size: '64KiB' })).toEqual([]);
  });

  it.each([
    { app_name: '' },
    { app_name: 'two words' },
    { app_name: 'x'.repeat(49) },
    { facility: 'local8' },
    { max_message_size: '100B' },
    { port: 0 },
    { structured_data: { 'falco@1': { a: '{{' } } },
    { typo: 1 },
  ])('are refused by the schema: %j', (given) => {
    expect(() => decoded({ host, ...given })).toThrow();
  });
});
