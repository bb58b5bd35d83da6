import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { alert, event, mapped, RECEIVED } from './support.ts';

const NONE = { priority: 'Notice' };

describe('a system call', () => {
  it('fills process, container and connection, and leaves the rest in unmapped', () => {
    const record = mapped(
      alert({
        'evt.time': 1783763098682419669n.toString(),
        'evt.hostname': 'node-1',
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
      uid: '#process',
      file: { name: 'bash', path: '/bin/bash', parent_folder: '/bin', type_id: 1 },
      user: { name: 'root', uid: '0', type: 'Admin', type_id: 2 },
      container: {
        uid: 'ee97d9c4186f',
        image: { uid: 'alpine:3.20', name: 'alpine', tag: '3.20' },
        orchestrator: 'Kubernetes',
      },
      parent_process: { name: 'runc', uid: '#parent' },
      lineage: ['runc'],
    });
    expect(evidence.src_endpoint).toEqual({ ip: '10.1.2.3', port: 40312 });
    expect(evidence.dst_endpoint).toEqual({ ip: '10.96.0.1', port: 443 });
    expect(evidence.connection_info).toEqual({
      direction: 'Outbound',
      direction_id: 2,
      protocol_name: 'tcp',
      protocol_num: 6,
      protocol_ver: 'Internet Protocol version 4 (IPv4)',
      protocol_ver_id: 4,
    });
    expect(record.metadata.profiles).toEqual(['datetime', 'host', 'container']);
    expect(record.unmapped).toEqual({ 'proc.cwd': '/root', ...NONE });
    expect(record.resources).toEqual([
      { type: 'Container', uid: 'ee97d9c4186f', namespace: 'shop' },
      { type: 'KubernetesPod', name: 'web', namespace: 'shop' },
    ]);
  });

  it('says when it happened, to the millisecond and to the nanosecond', () => {
    const record = mapped(alert({ 'evt.type': 'execve', 'evt.num': 42 }));
    expect(record).toMatchObject({ time: 1783763098682, time_dt: '2026-07-11T09:44:58.682Z' });
    expect(record.finding_info).toMatchObject({ created_time: 1783763098682 });
    expect(record.metadata).toMatchObject({
      original_time: '2026-07-11T09:44:58.682419669Z',
      logged_time_dt: '2026-07-11T09:45:00.000Z',
      event_code: 'execve',
      sequence: 42,
    });
  });

  it('fills what the default rules do not print', () => {
    const record = mapped(
      alert({
        'proc.pid': 7,
        'proc.ppid': 1,
        'proc.pexepath': '/sbin/init',
        'proc.vpid': 3,
        'proc.pid.ts': 1783763098682419669n.toString(),
        'proc.tty': 34816,
        'proc.aname[2]': 'systemd',
        'proc.aname[4]': 'not next',
        'thread.tid': 8,
        'container.id': 'ee97d9c4186f',
        'container.full_id': 'ee97d9c4186fa0',
        'container.type': 'containerd',
        'container.image.digest': `sha256:${'ab'.repeat(32)}`,
        'container.image.id': '6f7e2741b66b',
        'k8s.pod.uid': '0ae9d4a3-b3a4-4f6a-8f0f-0c6a1d0f7d11',
      }),
    );
    expect(record.evidences[0].actor.process).toMatchObject({
      pid: 7,
      tid: 8,
      namespace_pid: 3,
      created_time: 1783763098682,
      session: { terminal: '34816' },
      lineage: ['systemd', '/sbin/init'],
      parent_process: { pid: 1, file: { path: '/sbin/init' } },
      container: {
        uid: 'ee97d9c4186fa0',
        runtime: 'containerd',
        image: { uid: `sha256:${'ab'.repeat(32)}` },
        hash: { algorithm: 'SHA-256', algorithm_id: 3, value: 'ab'.repeat(32) },
        pod_uuid: '0ae9d4a3-b3a4-4f6a-8f0f-0c6a1d0f7d11',
      },
    });
    expect(record.evidences[0].actor.process.uid).toBeUndefined();
    expect(record.unmapped).toEqual({
      'proc.pid.ts': '1783763098682419669',
      'proc.aname[4]': 'not next',
      'container.image.id': '6f7e2741b66b',
      ...NONE,
    });
  });

  const ancestors = {
    'proc.pname': 'bash',
    'proc.pexepath': '/usr/bin/bash',
    'proc.ppid': 30,
    'proc.aname[2]': 'sshd',
    'proc.aexepath[2]': '/usr/sbin/sshd',
    'proc.apid[2]': 20,
    'proc.acmdline[2]': 'sshd: ann',
    // A name of another program than that of the path.
    'proc.aname[3]': 'sh',
    'proc.aexepath[3]': '/bin/busybox',
    'proc.aname[4]': 'init',
  };

  it('names its ancestors from the oldest to the parent, by the path where it is known', () => {
    const record = mapped(alert(ancestors));
    expect(record.evidences[0].actor.process.lineage).toEqual([
      'init',
      '/bin/busybox',
      '/usr/sbin/sshd',
      '/usr/bin/bash',
    ]);
    expect(record.unmapped).toEqual({
      'proc.apid[2]': '20',
      'proc.acmdline[2]': 'sshd: ann',
      'proc.aname[3]': 'sh',
      ...NONE,
    });
  });

  it('tells all of its ancestors from 1.5 on, from the parent to the oldest', () => {
    const record = mapped(alert(ancestors), { version: '1.5.0' });
    const { lineage, ancestry } = record.evidences[0].actor.process;
    expect(lineage).toBeUndefined();
    expect(ancestry).toEqual([
      { name: 'bash', path: '/usr/bin/bash', pid: 30 },
      { name: 'sshd', path: '/usr/sbin/sshd', pid: 20, cmd_line: 'sshd: ann' },
      { name: 'sh', path: '/bin/busybox' },
      { name: 'init' },
    ]);
    expect(record.unmapped).toEqual(NONE);
  });

  it.each([
    ['file', '/etc/shadow', { name: 'shadow', parent_folder: '/etc', type: 'Regular File', type_id: 1 }],
    ['directory', '/etc/', { name: 'etc', parent_folder: '/', type: 'Folder', type_id: 2 }],
    ['pipe', '/run/p', { name: 'p', type: 'Named Pipe', type_id: 6 }],
    ['unix', 'ffff88->ffff99 /run/a.sock', { path: '/run/a.sock', type: 'Local Socket', type_id: 5 }],
    [undefined, '/etc/shadow', { name: 'shadow', type: 'Unknown', type_id: 0 }],
  ])('tells the %s that it touched: %s', (type, name, file) => {
    expect(mapped(alert({ 'fd.type': type, 'fd.name': name })).evidences[0].file).toMatchObject(file);
  });

  it('tells the user alone where no field is of a process, and leaves out ids that mean "nobody"', () => {
    const record = mapped(alert({ 'user.name': 'app', 'user.uid': 4294967295, 'user.loginuid': -1 }));
    expect(record.evidences).toEqual([{ actor: { user: { name: 'app' } } }]);
    expect(record.unmapped).toMatchObject({ 'user.uid': '4294967295', 'user.loginuid': '-1' });
  });

  it('fills the profile linux/linux_users when asked to, and only then', () => {
    const fields = {
      'proc.name': 'sh',
      'user.loginuid': 1000,
      'user.loginname': 'ann',
      'group.gid': 5,
      'group.name': 'tty',
    };
    const asked = mapped(alert(fields), { profiles: ['linux_users'] });
    expect(asked.evidences[0].actor.process).toMatchObject({ auid: 1000, group: { name: 'tty', uid: '5' } });
    expect(asked.metadata.profiles).toEqual(['datetime', 'host', 'linux/linux_users']);
    const unasked = mapped(alert(fields));
    expect(unasked.metadata.profiles).toEqual(['datetime', 'host']);
    expect(unasked.unmapped).toMatchObject({ 'user.loginuid': '1000', 'group.gid': '5' });
  });

  it('names the Kubernetes objects around it, with their labels', () => {
    const record = mapped(
      alert({
        'container.id': 'ee97d9c4186f',
        'container.labels': 'maintainer:Ann, of shop',
        'k8smeta.pod.name': 'web-0',
        'k8smeta.pod.uid': 'u-1',
        'k8smeta.pod.labels': ['app:web', 'tier:front'],
        'k8smeta.ns.name': 'shop',
        'k8smeta.deployment.name': 'web',
        'k8smeta.svc.name': ['web', 'web-admin'],
        'k8smeta.svc.uid': ['s-1', 's-2'],
        'k8s.rs.name': 'web-75d',
        'k8s.rs.labels': 'app:web,hash:75d',
      }),
    );
    const namespace = 'shop';
    expect(record.resources).toEqual([
      { type: 'Container', uid: 'ee97d9c4186f', namespace },
      { type: 'KubernetesReplicaSet', name: 'web-75d', namespace, labels: ['app:web', 'hash:75d'] },
      { type: 'KubernetesPod', name: 'web-0', uid: 'u-1', namespace, labels: ['app:web', 'tier:front'] },
      { type: 'KubernetesDeployment', name: 'web', namespace },
      { type: 'KubernetesService', name: 'web', uid: 's-1', namespace },
      { type: 'KubernetesService', name: 'web-admin', uid: 's-2', namespace },
    ]);
    // A comma inside of a value: where a label ends is not told.
    expect(record.unmapped).toEqual({ 'container.labels': 'maintainer:Ann, of shop', ...NONE });
  });

  it('points at what one searches by', () => {
    const of = alert({
      'proc.name': 'sh',
      'proc.cmdline': 'sh -i',
      'user.name': 'ann',
      'fd.name': '/etc/shadow',
    });
    const names = (version: '1.1.0' | '1.3.0') =>
      mapped(of, { version }).observables.map((each: { name: string; type_id: number }) => [
        each.name,
        each.type_id,
      ]);
    const common = [
      ['device.hostname', 1],
      ['evidences[].file.name', 7],
      ['evidences[].actor.process.name', 9],
      ['evidences[].actor.process.user.name', 4],
    ];
    expect(names('1.1.0')).toEqual(common);
    expect(names('1.3.0')).toEqual([...common, ['evidences[].actor.process.cmd_line', 13]]);
  });
});

describe('an event of Falco itself', () => {
  it('of drops, with every counter', () => {
    const fields = { n_drops: '815508', n_evts: '9', ebpf_enabled: '1' };
    const record = mapped(
      alert(fields, { rule: 'Falco internal: syscall event drop', source: 'internal', tags: null }),
    );
    expect(record.unmapped).toEqual({ ...fields, ...NONE });
    expect(record.device).toBeUndefined();
    const device = { hostname: 'node-1', type: 'Unknown', type_id: 0 };
    expect(record.metadata.loggers).toEqual([{ name: 'Falco', device }]);
    expect(record.metadata).toMatchObject({
      log_name: 'internal',
      product: { feature: { name: 'internal' } },
    });
    expect(record.evidences).toBeUndefined();
  });

  it('of metrics, with the version and numbers as they were written', () => {
    const text = `{"hostname":"h","output":"","priority":"Informational","rule":"Falco internal: metrics snapshot",
      "source":"internal","time":"2026-07-11T09:44:58Z","output_fields":{"falco.version":"0.44.0","evt.hostname":"h",
      "evt.time":1783763098000000000,"scap.n_drops_perc":0.0,"falco.start_ts":18446744073670260079}}`;
    const record = mapped(event(text));
    expect(record.metadata.product.version).toBe('0.44.0');
    expect(record.unmapped).toEqual({
      'scap.n_drops_perc': '0.0',
      'falco.start_ts': '18446744073670260079',
      priority: 'Informational',
    });
    expect(record.message).toBeUndefined();
    expect(record.raw_data).toBe(text);
  });

  it('of a hot restart, that has no fields at all', () => {
    const record = mapped(alert({}, { source: 'internal', priority: 'Critical' }));
    expect(record).toMatchObject({ severity_id: 5, unmapped: { priority: 'Critical' } });
  });
});

describe('every record', () => {
  it.each([
    ['Emergency', 6, 'Fatal'],
    ['Alert', 5, 'Critical'],
    ['critical', 5, 'Critical'],
    ['Error', 4, 'High'],
    ['Warning', 3, 'Medium'],
    ['Notice', 2, 'Low'],
    ['info', 1, 'Informational'],
    ['Debug', 1, 'Informational'],
  ])('has a severity: %s is %d', (priority, severity_id, severity) => {
    expect(mapped(alert({}, { priority }))).toMatchObject({ severity_id, severity });
  });

  it('takes another severity, and a confidence, from the options', () => {
    const options = { severity: { notice: 4 }, confidence_from_maturity: true };
    const of = alert({}, { tags: ['maturity_incubating'] });
    expect(mapped(of, options)).toMatchObject({ severity_id: 4, confidence_id: 2, confidence: 'Medium' });
    expect(mapped(of).confidence_id).toBeUndefined();
  });

  it('says which rule it was, under which tags', () => {
    const record = mapped(alert({}, { tags: ['mitre_execution', 'T1059', 'container'] }));
    expect(record.finding_info).toMatchObject({
      title: 'A rule',
      analytic: { name: 'A rule', uid: 'A rule', type: 'Rule', type_id: 1 },
      data_sources: ['syscall'],
      types: ['syscall'],
      attacks: [{ tactic: { uid: 'TA0002' }, technique: { uid: 'T1059' }, version: '18.1' }],
    });
    expect(record.metadata.labels).toEqual(['mitre_execution', 'T1059', 'container']);
    expect(record).toMatchObject({
      status_id: 1,
      status: 'New',
      type_uid: 200401,
      class_name: 'Detection Finding',
    });
  });

  it.each([{}, { class: 'security_finding' }] as const)(
    'says when it happened and when it came in: %j',
    (options) => {
      const time = Date.UTC(2026, 6, 11, 9, 44, 58, 682);
      expect(mapped(alert({}), options)).toMatchObject({
        time,
        time_dt: new Date(time).toISOString(),
        metadata: {
          logged_time: RECEIVED,
          logged_time_dt: new Date(RECEIVED).toISOString(),
          original_time: '2026-07-11T09:44:58.682419669Z',
        },
      });
    },
  );

  it('has the message that a sender gave it, if that is a text', () => {
    expect(mapped(alert({}, { message: 'own' }))).toMatchObject({
      message: 'own',
      finding_info: { desc: 'something happened' },
    });
    for (const message of [7, { a: 1 }, true]) {
      expect(mapped(alert({}, { message }))).toMatchObject({
        message: 'something happened',
        unmapped: { message: JSON.stringify(message) },
      });
    }
  });

  it('keeps bytes that are not text, and text that is too long', () => {
    const text = alert({ 'proc.cmdline': 'é'.repeat(70_000) });
    const long = mapped(text);
    expect(long.raw_data).toBeUndefined();
    expect(long.unmapped.raw_data).toBe(Buffer.from(text.raw).toString());
    expect(long.unmapped.raw_data_length).toBe(String(text.raw.length));
    expect(long.unmapped.raw_data_sha256).toBe(createHash('sha256').update(text.raw).digest('hex'));
    expect(long.unmapped['proc.cmdline']).toHaveLength(70_000);
    const more = {
      output: 'o',
      source: 's',
      hostname: 'h',
      message: 'm',
      tags: ['t'],
      time: '2026-01-02T03:04:05',
    };
    const longer = Object.fromEntries(
      Object.entries(more).map(([name, value]) => [
        name,
        name === 'time' ? `${value}.${'0'.repeat(70_000)}Z` : [value].flat()[0]!.repeat(70_000),
      ]),
    );
    const record = mapped(alert({}, { ...longer, tags: [longer.tags] }));
    for (const [name, value] of Object.entries(longer)) expect(record.unmapped[name]).toBe(value);
    const raw = Buffer.from(
      '{"rule":"r","priority":"Debug","time":"2026-01-02T03:04:05Z","y":"\xff"}',
      'latin1',
    );
    expect(mapped(event(raw)).unmapped.raw_data_base64).toBe(raw.toString('base64'));
  });
});
