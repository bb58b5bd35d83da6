import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OcsfOptions } from '../../../../mappers/ocsf/options.ts';
import { lostFields } from './accounting.ts';
import { event, hasData, mapper, officialErrors } from './support.ts';

const KNOWN = [
  'proc.name',
  'proc.pid',
  'proc.ppid',
  'proc.pname',
  'proc.cmdline',
  'proc.exepath',
  'proc.exe',
  'proc.tty',
  'proc.pid.ts',
  'proc.aname[2]',
  'proc.aname[3]',
  'proc.vpid',
  'thread.tid',
  'user.name',
  'user.uid',
  'user.loginuid',
  'group.gid',
  'container.id',
  'container.full_id',
  'container.name',
  'container.type',
  'container.image',
  'container.image.repository',
  'container.image.tag',
  'container.image.digest',
  'k8s.pod.name',
  'k8s.pod.uid',
  'k8s.ns.name',
  'k8s.deployment.name',
  'k8smeta.pod.name',
  'k8smeta.ns.name',
  'fd.name',
  'fd.type',
  'fd.l4proto',
  'fd.cip',
  'fd.sip',
  'fd.cport',
  'fd.sport',
  'fd.lip',
  'fd.rip',
  'fd.lport',
  'fd.rport',
  'fd.sip.name',
  'fd.is_server',
  'fd.directory',
  'evt.type',
  'evt.num',
  'evt.time',
  'falco.version',
  'ka.verb',
  'ka.auditid',
  'ka.uri',
  'ka.user.name',
  'ka.user.groups',
  'ka.sourceips',
  'ka.auth.decision',
  'ka.response.code',
  'ka.target.name',
  'ka.target.resource',
  'ka.target.subresource',
  'ct.name',
  'ct.src',
  'ct.id',
  'ct.user',
  'ct.user.accountid',
  'ct.srcip',
  'ct.region',
  'ct.recipientaccountid',
  's3.bucket',
  'okta.actor.name',
  'okta.client.ip',
  'okta.actor.alternateid',
  'github.user',
  'github.repo.name',
  'gcp.user',
  'gcp.callerIP',
  'gcp.projectId',
  'gcp.methodName',
  'gcp.location',
  '__proto__',
  'constructor',
  'priority',
  'hostname',
  'raw_data',
];
const scalar = fc.oneof(
  fc.string(),
  fc.integer().map(String),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    null,
    '',
    '<NA>',
    'N/A',
    'host',
    '/bin/sh',
    'file',
    'ipv4',
    'tcp',
    'true',
    'connect',
    '(a,b)',
    '123456789012',
    '10.0.0.1:1->10.0.0.2:443',
    '::1:80->::1:443',
    'x'.repeat(70_000),
    4_294_967_295,
    -1,
    2 ** 40,
  ),
);
const value = fc.oneof(
  { weight: 8, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.object({ maxDepth: 1 }),
);
const fields = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...KNOWN), fc.string()), value), { maxLength: 25 });
const body = fc.record(
  {
    rule: fc.string({ minLength: 1 }),
    priority: fc.constantFrom(
      'Emergency',
      'alert',
      'Critical',
      'Error',
      'Warning',
      'Notice',
      'info',
      'Debug',
    ),
    time: fc
      .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    source: fc.oneof(fc.constantFrom('syscall', 'k8s_audit', 'aws_cloudtrail'), fc.string()),
    hostname: fc.oneof(fc.domain(), fc.string()),
    output: fc.string(),
    uuid: fc.uuid(),
    message: fc.oneof(fc.string(), fc.integer()),
    tags: fc.array(fc.oneof(fc.constantFrom('mitre_execution', 'T1059.004', 'T9999', 'TA0111'), fc.string())),
    output_fields: fields.map((pairs) => Object.fromEntries(pairs)),
  },
  { requiredKeys: ['rule', 'priority', 'time'] },
);

const KINDS: OcsfOptions[] = [
  {},
  { version: '1.3.0', profiles: ['linux_users'], account_id_from: 'ct.recipientaccountid' },
  { class: 'security_finding', cloud: { account_id: 'external_x' } },
  { class: 'security_finding', mode: 'falcosidekick' },
  { class: 'security_finding', version: '1.3.0', cloud: { provider: 'AWS' }, cluster_name: 'c' },
];

describe('any event', () => {
  it.each(KINDS)(
    'is mapped without a throw, to a record that needs no repair, with nothing lost: %j',
    (options) => {
      const { map } = mapper({ ...options, validation: 'strict' });
      fc.assert(
        fc.property(body, (given) => {
          const of = event(JSON.stringify(given));
          const result = map(of);
          if (!result.ok) throw new Error(result.reason);
          const record = JSON.parse(JSON.stringify(result.record));
          expect(record.raw_data ?? record.unmapped['event.raw_data'] ?? record.unmapped.raw_data).toBe(
            Buffer.from(of.raw).toString(),
          );
          expect(lostFields(of, result.record as object)).toEqual([]);
          if (hasData && !options.profiles) expect(officialErrors(record)).toEqual([]);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('gives the same record every time', () => {
    fc.assert(
      fc.property(body, (given) => {
        const text = JSON.stringify(given);
        expect(JSON.stringify(mapper({ validation: 'off' }).map(event(text)))).toBe(
          JSON.stringify(mapper({ validation: 'off' }).map(event(text))),
        );
      }),
      { numRuns: 50 },
    );
  });
});
