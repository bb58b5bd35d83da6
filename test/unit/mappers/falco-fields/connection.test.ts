import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../../core/sdk/index.ts';
import { connectionOf } from '../../../../mappers/falco-fields/connection.ts';
import { Fields } from '../../../../mappers/falco-fields/fields.ts';

/** The connection, and the names of the fields that stay. */
function of(values: Record<string, FieldValue>, isHostname?: (text: string) => boolean) {
  const fields = new Fields(Object.assign(Object.create(null), values));
  const connection = connectionOf(fields, isHostname);
  return { connection, left: Object.keys(fields.rest(true)) };
}
const end = (ip: string, port?: number, hostname?: string) => ({ ip, port, hostname });
const TUPLE = { 'fd.name': '10.1.2.3:40312->10.96.0.1:443' };
const CLIENT = end('10.1.2.3', 40312);
const SERVER = end('10.96.0.1', 443);

describe('connectionOf', () => {
  it('reads the tuple, the client first', () => {
    expect(of({ ...TUPLE, 'fd.l4proto': 'tcp', 'fd.type': 'ipv4' })).toEqual({
      connection: { client: CLIENT, server: SERVER, local: undefined, protocol: 'tcp', ipVersion: 4 },
      left: [],
    });
    const six = of({ 'fd.name': '::1:5->fe80::2:65535', 'fd.type': 'ipv6' });
    expect(six.connection).toMatchObject({
      client: end('::1', 5),
      server: end('fe80::2', 65535),
      ipVersion: 6,
    });
    expect(six.left).toEqual([]);
    expect(of({ ...TUPLE, 'fd.type': 'ipv6' }).left).toEqual(['fd.type']);
  });

  it.each([
    '/etc/passwd',
    '10.1.2.3:40312',
    '10.1.2.3:40312->',
    '->10.1.2.3:40312',
    '10.1.2.3:40312->host:1',
    'host:1->10.1.2.3:1',
    '10.1.2.3->10.1.2.4:1',
    '10.1.2.3:65536->10.1.2.4:1',
    '10.1.2.3:1->10.1.2.4:65536',
    '10.1.2.3:01->10.1.2.4:1',
    '10.1.2.3:->10.1.2.4:1',
    ':1->10.1.2.4:1',
    '10.1.2.3:1->fe80::1%eth0:1',
  ])('takes no other name for a tuple: %s', (name) => {
    expect(of({ 'fd.name': name })).toEqual({ connection: undefined, left: ['fd.name'] });
  });

  it('takes the smallest and the largest port', () => {
    expect(of({ 'fd.name': '10.1.2.3:0->10.1.2.4:65535' }).connection).toMatchObject({
      client: { port: 0 },
      server: { port: 65535 },
    });
    const ports = (port: FieldValue) =>
      of({ 'fd.cip': '10.0.0.1', 'fd.cport': port }).connection?.client?.port;
    expect([0, 65_535, -1, 65_536, '80'].map(ports)).toEqual([0, 65_535, undefined, undefined, 80]);
  });

  it('needs a field of the family, and an address', () => {
    expect(of({ 'proc.name': 'sh' })).toEqual({ connection: undefined, left: ['proc.name'] });
    const none = of({ 'fd.cport': 80, 'fd.is_server': 'true', 'fd.cip': 'x' });
    expect(none).toEqual({ connection: undefined, left: ['fd.cport', 'fd.is_server', 'fd.cip'] });
  });

  it('prefers the fields of an end to the tuple, which stays', () => {
    const { connection, left } = of({
      ...TUPLE,
      'fd.cip': '192.0.2.1',
      'fd.cport': 1,
      'fd.cip.name': 'client.example',
      'fd.sip': '192.0.2.2',
      'fd.sport': 2,
      'fd.sip.name': 'server.example',
    });
    expect(connection).toMatchObject({
      client: end('192.0.2.1', 1, 'client.example'),
      server: end('192.0.2.2', 2, 'server.example'),
    });
    // It says something else, so it stays.
    expect(left).toEqual(['fd.name']);
  });

  it('knows one end alone', () => {
    expect(of({ 'fd.sip': '192.0.2.2' }).connection).toEqual({
      client: undefined,
      server: end('192.0.2.2'),
      local: undefined,
      protocol: undefined,
      ipVersion: 4,
    });
    expect(of({ 'fd.cip': '::2' }).connection).toMatchObject({
      client: end('::2'),
      server: undefined,
      ipVersion: 6,
    });
  });

  it('leaves a hostname that the record does not take', () => {
    const { connection, left } = of({ ...TUPLE, 'fd.sip.name': 'not a host' }, (text) => !text.includes(' '));
    expect([connection?.server?.hostname, left]).toEqual([undefined, ['fd.sip.name']]);
  });

  it.each<[Record<string, FieldValue>, string | undefined]>([
    [{ 'fd.is_server': true }, 'server'],
    [{ 'fd.is_server': false }, 'client'],
    [{ 'fd.is_server': 'true', 'evt.type': 'connect' }, 'server'],
    [{ 'fd.is_server': 'maybe', 'evt.type': 'connect' }, 'client'],
    [{ 'evt.type': 'connect' }, 'client'],
    [{ 'evt.type': 'accept' }, 'server'],
    [{ 'evt.type': 'accept4' }, 'server'],
    [{ 'evt.type': 'listen' }, 'server'],
    [{ 'evt.type': 'read' }, undefined],
    [{ 'fd.lport': 40312 }, 'client'],
    [{ 'fd.lport': '443' }, 'server'],
    [{ 'fd.lport': 80 }, undefined],
  ])('tells which end the host is: %j', (more, side) => {
    const { connection, left } = of({ ...TUPLE, ...more });
    expect(connection?.local).toBe(side);
    const flag = more['fd.is_server'];
    expect(left.includes('fd.is_server')).toBe(flag === 'maybe');
  });

  it('tells it by the ports of fields too, if they differ', () => {
    const ends = { 'fd.cip': '10.0.0.1', 'fd.sip': '10.0.0.2' };
    const local = (client: number, server: number, port: number) =>
      of({ ...ends, 'fd.cport': client, 'fd.sport': server, 'fd.lport': port }).connection?.local;
    expect([local(1, 2, 1), local(1, 2, 2), local(1, 2, 3), local(2, 2, 2)]).toEqual([
      'client',
      'server',
      undefined,
      undefined,
    ]);
  });

  it('reads local and remote fields once it knows which end is which', () => {
    const local = { 'fd.lip': '10.0.0.1', 'fd.lport': 1 };
    const remote = { 'fd.rip': '10.0.0.2', 'fd.rport': 2 };
    expect(of({ ...local, ...remote, 'evt.type': 'connect' })).toEqual({
      connection: {
        client: end('10.0.0.1', 1),
        server: end('10.0.0.2', 2),
        local: 'client',
        protocol: undefined,
        ipVersion: 4,
      },
      left: ['evt.type'],
    });
    expect(of({ ...local, ...remote, 'evt.type': 'accept' }).connection).toMatchObject({
      client: end('10.0.0.2', 2),
      server: end('10.0.0.1', 1),
    });
  });

  it('calls the local end the client where nothing tells which is', () => {
    const local = { 'fd.lip': '10.0.0.1', 'fd.lport': 1 };
    const remote = { 'fd.rip': '198.51.100.7', 'fd.rport': '3333', 'fd.rip.name': 'pool.example' };
    const ends = {
      client: end('10.0.0.1', 1),
      server: end('198.51.100.7', 3333, 'pool.example'),
      local: undefined,
    };
    expect(of({ ...local, ...remote, 'evt.type': 'sendto' })).toMatchObject({
      connection: ends,
      left: ['evt.type'],
    });
    expect(of(remote)).toMatchObject({ connection: { ...ends, client: undefined }, left: [] });
    expect(of(local).connection).toMatchObject({ client: ends.client, server: undefined });
    expect(of({ 'fd.rip.name': 'pool.example' }).connection).toEqual({
      client: undefined,
      server: { ip: undefined, port: undefined, hostname: 'pool.example' },
      local: undefined,
      protocol: undefined,
      ipVersion: undefined,
    });
  });

  it.each<[Record<string, FieldValue>, string | undefined]>([
    [{ ...TUPLE, 'fd.rip': '10.96.0.1' }, 'client'],
    [{ ...TUPLE, 'fd.rip': '10.1.2.3' }, 'server'],
    [{ ...TUPLE, 'fd.lip': '10.96.0.1' }, 'server'],
    [{ ...TUPLE, 'fd.rip': '192.0.2.9' }, undefined],
    [{ ...TUPLE, 'fd.lip': '10.1.2.3', 'fd.rip': '10.1.2.3' }, undefined],
    [{ 'fd.name': '10.1.2.3:1->10.1.2.3:2', 'fd.rip': '10.1.2.3' }, undefined],
    [{ 'fd.cip': '10.1.2.3', 'fd.rip': '10.96.0.1' }, 'client'],
    [{ 'fd.cip': '10.1.2.3', 'fd.rip': '10.1.2.3' }, 'server'],
    [{ 'fd.sip': '10.96.0.1', 'fd.rip': '10.1.2.3' }, 'server'],
  ])('tells by the addresses which end the host is: %j', (values, side) => {
    expect(of(values).connection?.local).toBe(side);
  });

  it('takes local and remote fields that repeat an end, and leaves others', () => {
    const repeated = {
      'fd.lip': '10.1.2.3',
      'fd.lport': 40312,
      'fd.rip': '10.96.0.1',
      'fd.rport': 443,
      'fd.sip.name': 'api',
      'fd.rip.name': 'api',
    };
    expect(of({ ...TUPLE, ...repeated, 'evt.type': 'connect' }).left).toEqual(['evt.type']);
    const other = { ...repeated, 'fd.lip': '10.9.9.9', 'fd.rport': 444, 'fd.rip.name': 'other' };
    expect(of({ ...TUPLE, ...other, 'evt.type': 'connect' }).left).toEqual([
      'fd.lip',
      'fd.rport',
      'fd.rip.name',
      'evt.type',
    ]);
  });
});
