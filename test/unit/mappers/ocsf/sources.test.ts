import { describe, expect, it } from 'vitest';
import { attacksOf } from '../../../../mappers/ocsf/mitre/tags.ts';
import { alert, mapped } from './support.ts';

describe('a syscall', () => {
  it('fills process, container and connection', () => {
    const record = mapped(
      alert({
        'evt.time': 1783763098682419669n.toString(),
        'proc.name': 'bash',
        'proc.exepath': '/bin/bash',
        'proc.pname': 'runc',
        'user.name': 'root',
        'user.uid': 0,
        'container.id': 'ee97d9c4186f',
        'container.image.repository': 'alpine',
        'container.image.tag': '3.20',
        'k8s.pod.name': 'web',
        'k8s.ns.name': 'shop',
        'fd.name': '10.1.2.3:40312->10.96.0.1:443',
        'fd.lport': 40312,
        'fd.rport': 443,
        'fd.l4proto': 'tcp',
        'fd.type': 'ipv4',
        'evt.args': '<NA>',
        'proc.cwd': '/root',
      }),
    );
    const [evidence] = record.evidences;
    expect(evidence.actor.process).toMatchObject({
      name: 'bash',
      uid: '11111111-2222-4333-8444-555555555555#process',
      file: { name: 'bash', path: '/bin/bash', parent_folder: '/bin', type_id: 1 },
      user: { name: 'root', uid: '0', type_id: 2 },
      container: { uid: 'ee97d9c4186f', image: { uid: 'alpine:3.20', name: 'alpine', tag: '3.20' } },
      parent_process: { name: 'runc' },
    });
    expect(evidence.src_endpoint).toEqual({ ip: '10.1.2.3', port: 40312 });
    expect(evidence.dst_endpoint).toEqual({ ip: '10.96.0.1', port: 443 });
    expect(evidence.connection_info).toMatchObject({
      direction: 'Outbound',
      protocol_num: 6,
      protocol_ver_id: 4,
    });
    expect(record.metadata.profiles).toEqual(['datetime', 'host', 'container']);
    expect(record.unmapped).toEqual({ 'proc.cwd': '/root', priority: 'Notice' });
    expect(record.time_dt).toBe('2026-07-11T09:44:58.682Z');
  });
});

describe('an audit log', () => {
  it('of Kubernetes tells who called what', () => {
    const record = mapped(
      alert(
        {
          'ka.verb': 'create',
          'ka.auditid': 'a1',
          'ka.user.name': 'ann',
          'ka.user.groups': ['dev', 'ops'],
          'ka.sourceips': ['10.0.0.9', '10.0.0.1'],
          'ka.target.name': 'web',
          'ka.target.resource': 'pods',
          'ka.target.subresource': 'exec',
          'ka.response.code': '200',
          'ka.uri': '/api/v1/pods?x=1',
        },
        { source: 'k8s_audit' },
      ),
      { version: '1.3.0' },
    );
    expect(record.evidences[0]).toMatchObject({
      api: { operation: 'create', request: { uid: 'a1' }, response: { code: 200 } },
      actor: { user: { name: 'ann', groups: [{ name: 'dev' }, { name: 'ops' }] } },
      src_endpoint: { ip: '10.0.0.9', intermediate_ips: ['10.0.0.1'] },
      url: { path: '/api/v1/pods', query_string: 'x=1' },
    });
    expect(record.resources).toContainEqual({ type: 'pods/exec', name: 'web' });
  });

  it('of CloudTrail tells account, region and the event to join', () => {
    const fields = {
      'ct.name': 'PutObject',
      'ct.src': 's3.amazonaws.com',
      'ct.id': 'e-1',
      'ct.user': 'ann',
      'ct.user.accountid': '111122223333',
      'ct.srcip': 'cloudformation.amazonaws.com',
      'ct.region': 'cn-north-1',
      'ct.recipientaccountid': '123456789012',
      's3.bucket': 'b',
    };
    const record = mapped(alert(fields, { source: 'aws_cloudtrail' }));
    expect(record.cloud).toMatchObject({
      provider: 'AWS',
      region: 'cn-north-1',
      account: { uid: '123456789012' },
    });
    expect(record.finding_info.related_events).toEqual([{ uid: 'e-1', product_uid: 'CloudTrail' }]);
    expect(record.evidences[0].src_endpoint).toEqual({ svc_name: 'cloudformation.amazonaws.com' });
    expect(record.resources).toContainEqual({ type: 'AwsS3Bucket', name: 'b', uid: 'arn:aws-cn:s3:::b' });
    const legacy = mapped(alert(fields), { class: 'security_finding' });
    expect(legacy.api.operation).toBe('PutObject');
    expect(legacy.unmapped['ct.user']).toBe('ann');
  });

  it.each([
    ['okta', { 'okta.actor.name': 'Ann', 'okta.client.ip': '192.0.2.1' }, { name: 'Ann' }],
    ['github', { 'github.user': 'ann', 'github.repo.name': 'r' }, { name: 'ann' }],
    [
      'gcp_auditlog',
      { 'gcp.user': 'a@b.co', 'gcp.projectId': 'p' },
      { name: 'a@b.co', email_addr: 'a@b.co' },
    ],
  ])('of %s names the user', (source, fields, user) => {
    expect(mapped(alert(fields, { source })).evidences[0].actor.user).toEqual(user);
  });
});

describe('ATT&CK tags', () => {
  it('pair one tactic with each technique, and never guess', () => {
    expect(attacksOf(['mitre_execution', 'T1059.004', 'container'])).toEqual([
      {
        tactic: { name: 'Execution', uid: 'TA0002' },
        technique: { name: 'Command and Scripting Interpreter', uid: 'T1059' },
        sub_technique: { name: 'Unix Shell', uid: 'T1059.004' },
        version: '16.1',
      },
    ]);
    expect(attacksOf(['mitre_defense_evation', 'TA0011', 'T1562-impair-defenses'])).toHaveLength(3);
    expect(attacksOf(['mitre_data_destruction', 'TA0111', 'container'])).toBeUndefined();
  });
});

it('keeps bytes that are not text, and text that is too long', () => {
  const long = mapped(alert({ 'proc.cmdline': 'x'.repeat(70_000) }));
  expect(long.raw_data).toBeUndefined();
  expect(long.unmapped.raw_data).toContain('x'.repeat(70_000));
  expect(long.unmapped['proc.cmdline']).toHaveLength(70_000);
});
