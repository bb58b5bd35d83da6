import type { Fields } from '../../falco-fields/fields.ts';
import type { Container } from '../schema/objects/container.ts';
import type { Resource } from '../schema/objects/place.ts';

/** The Kubernetes kinds that Falco names besides pods, by the middle of `k8s.deployment.name`. */
const KINDS = [
  ['deployment', 'KubernetesDeployment'],
  ['rs', 'KubernetesReplicaSet'],
  ['rc', 'KubernetesReplicationController'],
  ['svc', 'KubernetesService'],
] as const;
const K8S = KINDS.map(([kind, type]) => ({
  type,
  name: `k8s.${kind}.name`,
  uid: `k8s.${kind}.id`,
  labels: `k8s.${kind}.labels`,
}));
/** A pod's services come as lists of their own. */
const K8SMETA = KINDS.filter(([kind]) => kind !== 'svc').map(([kind, type]) => ({
  type,
  name: `k8smeta.${kind}.name`,
  uid: `k8smeta.${kind}.uid`,
  labels: `k8smeta.${kind}.labels`,
}));

/** Where the parts of a resource are read from. */
interface ResourceFields {
  readonly type: string;
  readonly name: string;
  readonly uid?: string | undefined;
  readonly labels?: string | undefined;
}

/** A resource of two fields that hold its name and its id; undefined when neither does. */
export function resource(
  fields: Fields,
  { type, name: nameField, uid: uidField, labels }: ResourceFields,
  namespace?: string,
): Resource | undefined {
  const name = fields.text(nameField);
  const uid = uidField === undefined ? undefined : fields.text(uidField);
  if (name === undefined && uid === undefined) return undefined;
  return { type, name, uid, namespace, labels: labels === undefined ? undefined : labelsOf(fields, labels) };
}

/** The labels that a field lists as `key:value`; a text of them has commas between, older Falco a blank behind each. */
export function labelsOf(fields: Fields, field: string): string[] | undefined {
  const text = fields.peek(field);
  if (text === undefined || text.startsWith('(')) return fields.list(field, isLabel);
  const labels = text.split(',').map((label) => label.trim());
  // A value may hold a comma too: then nobody can tell where a label ends.
  if (!labels.every(isLabel)) return undefined;
  fields.take(field);
  return labels;
}

const isLabel = (text: string): boolean => text.indexOf(':') > 0;

/** What a system call affected: the container and the Kubernetes objects around it. */
export function workloadResources(fields: Fields, container: Container | undefined): Resource[] {
  const namespace = fields.text('k8s.ns.name') ?? fields.text('k8smeta.ns.name');
  const resources: (Resource | undefined)[] = [
    container && {
      type: 'Container',
      name: container.name,
      uid: container.uid,
      namespace,
      labels: labelsOf(fields, 'container.labels'),
    },
  ];
  if (fields.has('k8s')) {
    const uid = fields.peek('k8s.pod.uid') === undefined ? 'k8s.pod.id' : 'k8s.pod.uid';
    const pod = { type: 'KubernetesPod', name: 'k8s.pod.name', uid, labels: 'k8s.pod.labels' };
    resources.push(resource(fields, pod, namespace));
    for (const kind of K8S) resources.push(resource(fields, kind, namespace));
  }
  if (fields.has('k8smeta')) addK8smeta(fields, namespace, resources);
  const present = resources.filter((each) => each !== undefined);
  if (namespace !== undefined && present.length === 0) {
    present.push({ type: 'KubernetesNamespace', name: namespace });
  }
  return present;
}

/** What the k8smeta plugin tells of the same pod, and of what is above it. */
function addK8smeta(
  fields: Fields,
  namespace: string | undefined,
  resources: (Resource | undefined)[],
): void {
  fields.takeIfEqual(namespace, 'k8smeta.ns.name');
  const known = resources.find((each) => each?.type === 'KubernetesPod');
  fields.takeIfEqual(known?.name, 'k8smeta.pod.name');
  fields.takeIfEqual(known?.uid, 'k8smeta.pod.uid');
  if (known === undefined) {
    const pod = {
      type: 'KubernetesPod',
      name: 'k8smeta.pod.name',
      uid: 'k8smeta.pod.uid',
      labels: 'k8smeta.pod.labels',
    };
    resources.push(resource(fields, pod, namespace));
  }
  for (const kind of K8SMETA) resources.push(resource(fields, kind, namespace));
  resources.push(...services(fields, namespace));
}

/** A pod can be of several services: a list of names, and one of ids in the same order. Whose label is which is not told. */
function services(fields: Fields, namespace: string | undefined): Resource[] {
  const type = 'KubernetesService';
  const names = fields.peekList('k8smeta.svc.name');
  const uids = fields.peekList('k8smeta.svc.uid');
  if (names === undefined || (uids !== undefined && uids.length !== names.length)) return [];
  fields.take('k8smeta.svc.name', ...(uids === undefined ? [] : ['k8smeta.svc.uid']));
  return names.map((name, index) => ({ type, name, uid: uids?.[index], namespace }));
}
