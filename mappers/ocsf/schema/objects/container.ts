import { Type } from '../../../../core/sdk/index.ts';
import { enumId, list, type Notes, object, opt, type Static, text, uuid } from './types.ts';

const fingerprint = object('A digest.', {
  algorithm: opt(text('Caption of algorithm_id.')),
  algorithm_id: enumId('Algorithm', { 3: 'SHA-256' }),
  value: Type.String({ description: 'The digest, hexadecimal.', maxLength: 64 }),
});

const image = object('The container image.', {
  uid: text('Digest, else image id, else repository:tag.'),
  name: opt(text('Repository.')),
  tag: opt(text('Tag.', { until: '1.5.0' })),
  labels: opt(list(text('Tag.'), 'The tag.', { since: '1.5.0' })),
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

/** A container that a request would make: it has a name, and no id yet. */
export const requestedContainer = object('A container that is asked for.', {
  name: text('Container name.'),
  image: opt(image),
});

export type Image = Static<typeof image>;
export type Container = Static<ReturnType<typeof container>>;
export type RequestedContainer = Static<typeof requestedContainer>;
