import { type Static, Type } from '../../core/sdk/index.ts';
import { always, date, group, integer, ip, oneText, text, texts } from './leaves.ts';

/** The version of ECS whose fields these are. */
export const ECS_VERSION = '8.17.0';

const process = (of: string, description: string) => ({
  name: text(`Name of the ${description}.`, `proc.${of}name`),
  pid: integer('Process id.', `proc.${of}pid`),
  executable: text('Absolute path of the executable.', `proc.${of}exepath`),
  command_line: text('Full command line.', `proc.${of}cmdline`),
});

const end = (description: string, ...from: string[]) =>
  group(description, {
    address: text('As it was told: an address or a name.', ...from),
    ip: ip('IP address.', ...from),
    port: integer('Port.'),
    domain: text('Host name.'),
  });

const tactics = {
  id: texts('Identifiers, from the tags of the rule.'),
  name: texts('Names.'),
};

/** One Falco alert in the Elastic Common Schema: the fields that Falco can fill, and no others. Source: elastic/ecs, v8.17.0. */
export const schema = Type.Object({
  '@timestamp': date('When the event happened.'),
  message: text('The message of the rule, formatted.'),
  tags: texts('Tags of the rule.'),
  ecs: Type.Object({ version: always('The version of ECS.') }, { description: 'About the record.' }),
  event: Type.Object(
    {
      id: always('Identifier of the alert.'),
      kind: always('`alert`.'),
      category: Type.Array(Type.String(), {
        description: '`intrusion_detection`, and what it is about: `process`, `file`, `network`.',
      }),
      type: Type.Array(Type.String(), { description: '`info`.' }),
      module: always('`falco`.'),
      dataset: always('`falco.alerts`.'),
      severity: Type.Integer({
        description:
          '99 for critical and above, 73 error, 47 warning, 21 notice, 0 below: the scale of Elastic Security.',
      }),
      created: date('When it was accepted.'),
      provider: text("Falco's source of the event: `syscall`, `k8s_audit` …"),
      action: text(
        'What was done: the system call or API call.',
        'ka.verb',
        'ct.name',
        'gcp.methodName',
        'okta.evt.type',
        'github.action',
        'evt.type',
      ),
      sequence: integer('Number of the event.', 'evt.num'),
      original: text('The event as it was received.'),
    },
    { description: 'About the event.' },
  ),
  rule: Type.Object({ name: always('The rule.') }, { description: 'The rule that fired.' }),
  log: group('The priority.', {
    level: always('Priority, in lower case.'),
    syslog: group('As syslog has it.', {
      severity: group('Severity.', {
        code: Type.Integer({ description: '0 emergency to 7 debug.' }),
        name: always('The priority.'),
      }),
    }),
  }),
  observer: group('What saw it.', {
    vendor: always('`The Falco Project`.'),
    product: always('`Falco`.'),
    version: text('Version of Falco.', 'falco.version'),
  }),
  host: group('Where Falco runs.', { name: text('Host name.'), hostname: text('Host name.') }),
  threat: group('MITRE ATT&CK.', {
    framework: text('`MITRE ATT&CK`.'),
    tactic: group('Tactics.', tactics),
    technique: group('Techniques.', { ...tactics, subtechnique: group('Sub-techniques.', tactics) }),
  }),
  process: group('The process.', {
    ...process('', 'process'),
    thread: group('The thread.', { id: integer('Thread id.', 'thread.tid') }),
    vpid: integer('Process id inside of its namespace.', 'proc.vpid'),
    working_directory: text('Working directory.', 'proc.cwd'),
    parent: group('The parent process.', process('p', 'parent')),
  }),
  user: group('Who did it.', {
    name: text('Login name.', 'user.name', 'ka.user.name', 'ct.user', 'gcp.user', 'github.user'),
    full_name: text('Full name.', 'okta.actor.name'),
    email: text('Address.', 'okta.actor.alternateid'),
    id: text('User id.', 'user.uid', 'ct.user.arn', 'okta.actor.id'),
    roles: texts('Groups that give it rights.', 'ka.user.groups'),
    group: group('The group.', {
      name: text('Group name.', 'group.name'),
      id: text('Group id.', 'group.gid'),
    }),
  }),
  container: group('The container.', {
    id: text('Container id.', 'container.full_id', 'container.id'),
    name: text('Container name.', 'container.name'),
    runtime: text('What runs it.', 'container.type'),
    image: group('Its image.', {
      name: text('Name of the image.', 'container.image.repository', 'container.image'),
      tag: oneText('Its tag.', 'container.image.tag'),
      hash: group('Its digests.', { all: oneText('Digest.', 'container.image.digest') }),
    }),
  }),
  orchestrator: group('Kubernetes.', {
    type: text('`kubernetes`.'),
    namespace: text('Namespace.', 'k8s.ns.name', 'k8smeta.ns.name', 'ka.target.namespace'),
    cluster: group('The cluster.', { name: text('Cluster name.', 'ka.cluster.name') }),
    resource: group('What was acted on.', {
      type: text('Kind of the object.', 'ka.target.resource'),
      name: text('Name of the object.', 'k8s.pod.name', 'k8smeta.pod.name', 'ka.target.name'),
      id: text('Identifier of the object.', 'k8s.pod.uid', 'k8s.pod.id', 'k8smeta.pod.uid'),
    }),
  }),
  file: group('The file.', {
    path: text('Full path.', 'fs.path.name'),
    name: text('Its last part.'),
    directory: text('The folder.'),
    type: text('`file`, `dir`, `socket` or `fifo`.'),
    target_path: text('Where a link leads to.', 'fs.path.target'),
  }),
  network: group('The connection.', {
    transport: text('`tcp`, `udp`, `icmp` …'),
    type: text('`ipv4` or `ipv6`.'),
    direction: text('`ingress` or `egress`, seen from the host.'),
  }),
  source: end('The client.', 'ct.srcip', 'gcp.callerIP', 'okta.client.ip'),
  destination: end('The server.'),
  cloud: group('The cloud.', {
    provider: text('`aws` or `gcp`.'),
    region: text('Region.', 'ct.region', 'gcp.location'),
    account: group('The account.', { id: text('Account id.', 'ct.recipientaccountid') }),
    project: group('The project.', { id: text('Project id.', 'gcp.projectId') }),
    service: group('The service.', { name: text('Service.', 'ct.src', 'gcp.serviceName') }),
  }),
  http: group('The request.', {
    response: group('Its answer.', { status_code: integer('Status.', 'ka.response.code') }),
  }),
  url: group('The request.', { original: text('Address as it was asked for.', 'ka.uri') }),
  user_agent: group('The client program.', {
    original: text('As it called itself.', 'ka.useragent', 'ct.useragent', 'gcp.userAgent'),
  }),
  error: group('What went wrong.', {
    code: text('Code.', 'ct.error'),
    message: text('Message.', 'ct.errormessage'),
  }),
  related: group('For searches across fields.', {
    ip: texts('All addresses.'),
    user: texts('All users.'),
    hosts: texts('All hosts.'),
  }),
  falco: group('What ECS has no field for.', {
    time: text('When it happened, with all its digits.'),
    fields: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'All fields that are in no other column, as text.',
      }),
    ),
  }),
});

/** A record of the mapper `ecs`. */
export type EcsRecord = Static<typeof schema>;
