import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, type JsonSchema } from '../../../../core/config/schema/json-schema.ts';
import { columnsOf, type Event, fieldText, stringify } from '../../../../core/sdk/index.ts';
import ecs from '../../../../mappers/ecs/index.ts';
import { schema } from '../../../../mappers/ecs/schema.ts';
import { composedEvents, realEvents } from '../../../support/corpus.ts';
import { decoded } from '../../../support/decoded.ts';
import { runs } from '../../../support/runs.ts';
import { distinctFields, eventText } from '../arbitrary.ts';
import { instantOf } from '../ocsf/accounting.ts';
import { alert, event, RECEIVED } from '../ocsf/support.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const mapper = (options = {}) => ecs.create(decoded(ecs, options), { log });

/** The record as it is sent: JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records by path.
function mapped(of: Event, options = {}): any {
  const result = mapper(options).map(of);
  if (!result.ok) throw new Error(result.reason);
  return JSON.parse(stringify(result.record as never));
}

const MISSING: readonly unknown[] = [null, '', '<NA>', 'N/A'];
const SAID: Readonly<Record<string, string>> = { directory: 'dir', unix: 'socket', pipe: 'fifo' };

/** The output fields whose value is nowhere in the record outside of the original. */
function lost(
  of: Event,
  record: { event: { original?: string }; falco?: { fields?: Record<string, string> } },
) {
  const { original, ...rest } = record.event;
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
    else if (value !== undefined) found.add(String(value));
  };
  walk({ ...record, event: rest });
  const pieces = (key: string, text: string): string[] => {
    if (key === 'fd.name' && text.includes('->')) {
      return text.split('->').map((end) => end.slice(0, end.lastIndexOf(':')));
    }
    if (key === 'fd.type') return [SAID[text] ?? text];
    if (key === 'fd.is_server') return [text === 'true' ? 'ingress' : 'egress'];
    if (/^\(.*\)$/s.test(text)) return text.slice(1, -1).split(',');
    return [text];
  };
  return Object.entries(of.fields)
    .filter(([key, value]) => {
      if (MISSING.includes(value) || record.falco?.fields?.[key] === fieldText(value)) return false;
      if (found.has(fieldText(value))) return false;
      // falco.time has all of its digits.
      if (key.startsWith('evt.') && fieldText(value) === instantOf(of)) return false;
      // The short id is the beginning of the full one.
      if (key === 'container.id') return ![...found].some((one) => one.startsWith(fieldText(value)));
      const parts = Array.isArray(value) ? value.map(fieldText) : pieces(key, fieldText(value));
      return !parts.every((part) => found.has(part));
    })
    .map(([key]) => key);
}

describe('ecs', () => {
  it('puts a system call where Elastic looks for it', () => {
    const record = mapped(
      alert(
        {
          'proc.name': 'sh',
          'proc.pid': 42,
          'proc.exepath': '/bin/sh',
          'proc.cmdline': 'sh -i',
          'proc.pname': 'runc',
          'user.name': 'root',
          'user.uid': 0,
          'container.id': 'abcdef012345',
          'container.full_id': 'abcdef0123456789',
          'container.image.repository': 'docker.io/library/nginx',
          'container.image.tag': '1.27',
          'k8s.ns.name': 'shop',
          'k8s.pod.name': 'web-0',
          'fd.name': '10.1.2.3:40312->10.96.0.1:443',
          'fd.l4proto': 'tcp',
          'evt.type': 'connect',
          'evt.arg.flags': 'O_RDONLY',
          'proc.tty': null,
        },
        { tags: ['mitre_execution', 'T1059.004'] },
      ),
    );
    expect(record).toMatchObject({
      '@timestamp': '2026-07-11T09:44:58.682Z',
      message: 'something happened',
      event: {
        kind: 'alert',
        category: ['intrusion_detection', 'process', 'network'],
        action: 'connect',
        severity: 21,
        created: new Date(RECEIVED).toISOString(),
        provider: 'syscall',
      },
      rule: { name: 'A rule' },
      log: { level: 'notice', syslog: { severity: { code: 5, name: 'Notice' } } },
      threat: {
        framework: 'MITRE ATT&CK',
        tactic: { id: ['TA0002'], name: ['Execution'] },
        technique: { id: ['T1059'], subtechnique: { id: ['T1059.004'] } },
      },
      process: {
        name: 'sh',
        pid: 42,
        executable: '/bin/sh',
        command_line: 'sh -i',
        parent: { name: 'runc' },
      },
      user: { name: 'root', id: '0' },
      container: { id: 'abcdef0123456789', image: { name: 'docker.io/library/nginx', tag: ['1.27'] } },
      orchestrator: { type: 'kubernetes', namespace: 'shop', resource: { type: 'pod', name: 'web-0' } },
      source: { ip: '10.1.2.3', port: 40312 },
      destination: { ip: '10.96.0.1', port: 443 },
      network: { transport: 'tcp', type: 'ipv4', direction: 'egress' },
      related: { ip: ['10.1.2.3', '10.96.0.1'], user: ['root'], hosts: ['node-1'] },
      falco: { time: '2026-07-11T09:44:58.682419669Z', fields: { 'evt.arg.flags': 'O_RDONLY' } },
    });
    expect(Object.keys(record.falco.fields)).toEqual(['evt.arg.flags']);
  });

  it('reads audit logs', () => {
    const k8s = alert({
      'ka.verb': 'create',
      'ka.user.name': 'eve',
      'ka.user.groups': ['dev', 'ops'],
      'ka.sourceips': ['10.0.0.9', '10.0.0.1'],
      'ka.target.resource': 'pods',
      'ka.target.name': 'web-0',
      'ka.response.code': 201,
    });
    expect(mapped(k8s)).toMatchObject({
      event: { action: 'create' },
      user: { name: 'eve', roles: ['dev', 'ops'] },
      source: { ip: '10.0.0.9' },
      related: { ip: ['10.0.0.9', '10.0.0.1'] },
      orchestrator: { type: 'kubernetes', resource: { type: 'pods', name: 'web-0' } },
      http: { response: { status_code: 201 } },
    });
    const cloud = alert({
      'ct.name': 'CreateStack',
      'ct.srcip': 'cloudformation.amazonaws.com',
      'ct.region': 'eu-west-1',
      'ct.recipientaccountid': '123456789012',
    });
    expect(mapped(cloud)).toMatchObject({
      cloud: { provider: 'aws', region: 'eu-west-1', account: { id: '123456789012' } },
      source: { address: 'cloudformation.amazonaws.com' },
    });
    expect(mapped(cloud).source.ip).toBeUndefined();
  });

  it.each([
    ['fd.cip', '192.0.2.9'],
    ['fd.sport', 8443],
  ])('keeps a tuple that %s contradicts', (field, value) => {
    const name = '192.0.2.1:40312->198.51.100.1:443';
    expect(mapped(alert({ 'fd.name': name })).falco.fields?.['fd.name']).toBeUndefined();
    expect(mapped(alert({ 'fd.name': name, [field]: value })).falco.fields['fd.name']).toBe(name);
  });

  it('knows the host from a container', () => {
    const record = mapped(alert({ 'container.id': 'host', 'container.name': 'host' }));
    expect(record.container).toBeUndefined();
    expect(record.falco.fields).toEqual({ 'container.id': 'host', 'container.name': 'host' });
  });

  it('keeps the original, unless told otherwise, and bytes that are no text', () => {
    const text = '{"rule":"r","priority":"Debug","time":"2026-01-02T03:04:05Z","x":null}';
    expect(mapped(event(text)).event.original).toBe(text);
    expect(mapped(event(text), { original: false })).toMatchObject({
      event: expect.not.objectContaining({ original: text }),
      falco: { fields: { x: 'null' } },
    });
    const broken = Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"y":"\xff"}', 'latin1')]);
    expect(mapped(event(broken)).falco.fields.original_base64).toBe(broken.toString('base64'));
  });

  it('has columns that a lake can hold', () => {
    expect(columnsOf(schema).map(({ name }) => name)).toContain('@timestamp');
  });

  it('loses no field of any event, and fits its schema', () => {
    const one = eventText.map(event);
    const other = distinctFields.map((fields) => alert(fields));
    fc.assert(
      fc.property(fc.oneof(one, other), fc.boolean(), (of, original) => {
        const result = mapper({ original }).map(of);
        if (!result.ok) throw new Error(result.reason);
        expect(fits(schema as JsonSchema, { ...(result.record as object) })).toBe(true);
        expect(lost(of, result.record as never)).toEqual([]);
        expect(stringify(mapper({ original }).map(of) as never)).toBe(stringify(result as never));
      }),
      { numRuns: runs(150) },
    );
  });

  it('loses no field of the real events', () => {
    for (const line of [...realEvents(), ...composedEvents()]) {
      const of = event(line);
      const record = mapped(of);
      expect(record.event.original).toBe(line);
      expect(lost(of, record)).toEqual([]);
    }
  });
});

it('describes the container', () => {
  const fields = {
    'container.id': 'abc',
    'container.name': 'web',
    'container.type': 'containerd',
    'container.image.repository': 'nginx',
    'container.image.tag': '1',
    'container.image.digest': 'sha256:ab',
  };
  const { container, falco } = mapped(alert(fields));
  expect(container).toEqual({
    id: 'abc',
    name: 'web',
    runtime: 'containerd',
    image: { name: 'nginx', tag: ['1'], hash: { all: ['sha256:ab'] } },
  });
  expect(falco?.fields).toBeUndefined();
});
