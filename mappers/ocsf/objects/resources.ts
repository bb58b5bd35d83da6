import type { Fields } from '../fields.ts';
import type { Container, Resource } from '../schema/objects.ts';

/** The Kubernetes kinds that Falco names besides pods, by the middle of `k8s.deployment.name`. */
const KINDS = [
  ['deployment', 'KubernetesDeployment'],
  ['rs', 'KubernetesReplicaSet'],
  ['rc', 'KubernetesReplicationController'],
  ['svc', 'KubernetesService'],
] as const;
const K8S = KINDS.map(([kind, type]) => [type, `k8s.${kind}.name`, `k8s.${kind}.id`] as const);
const K8SMETA = KINDS.map(([kind, type]) => [type, `k8smeta.${kind}.name`, `k8smeta.${kind}.uid`] as const);

/** A resource of two fields that hold its name and its id; undefined when neither does. */
export function resource(
  fields: Fields,
  type: string,
  nameField: string,
  uidField?: string,
  namespace?: string,
): Resource | undefined {
  const name = fields.text(nameField);
  const uid = uidField === undefined ? undefined : fields.text(uidField);
  return name === undefined && uid === undefined ? undefined : { type, name, uid, namespace };
}

/** What a system call affected: the container and the Kubernetes objects around it. */
export function workloadResources(fields: Fields, container: Container | undefined): Resource[] {
  const namespace = fields.text('k8s.ns.name') ?? fields.text('k8smeta.ns.name');
  const resources: (Resource | undefined)[] = [
    container && { type: 'Container', uid: container.uid, name: container.name, namespace },
  ];
  if (fields.has('k8s')) {
    const pod = fields.peek('k8s.pod.uid') === undefined ? 'k8s.pod.id' : 'k8s.pod.uid';
    resources.push(resource(fields, 'KubernetesPod', 'k8s.pod.name', pod, namespace));
    for (const [type, name, uid] of K8S) resources.push(resource(fields, type, name, uid, namespace));
  }
  if (fields.has('k8smeta')) {
    fields.takeIfEqual(namespace, 'k8smeta.ns.name');
    const known = resources.find((each) => each?.type === 'KubernetesPod');
    fields.takeIfEqual(known?.name, 'k8smeta.pod.name');
    fields.takeIfEqual(known?.uid, 'k8smeta.pod.uid');
    if (known === undefined) {
      resources.push(resource(fields, 'KubernetesPod', 'k8smeta.pod.name', 'k8smeta.pod.uid', namespace));
    }
    for (const [type, name, uid] of K8SMETA) resources.push(resource(fields, type, name, uid, namespace));
  }
  const present = resources.filter((each) => each !== undefined);
  if (namespace !== undefined && present.length === 0) {
    present.push({ type: 'KubernetesNamespace', name: namespace });
  }
  return present;
}
