import type { Fields } from '../../falco-fields/fields.ts';
import { isAddress } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { resource } from '../objects/resources.ts';
import { urlOf } from '../objects/url.ts';
import type { RequestedContainer } from '../schema/objects/container.ts';
import type { Endpoint } from '../schema/objects/network.ts';
import type { Resource } from '../schema/objects/place.ts';
import { some } from '../schema/objects/types.ts';
import type { User } from '../schema/objects/user.ts';

const CONTAINERS = 'ka.req.pod.containers.name';
const IMAGES = 'ka.req.pod.containers.image';

/** Kubernetes audit events: falcosecurity/plugins, k8saudit. */
export function k8sAudit(fields: Fields, room: Room): Activity {
  const user = room.evidence ? userOf(fields) : undefined;
  return {
    api: room.api(undefined) ? apiOf(fields) : undefined,
    user,
    // It has its place beside the user.
    decision: user && fields.text('ka.auth.decision'),
    client: room.evidence ? clientOf(fields) : undefined,
    url: room.url ? urlOf(fields, 'ka.uri') : undefined,
    resources: [targetOf(fields), resource(fields, { type: 'KubernetesCluster', name: 'ka.cluster.name' })],
  };
}

function apiOf(fields: Fields): Activity['api'] {
  const operation = fields.text('ka.verb');
  if (operation === undefined) return undefined;
  // The audit id is EKS's api.request.uid too: the two tables join on it.
  const uid = fields.text('ka.auditid');
  const response = some({
    code: fields.int32('ka.response.code'),
    message: fields.text('ka.response.reason'),
  });
  return {
    operation,
    service: { name: 'kube-apiserver' },
    request: uid === undefined ? undefined : { uid, containers: containersOf(fields) },
    response,
  };
}

/**
 * The containers that a pod is asked to have. OCSF wants a name of each: where the rule prints the images alone, as
 * Falco's own do, they are left for `unmapped`.
 */
function containersOf(fields: Fields): RequestedContainer[] | undefined {
  const names = fields.peekList(CONTAINERS);
  const images = fields.peekList(IMAGES);
  if (names === undefined || images?.length !== names.length) return undefined;
  fields.take(CONTAINERS, IMAGES);
  return names.map((name, index) => ({ name, image: { uid: images[index]!, name: images[index]! } }));
}

function userOf(fields: Fields): User | undefined {
  const name = fields.text('ka.user.name');
  if (name === undefined) return undefined;
  return { name, groups: fields.list('ka.user.groups')?.map((group) => ({ name: group })) };
}

function clientOf(fields: Fields): Endpoint | undefined {
  const addresses = fields.list('ka.sourceips', isAddress);
  if (addresses === undefined) return undefined;
  const [ip, ...rest] = addresses;
  return { ip: ip!, intermediate_ips: rest.length > 0 ? rest : undefined };
}

/** Kubernetes resources by the type that their objects have in records of every source. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['pods', 'KubernetesPod'],
  ['deployments', 'KubernetesDeployment'],
  ['daemonsets', 'KubernetesDaemonSet'],
  ['statefulsets', 'KubernetesStatefulSet'],
  ['replicasets', 'KubernetesReplicaSet'],
  ['replicationcontrollers', 'KubernetesReplicationController'],
  ['jobs', 'KubernetesJob'],
  ['cronjobs', 'KubernetesCronJob'],
  ['services', 'KubernetesService'],
  ['serviceaccounts', 'KubernetesServiceAccount'],
  ['configmaps', 'KubernetesConfigMap'],
  ['secrets', 'KubernetesSecret'],
  ['namespaces', 'KubernetesNamespace'],
  ['nodes', 'KubernetesNode'],
  ['roles', 'KubernetesRole'],
  ['rolebindings', 'KubernetesRoleBinding'],
  ['clusterroles', 'KubernetesClusterRole'],
  ['clusterrolebindings', 'KubernetesClusterRoleBinding'],
]);

/** The object of the request. A subresource, such as `exec` of a pod, has no column: the object's type stays that of the object. */
function targetOf(fields: Fields): Resource | undefined {
  const name = fields.text('ka.target.name');
  if (name === undefined) return undefined;
  const resource = fields.text('ka.target.resource');
  const type = resource === undefined ? undefined : (KINDS.get(resource) ?? resource);
  return { type, name, namespace: fields.text('ka.target.namespace') };
}
