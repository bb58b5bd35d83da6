import type { Fields } from '../../falco-fields/fields.ts';
import type { Container, Image } from '../schema/objects/container.ts';
import { MAX_TEXT, type OcsfVersion, UUID } from '../schema/objects/types.ts';

const SHA256 = /^sha256:([0-9a-fA-F]{64})$/;

/** The container of an event; undefined on the host, whose `container.id` is `host`. */
export function containerOf(fields: Fields, version: OcsfVersion): Container | undefined {
  const id = fields.peek('container.id');
  if (id === 'host') return undefined;
  const uid = fields.peek('container.full_id') ?? id;
  const name = fields.peek('container.name');
  if (uid === undefined && (name === undefined || name === 'host')) return undefined;
  fields.takeTexts('container.full_id', 'container.name');
  // The short id is the beginning of the full one.
  if (id !== undefined && uid!.startsWith(id)) fields.take('container.id');
  const digest = fields.peek('container.image.digest');
  const sha256 = digest === undefined ? null : SHA256.exec(digest);
  const inPod = fields.peek('k8s.pod.name') ?? fields.peek('k8s.pod.uid') ?? fields.peek('k8s.pod.id');
  const podUid = fields.peek('k8s.pod.uid') ?? fields.peek('k8s.pod.id');
  return {
    uid,
    name,
    image: imageOf(fields, version),
    hash: sha256 ? { algorithm: 'SHA-256', algorithm_id: 3, value: sha256[1]! } : undefined,
    runtime: fields.text('container.type'),
    orchestrator: inPod === undefined ? undefined : 'Kubernetes',
    pod_uuid: podUid !== undefined && UUID.test(podUid) ? podUid : undefined,
  };
}

/** OCSF wants an id of an image: the digest, else Falco's image id, else the name it was pulled by. */
function imageOf(fields: Fields, version: OcsfVersion): Image | undefined {
  const reference = fields.peek('container.image');
  const repository = fields.peek('container.image.repository');
  const tag = fields.peek('container.image.tag');
  const id = fields.first('container.image.digest', 'container.image.id');
  const pulled =
    repository === undefined ? reference : tag === undefined ? repository : `${repository}:${tag}`;
  const uid = id ?? pulled;
  if (uid === undefined || uid.length > MAX_TEXT) return undefined;
  fields.takeTexts('container.image.repository', 'container.image.tag');
  const name = repository ?? reference;
  fields.takeIfEqual(name, 'container.image');
  fields.takeIfEqual(uid, 'container.image');
  if (version >= '1.5.0') return { uid, name, labels: tag === undefined ? undefined : [tag] };
  return { uid, name, tag };
}
