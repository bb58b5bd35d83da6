import { describe, expect, it } from 'vitest';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { alert, mapped } from './support.ts';

const NETWORK = alert({
  'container.id': '0123456789ab',
  'container.name': 'web',
  'evt.type': 'connect',
  'fd.name': '10.0.0.1:40000->10.0.0.2:443',
  'fd.type': 'ipv4',
  'fd.cip': '10.0.0.1',
  'fd.sip': '10.0.0.2',
  'k8s.ns.name': 'shop',
  'k8s.pod.name': 'web-1',
  'k8s.pod.uid': 'b0d1',
  'proc.cmdline': 'curl x',
  'proc.name': 'curl',
  'user.name': 'app',
});
const FILE = alert({ 'fd.name': '/etc/shadow', 'fd.type': 'file', 'proc.name': 'cat' });
const AUDIT = alert(
  { 'ka.user.name': 'alice', 'ka.verb': 'create', 'ka.sourceips': ['10.0.0.9'] },
  { source: 'k8s_audit' },
);

type Seen = [name: string, type_id: number, type: string, value: string];

const seen = (of: typeof FILE, options: Partial<OcsfOptions>): Seen[] =>
  mapped(of, options).observables.map(({ name, type_id, type, value }: Record<string, unknown>) => [
    name,
    type_id,
    type,
    value,
  ]);

const security = { class: 'security_finding' } as const;

describe('observables', () => {
  it.each(['1.1.0', '1.3.0'] as const)('of a connection, %s', (version) => {
    expect(seen(NETWORK, { version })).toEqual([
      ['device.hostname', 1, 'Hostname', 'node-1'],
      ['evidences[].src_endpoint.ip', 2, 'IP Address', '10.0.0.1'],
      ['evidences[].dst_endpoint.ip', 2, 'IP Address', '10.0.0.2'],
      ['evidences[].actor.process.name', 9, 'Process Name', 'curl'],
      ['evidences[].actor.process.user.name', 4, 'User Name', 'app'],
      ...(version === '1.3.0'
        ? [['evidences[].actor.process.cmd_line', 13, 'Command Line', 'curl x'] satisfies Seen]
        : []),
      ['resources[].uid', 10, 'Resource UID', '0123456789ab'],
      ['resources[].uid', 10, 'Resource UID', 'b0d1'],
    ]);
    expect(seen(NETWORK, { ...security, version })).toEqual([
      ['process.name', 9, 'Process Name', 'curl'],
      ['process.user.name', 4, 'User Name', 'app'],
      ...(version === '1.3.0' ? [['process.cmd_line', 13, 'Command Line', 'curl x'] satisfies Seen] : []),
      ['resources[].name', 1, 'Hostname', 'node-1'],
      ['resources[].uid', 10, 'Resource UID', '0123456789ab'],
      ['resources[].uid', 10, 'Resource UID', 'b0d1'],
      // The class has no endpoints.
      ['unmapped', 2, 'IP Address', '10.0.0.1'],
      ['unmapped', 2, 'IP Address', '10.0.0.2'],
    ]);
  });

  it('of a file and of a request to the Kubernetes API', () => {
    expect(seen(FILE, {})).toEqual([
      ['device.hostname', 1, 'Hostname', 'node-1'],
      ['evidences[].file.name', 7, 'File Name', 'shadow'],
      ['evidences[].actor.process.name', 9, 'Process Name', 'cat'],
    ]);
    // The host is that of Falco, and nothing to search by.
    expect(seen(AUDIT, {})).toEqual([
      ['evidences[].src_endpoint.ip', 2, 'IP Address', '10.0.0.9'],
      ['evidences[].actor.user.name', 4, 'User Name', 'alice'],
    ]);
  });

  it('of every address, wherever it is', () => {
    const miner = alert({
      'proc.name': 'xmrig',
      'fd.rip': '198.51.100.7',
      'fd.rport': 3333,
      'fd.name': null,
    });
    expect(seen(miner, {})).toContainEqual(['evidences[].dst_endpoint.ip', 2, 'IP Address', '198.51.100.7']);
    expect(seen(miner, security)).toContainEqual(['unmapped', 2, 'IP Address', '198.51.100.7']);
    const more = alert({
      'ka.sourceips': ['10.0.0.9', '10.0.0.1'],
      'my.peer': '2001:db8::7',
      'my.peers': '(192.0.2.1, 192.0.2.2)',
      'my.connection': '192.0.2.3:1->192.0.2.4:2',
      'my.text': 'from 192.0.2.5',
      'my.version': '1.2.3',
    });
    const found = (options: Partial<OcsfOptions>) =>
      seen(more, options)
        .filter(([, type]) => type === 2)
        .map(([name, , , value]) => [name, value]);
    const anywhere = ['2001:db8::7', '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
    expect(found({})).toEqual([
      ['evidences[].src_endpoint.ip', '10.0.0.9'],
      ['evidences[].src_endpoint.intermediate_ips[]', '10.0.0.1'],
      ...anywhere.map((address) => ['unmapped', address]),
    ]);
    expect(found(security)).toEqual(['10.0.0.9', '10.0.0.1', ...anywhere].map((each) => ['unmapped', each]));
  });
});
