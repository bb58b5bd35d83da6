import { describe, expect, it } from 'vitest';
import { alert, mapped } from './support.ts';

type Case = [source: string, fields: Record<string, unknown>, resource: Record<string, unknown>];

/** A resource each, as no other test has them. */
const RESOURCES: Case[] = [
  ['gcp_auditlog', { 'gcp.cloudfunctions.function': 'f' }, { type: 'GcpCloudFunction', name: 'f' }],
  ['gcp_auditlog', { 'gcp.cloudsql.databaseId': 'd' }, { type: 'GcpCloudSqlDatabase', name: 'd' }],
  ['gcp_auditlog', { 'gcp.compute.networkId': '7' }, { type: 'GcpNetwork', uid: '7' }],
  [
    'gcp_auditlog',
    { 'gcp.compute.subnetwork': 's', 'gcp.compute.subnetworkId': '8' },
    { type: 'GcpSubnetwork', name: 's', uid: '8' },
  ],
  ['gcp_auditlog', { 'gcp.dns.zone': 'z' }, { type: 'GcpDnsZone', name: 'z' }],
  ['gcp_auditlog', { 'gcp.logging.sink': 'l' }, { type: 'GcpLoggingSink', name: 'l' }],
  ['github', { 'github.collaborator.name': 'eve' }, { type: 'GitHubUser', name: 'eve' }],
  ['github', { 'github.workflow.filename': 'ci.yml' }, { type: 'GitHubWorkflow', name: 'ci.yml' }],
  ['okta', { 'okta.target.user.name': 'Eve' }, { type: 'OktaUser', name: 'Eve' }],
  ['okta', { 'okta.target.group.name': 'Admins' }, { type: 'OktaGroup', name: 'Admins' }],
  [
    'syscall',
    { 'k8s.pod.name': 'web-1', 'k8s.pod.id': 'p1', 'k8s.pod.labels': 'app:web, tier:front' },
    { type: 'KubernetesPod', name: 'web-1', uid: 'p1', labels: ['app:web', 'tier:front'] },
  ],
];

describe('a field, in the column that is its own', () => {
  it.each(RESOURCES)('%s %j is a resource', (source, fields, resource) => {
    // The rest of its family tells the mapper whose event it is.
    const record = mapped(alert(fields, { source }));
    expect(record.resources).toEqual([resource]);
    for (const name of Object.keys(fields)) expect(record.unmapped).not.toHaveProperty([name]);
  });

  it('the thread, from either name', () => {
    for (const name of ['thread.tid', 'proc.tid']) {
      const { evidences, unmapped } = mapped(alert({ 'proc.name': 'sh', [name]: 4711 }));
      expect(evidences[0].actor.process.tid).toBe(4711);
      expect(unmapped).not.toHaveProperty([name]);
    }
  });

  it('the ports of a connection without a tuple, and which of its ends the host is', () => {
    const fields = {
      'evt.type': 'accept',
      'fd.cip': '10.0.0.1',
      'fd.cport': 40000,
      'fd.sip': '10.0.0.2',
      'fd.sport': 443,
      'fd.is_server': true,
    };
    const { evidences, unmapped } = mapped(alert(fields), { version: '1.3.0' });
    expect(evidences[0]).toMatchObject({
      src_endpoint: { ip: '10.0.0.1', port: 40000 },
      dst_endpoint: { ip: '10.0.0.2', port: 443 },
      connection_info: { direction_id: 1, direction: 'Inbound' },
    });
    expect(unmapped).toEqual({ priority: 'Notice' });
    const outbound = mapped(alert({ ...fields, 'fd.is_server': false }), { version: '1.3.0' });
    expect(outbound.evidences[0].connection_info).toMatchObject({ direction_id: 2 });
    // No host can be told from one port that both ends have.
    const either = {
      ...fields,
      'evt.type': 'x',
      'fd.is_server': undefined,
      'fd.cport': 5353,
      'fd.sport': 5353,
      'fd.lport': 5353,
    };
    expect(mapped(alert(either), { version: '1.3.0' }).evidences[0].connection_info?.direction_id).not.toBe(
      1,
    );
  });

  it('a container, but not the host that Falco calls one', () => {
    expect(mapped(alert({ 'container.id': 'c1' })).resources).toEqual([{ type: 'Container', uid: 'c1' }]);
    expect(mapped(alert({ 'container.id': 'host' })).resources).toBeUndefined();
  });

  it('what only repeats the event, in none', () => {
    const repeats = {
      'evt.rawtime': '1783763098682419669',
      'evt.source': 'syscall',
      'evt.hostname': 'node-1',
    };
    expect(mapped(alert(repeats)).unmapped).toEqual({ priority: 'Notice' });
    const others = { 'evt.rawtime': '1', 'evt.source': 'other', 'evt.hostname': 'node-2' };
    expect(mapped(alert(others)).unmapped).toEqual({ ...others, priority: 'Notice' });
  });
});
