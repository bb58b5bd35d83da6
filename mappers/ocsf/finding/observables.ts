import { addressesIn } from '../../falco-fields/connection.ts';
import type { DetectionFinding, SecurityFinding } from '../schema/finding.ts';
import { OBSERVABLES, type Observable } from '../schema/objects/observable.ts';
import type { OcsfVersion } from '../schema/objects/types.ts';

type Type = keyof typeof OBSERVABLES;

/** Collects pointers at values: never a value that is nowhere else in the record. */
class Observables {
  readonly list: Observable[] = [];

  add(name: string, type: Type, value: string | undefined): void {
    if (value !== undefined) this.list.push({ name, type: OBSERVABLES[type], type_id: type, value });
  }

  get(): Observable[] | undefined {
    return this.list.length > 0 ? this.list : undefined;
  }
}

/** The values of a Detection Finding that one searches by. */
export function detectionObservables(
  {
    device,
    evidences,
    resources,
    unmapped,
  }: Pick<DetectionFinding, 'device' | 'evidences' | 'resources' | 'unmapped'>,
  version: OcsfVersion,
): Observable[] | undefined {
  const found = new Observables();
  found.add('device.hostname', 1, device?.hostname);
  const evidence = evidences?.[0];
  const { process, user } = evidence?.actor ?? {};
  found.add('evidences[].src_endpoint.ip', 2, evidence?.src_endpoint?.ip);
  found.add('evidences[].dst_endpoint.ip', 2, evidence?.dst_endpoint?.ip);
  for (const address of evidence?.src_endpoint?.intermediate_ips ?? [])
    found.add('evidences[].src_endpoint.intermediate_ips[]', 2, address);
  found.add('evidences[].src_endpoint.hostname', 1, evidence?.src_endpoint?.hostname);
  found.add('evidences[].dst_endpoint.hostname', 1, evidence?.dst_endpoint?.hostname);
  found.add('evidences[].actor.user.name', 4, user?.name);
  found.add('evidences[].file.name', 7, evidence?.file?.name);
  addProcess(found, 'evidences[].actor.process', process, version);
  for (const resource of resources ?? []) found.add('resources[].uid', 10, resource.uid);
  addAddresses(found, unmapped);
  return found.get();
}

/** The values of a Security Finding that one searches by. */
export function securityObservables(
  { process, resources, unmapped }: Pick<SecurityFinding, 'process' | 'resources' | 'unmapped'>,
  version: OcsfVersion,
): Observable[] | undefined {
  const found = new Observables();
  addProcess(found, 'process', process, version);
  for (const resource of resources ?? []) {
    if (resource.type === 'Host') found.add('resources[].name', 1, resource.name);
    found.add('resources[].uid', 10, resource.uid);
  }
  addAddresses(found, unmapped);
  return found.get();
}

/** The addresses that only `unmapped` has: class 2001 has no endpoints, and a rule may print any field. */
function addAddresses(found: Observables, unmapped: Readonly<Record<string, string>> | undefined): void {
  for (const field in unmapped) {
    for (const address of addressesIn(unmapped[field]!))
      if (!found.list.some(({ value }) => value === address)) found.add('unmapped', 2, address);
  }
}

function addProcess(
  found: Observables,
  path: string,
  process: SecurityFinding['process'],
  version: OcsfVersion,
): void {
  found.add(`${path}.name`, 9, process?.name);
  found.add(`${path}.user.name`, 4, process?.user?.name);
  if (version >= '1.2.0') found.add(`${path}.cmd_line`, 13, process?.cmd_line);
}
