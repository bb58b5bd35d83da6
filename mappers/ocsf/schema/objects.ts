import { Type } from '../../../core/index.ts';
import {
  constant,
  datetime,
  email,
  enumId,
  hostname,
  integer,
  ip,
  list,
  type Notes,
  object,
  opt,
  port,
  type Static,
  text,
  timestamp,
  uuid,
} from './types.ts';

/**
 * The OCSF objects that a Falco event can fill, with the attributes that it can fill and no others: a static
 * column set that no engine chokes on. Source: ocsf/ocsf-schema, tags 1.1.0 and 1.3.0.
 */

const tacticOrTechnique = (what: string) =>
  object(
    `The ${what}.`,
    { name: opt(text(`Name of the ${what}.`)), uid: opt(text(`Identifier of the ${what}.`)) },
    { atLeastOne: ['name', 'uid'] },
  );

export const attack = object(
  'A MITRE ATT&CK classification, from the tags of the rule.',
  {
    tactic: opt(tacticOrTechnique('tactic')),
    technique: opt(tacticOrTechnique('technique')),
    sub_technique: opt(tacticOrTechnique('sub-technique')),
    version: opt(text('ATT&CK version that the names are from.')),
  },
  { atLeastOne: ['tactic', 'technique', 'sub_technique'] },
);

export const analytic = object(
  'The Falco rule.',
  {
    name: opt(text('Name of the rule.')),
    uid: opt(text('Name of the rule: Falco rules have no other identifier.')),
    type: opt(text('Caption of type_id.')),
    type_id: enumId('What kind of analytic', { 1: 'Rule' }),
  },
  { atLeastOne: ['name', 'uid'] },
);

const feature = object(
  'The event source inside Falco.',
  { name: text('Event source: syscall, k8s_audit, aws_cloudtrail …') },
  { atLeastOne: ['name'] },
);

export const product = (vendor: string) =>
  object(
    'The product that found it.',
    {
      name: constant('Falco', 'Always Falco.'),
      vendor_name: constant(vendor, `Always ${vendor}.`),
      version: opt(text("Falco's version, where an event tells it.")),
      feature: opt(feature),
    },
    { atLeastOne: ['name'] },
  );

const fingerprint = object('A digest.', {
  algorithm: opt(text('Caption of algorithm_id.')),
  algorithm_id: enumId('Algorithm', { 3: 'SHA-256' }),
  value: Type.String({ description: 'The digest, hexadecimal.', maxLength: 64 }),
});

const image = object('The container image.', {
  uid: text('Digest, else image id, else repository:tag.'),
  name: opt(text('Repository.')),
  tag: opt(text('Tag.')),
});

export const container = (notes: Notes = {}) =>
  object(
    'The container that the process runs in.',
    {
      uid: opt(text('Container id.')),
      name: opt(text('Container name.')),
      image: opt(image),
      hash: opt(fingerprint),
      runtime: opt(text('Container runtime.')),
      orchestrator: opt(text('Kubernetes, when the container belongs to a pod.')),
      pod_uuid: opt(uuid('UID of the pod, where it is a UUID.')),
    },
    { atLeastOne: ['uid', 'name'], ...notes },
  );

export const FILE_TYPES = {
  0: 'Unknown',
  1: 'Regular File',
  2: 'Folder',
  5: 'Local Socket',
  6: 'Named Pipe',
} as const;

export const file = (description: string) =>
  object(description, {
    name: text('Last part of the path.'),
    path: opt(text('The path.')),
    parent_folder: opt(text('The path without its last part.')),
    type: opt(text('Caption of type_id.')),
    type_id: enumId('Type', FILE_TYPES),
  });

const account = object(
  'The cloud account.',
  {
    uid: opt(text('Account id.')),
    name: opt(text('Account name.')),
    type: opt(text('Caption of type_id.')),
    type_id: opt(enumId('Type', { 10: 'AWS Account' })),
  },
  { atLeastOne: ['name', 'uid'] },
);

export const group = (description: string, notes: Notes = {}) =>
  object(
    description,
    { name: opt(text('Name of the group.')), uid: opt(text('Id of the group.')) },
    { atLeastOne: ['name', 'uid'], ...notes },
  );

export const user = (description: string) =>
  object(
    description,
    {
      name: opt(text('User name.')),
      uid: opt(text('User id: a number on Linux, an ARN on AWS.')),
      uid_alt: opt(text('A second id: the AWS principal id.')),
      email_addr: opt(email('E-mail address.')),
      type: opt(text("Caption of type_id; with 99 the source's own word.")),
      type_id: opt(enumId('Type', { 2: 'Admin', 99: 'Other' })),
      account: opt(account),
      groups: opt(list(group('A group of the user.'), 'Groups of the user.')),
    },
    { atLeastOne: ['account', 'name', 'uid'] },
  );

const session = object('The terminal session.', { terminal: opt(text('Number of the controlling tty.')) });

const processOwn = (whose: string) => ({
  name: opt(text(`Name of the ${whose}.`)),
  uid: opt(text(`Stands in for the pid that a rule did not print: the finding's uid and #${whose}.`)),
  pid: opt(integer(`Process id of the ${whose}.`)),
  cmd_line: opt(text(`Command line of the ${whose}.`)),
  file: opt(file(`Executable of the ${whose}.`)),
});

/** One level of parents: Parquet has no recursion, and OCSF wants `parent_process` for the top process only. */
const parentProcess = object('The parent process.', processOwn('parent'), { atLeastOne: ['pid', 'uid'] });

export const LINUX_USERS = 'linux/linux_users';

export const process = object(
  'The process that did it.',
  {
    ...processOwn('process'),
    tid: opt(integer('Thread id.')),
    namespace_pid: opt(integer("Process id inside the container's namespace.", { profile: 'container' })),
    created_time: opt(timestamp('Start of the process, epoch ms; proc.pid.ts in unmapped has the ns.')),
    created_time_dt: opt(datetime('Start of the process.')),
    user: opt(user('The user the process runs as.')),
    session: opt(session),
    lineage: opt(list(text('Name of an ancestor.'), "Names of the parent's ancestors, nearest first.")),
    container: opt(container({ profile: 'container' })),
    parent_process: opt(parentProcess),
    auid: opt(integer('Login uid.', { profile: LINUX_USERS })),
    group: opt(group('Group the process runs as.', { profile: LINUX_USERS })),
  },
  { atLeastOne: ['pid', 'uid'] },
);

export const DIRECTIONS = { 0: 'Unknown', 1: 'Inbound', 2: 'Outbound' } as const;
export const IP_VERSIONS = {
  4: 'Internet Protocol version 4 (IPv4)',
  6: 'Internet Protocol version 6 (IPv6)',
} as const;

export const connectionInfo = object('The connection.', {
  direction: opt(text('Caption of direction_id.')),
  direction_id: enumId('Seen from the host of the event', DIRECTIONS),
  protocol_name: opt(text('tcp, udp, icmp …')),
  protocol_num: opt(integer('IANA protocol number.')),
  protocol_ver: opt(text('Caption of protocol_ver_id.')),
  protocol_ver_id: opt(enumId('IP version', IP_VERSIONS)),
});

export const endpoint = (description: string) =>
  object(
    description,
    {
      ip: opt(ip('IP address.')),
      port: opt(port('Port.')),
      hostname: opt(hostname('Host name.')),
      svc_name: opt(text('An AWS service that called in place of an address.')),
      intermediate_ips: opt(list(ip('An address.'), 'Addresses between the client and the server.')),
    },
    { atLeastOne: ['ip', 'hostname', 'svc_name'] },
  );

export const api = (notes: Notes = {}) =>
  object(
    'The API call.',
    {
      operation: text('What was called: a verb, an operation.'),
      version: opt(text('API version.')),
      service: opt(
        object(
          'The service that was called.',
          { name: text('Name of the service.') },
          { atLeastOne: ['name'] },
        ),
      ),
      request: opt(
        object('The request.', { uid: text("The service's id of the request, to join its own logs.") }),
      ),
      response: opt(
        object('The response.', {
          code: opt(integer('Status code.')),
          error: opt(text('Error code.')),
          error_message: opt(text('Error message.')),
          message: opt(text('Reason of the status.')),
        }),
      ),
    },
    notes,
  );

const actor = object(
  'Who did it.',
  {
    process: opt(process),
    user: opt(user('The user, where it is not the user of a process.')),
    authorizations: opt(
      list(object('A decision.', { decision: text('allow or forbid.') }), 'Authorization decisions.'),
    ),
  },
  { atLeastOne: ['process', 'user'] },
);

const url = object(
  'The URL that was asked for.',
  { path: text('Path.'), query_string: opt(text('What stands behind the ?.')) },
  { since: '1.3.0' },
);

export const evidence = object(
  'What was seen.',
  {
    actor: opt(actor),
    api: opt(api()),
    connection_info: opt(connectionInfo),
    src_endpoint: opt(endpoint('The client.')),
    dst_endpoint: opt(endpoint('The server.')),
    file: opt(file('The file, directory, socket or pipe that was touched.')),
    url: opt(url),
  },
  {
    atLeastOne: ['actor', 'api', 'connection_info', 'dst_endpoint', 'file', 'src_endpoint', 'url'],
  },
);

export const resource = object(
  'A thing that is affected.',
  {
    type: opt(text('Kind: Container, KubernetesPod, AwsS3Bucket, pods/exec …')),
    name: opt(text('Name.')),
    uid: opt(text('Identifier.')),
    namespace: opt(text('Kubernetes namespace.')),
  },
  { atLeastOne: ['name', 'uid'] },
);

export const device = object(
  'The host that Falco ran on.',
  {
    hostname: opt(hostname('Host name.')),
    name: opt(text('Host name that OCSF does not take for one (with an underscore, say).')),
    type: opt(text('Caption of type_id.')),
    type_id: enumId('Type', { 0: 'Unknown' }),
    os: opt(
      object('The operating system; of syscall events only.', {
        name: text('Linux: syscall events come from nothing else.'),
        type: opt(text('Caption of type_id.')),
        type_id: enumId('Type', { 200: 'Linux' }),
      }),
    ),
  },
  { atLeastOne: ['name', 'hostname'], profile: 'host' },
);

export const cloud = object(
  'Where in the cloud it happened: told by the event or the configuration.',
  {
    provider: text('AWS, GCP …'),
    region: opt(text('Region.')),
    zone: opt(text('Availability zone.')),
    project_uid: opt(text('Google Cloud project.')),
    account: opt(account),
  },
  { profile: 'cloud' },
);

/** The observable types that this mapper uses; 13 is new in 1.2. */
export const OBSERVABLES = {
  1: 'Hostname',
  2: 'IP Address',
  4: 'User Name',
  7: 'File Name',
  9: 'Process Name',
  10: 'Resource UID',
  13: 'Command Line',
} as const;

export const observable = object('A pointer at a value in the record.', {
  name: text('Path of the attribute.'),
  type: opt(text('Caption of type_id.')),
  type_id: enumId('Type', OBSERVABLES, { sinceById: { 13: '1.3.0' } }),
  value: opt(text('The value there.')),
});

export const relatedEvent = object('An event this one was found in.', {
  uid: text("The source's own id of the event, to join its table."),
  product_uid: opt(text('CloudTrail.')),
});

export type Attack = Static<typeof attack>;
export type Process = Static<typeof process>;
export type Container = Static<ReturnType<typeof container>>;
export type User = Static<ReturnType<typeof user>>;
export type Api = Static<ReturnType<typeof api>>;
export type File = Static<ReturnType<typeof file>>;
export type Endpoint = Static<ReturnType<typeof endpoint>>;
export type ConnectionInfo = Static<typeof connectionInfo>;
export type Evidence = Static<typeof evidence>;
export type Resource = Static<typeof resource>;
export type Device = Static<typeof device>;
export type Cloud = Static<typeof cloud>;
export type Observable = Static<typeof observable>;
