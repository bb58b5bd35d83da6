import { constant, enumId, hostname, list, object, opt, type Static, text } from './types.ts';
import { account } from './user.ts';

export const resource = object(
  'A thing that is affected.',
  {
    type: opt(text('Kind: Container, KubernetesPod, AwsS3Bucket, pods/exec …')),
    name: opt(text('Name.')),
    uid: opt(text('Identifier.')),
    namespace: opt(text('Kubernetes namespace.')),
    labels: opt(list(text('A label, as key:value.'), 'Its labels.')),
  },
  { atLeastOne: ['name', 'uid'] },
);

export const device = object(
  'The host of the event, which Falco ran on; of syscall events only.',
  {
    hostname: opt(hostname('Host name.')),
    name: opt(text('Host name that OCSF does not take for one (with an underscore, say).')),
    type: opt(text('Caption of type_id.')),
    type_id: enumId('Type', { 0: 'Unknown' }),
    os: opt(
      object('The operating system.', {
        name: text('Linux: syscall events come from nothing else.'),
        type: opt(text('Caption of type_id.')),
        type_id: enumId('Type', { 200: 'Linux' }),
      }),
    ),
  },
  { atLeastOne: ['name', 'hostname'], profile: 'host' },
);

/** The host of Falco where the event is of another place. */
export const logger = object(
  'The Falco that reported the event, where it is not about the host of that Falco.',
  {
    name: constant('Falco', 'Always Falco.'),
    device: opt(
      object(
        'The host that Falco ran on.',
        {
          hostname: opt(hostname('Host name.')),
          name: opt(text('Host name that OCSF does not take for one (with an underscore, say).')),
          type: opt(text('Caption of type_id.')),
          type_id: enumId('Type', { 0: 'Unknown' }),
        },
        { atLeastOne: ['name', 'hostname'] },
      ),
    ),
  },
  { atLeastOne: ['name'] },
);

export const cloud = object(
  'Where in the cloud it happened: told by the event or the configuration.',
  {
    provider: text('AWS, GCP …'),
    region: opt(text('Region.')),
    zone: opt(text('Availability zone.')),
    project_uid: opt(text('Google Cloud project.', { until: '1.5.0' })),
    account: opt(account),
  },
  { profile: 'cloud' },
);

export type Resource = Static<typeof resource>;
export type Device = Static<typeof device>;
export type Logger = Static<typeof logger>;
export type Cloud = Static<typeof cloud>;
