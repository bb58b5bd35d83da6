import fc from 'fast-check';

/** The output fields that mappers have columns for, and some that they have none for. */
export const KNOWN = `
  proc.name proc.pid proc.ppid proc.pname proc.cmdline proc.exepath proc.exe proc.tty proc.pid.ts
  proc.aname[2] proc.aname[3] proc.vpid thread.tid user.name user.uid user.loginuid group.gid container.id
  container.full_id container.name container.type container.image container.image.repository
  container.image.tag container.image.digest k8s.pod.name k8s.pod.uid k8s.ns.name k8s.deployment.name
  k8smeta.pod.name k8smeta.ns.name fd.name fd.type fd.l4proto fd.cip fd.sip fd.cport fd.sport fd.lip
  fd.rip fd.lport fd.rport fd.sip.name fd.is_server fd.directory evt.type evt.num evt.time falco.version
  ka.verb ka.auditid ka.uri ka.user.name ka.user.groups ka.sourceips ka.auth.decision ka.response.code
  ka.target.name ka.target.resource ka.target.subresource ct.name ct.src ct.id ct.user ct.user.accountid
  ct.srcip ct.region ct.recipientaccountid s3.bucket okta.actor.name okta.client.ip okta.actor.alternateid
  github.user github.repo.name gcp.user gcp.callerIP gcp.projectId gcp.methodName gcp.location
  k8s.pod.labels k8s.rs.name k8s.rs.labels k8smeta.pod.uid k8smeta.pod.labels k8smeta.svc.name
  k8smeta.svc.uid k8smeta.deployment.name container.labels container.image.id proc.tid proc.pexe
  proc.aname[5] evt.time.iso8601 evt.hostname evt.source evt.rawtime fd.num fd.filename fd.cip.name
  fd.rip.name thread.cap_effective group.name user.loginname ka.cluster.name ka.auth.reason
  ka.response.reason ka.target.namespace ka.req.pod.containers.name ka.req.pod.containers.image
  ct.user.arn ct.user.principalid ct.user.identitytype ct.requestid ct.error ct.errormessage ct.apiversion
  s3.key s3.uri okta.evt.type okta.actor.id okta.actor.Type okta.target.user.name okta.target.user.id
  okta.target.app.alternateid github.action github.repo github.repo.url github.org github.webhook.id
  github.collaborator.name github.workflow.filename gcp.serviceName gcp.resourceName gcp.resourceType
  gcp.storage.bucket gcp.iam.serviceAccount gcp.iam.serviceAccountId gcp.compute.instanceId
  gcp.cloudsql.databaseId json.value[/resource/labels/project_id]
`
  .trim()
  .split(/\s+/);

/** Names that could be taken for something else: columns, the envelope, what every object inherits. */
const COLLIDING = [
  '',
  ...`
  __proto__ constructor toJSON toString priority hostname raw_data unmapped metadata class_uid
  evidences[0].file time event.priority raw_data_sha256 ka. .ka . ..
`
    .trim()
    .split(/\s+/),
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
/** A value as JSON text, also in ways in which `JSON.stringify` writes none. */
const json = fc.oneof(
  { weight: 8, arbitrary: value.map((each) => JSON.stringify(each)) },
  fc.constantFrom(
    '18446744073670260079',
    '-9007199254740993',
    '123456789012345678901234567890123456789012345',
    '1e400',
    '1E5',
    '-0',
    '0.0',
    '1783763098682419669',
    '"\\u0000"',
    '"\\ud800"',
    '[1783763098682419669,[0.0]]',
    '{"a":{"b":1783763098682419669}}',
  ),
);
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...KNOWN) },
  fc.constantFrom(...COLLIDING),
  fc.string(),
);
const fields = fc
  .array(fc.tuple(name, json), { maxLength: 25 })
  .map((pairs) => `{${pairs.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join()}}`);
const envelope = fc.record(
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
      .date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59Z'),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString()),
    source: fc.oneof(fc.constantFrom('syscall', 'k8s_audit', 'aws_cloudtrail'), fc.string()),
    hostname: fc.oneof(fc.domain(), fc.string()),
    output: fc.string(),
    uuid: fc.uuid(),
    message: fc.oneof(fc.string(), fc.integer()),
    tags: fc.array(fc.oneof(fc.constantFrom('mitre_execution', 'T1059.004', 'T9999', 'TA0111'), fc.string())),
    'x.y': fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: ['rule', 'priority', 'time'] },
);

/** The JSON of any event, more or less like Falco's, with all the fields that mappers look at. */
export const eventText: fc.Arbitrary<string> = fc
  .tuple(
    envelope,
    fc.option(fields, { nil: 'null' }),
    fc.constantFrom(['', ''], ['\ufeff', '\n'], [' \t\n', '\r\n ']),
  )
  .map(([given, text, [before, behind]]) => {
    const members = JSON.stringify(given).slice(0, -1);
    return `${before}${members},"output_fields":${text}}${behind}`;
  });

/** A value that no other field of the event has, of one of the forms that fields have. */
const unique = (n: number): fc.Arbitrary<unknown> =>
  fc.constantFrom<unknown>(
    `text ${n};`,
    `/dir${n};/name${n};`,
    `10.9.${n >> 8}.${n & 255}`,
    `host-${n}-x.example`,
    `user-${n}-x@example.org`,
    String(210_000_000_000 + n),
    700_000 + n,
    20_000 + n,
    2 ** 40 + n,
    `10.7.${n >> 8}.${n & 255}:${30_000 + n}->10.8.${n >> 8}.${n & 255}:${40_000 + n}`,
    [`item ${n}:a;`, `item ${n}:b;`],
    `(item ${n}:c;,item ${n}:d;)`,
    { deep: `in ${n};` },
  );

/** Output fields whose values differ, so that a value that is found can be of one field only. */
export const distinctFields: fc.Arbitrary<Record<string, unknown>> = fc
  .subarray(KNOWN, { minLength: 1 })
  .chain((keys) =>
    fc
      .tuple(...keys.map((_, index) => unique(index + 1)))
      .map((values) => Object.fromEntries(keys.map((key, index) => [key, values[index]]))),
  );
