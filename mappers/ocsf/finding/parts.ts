import type { Event, Priority } from '../../../core/sdk/index.ts';
import { takeRepeats } from '../../falco-fields/event.ts';
import { Fields } from '../../falco-fields/fields.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { cloudOf } from '../objects/cloud.ts';
import { containerOf } from '../objects/container.ts';
import { processOf } from '../objects/process.ts';
import { resource, workloadResources } from '../objects/resources.ts';
import type { SEVERITIES } from '../schema/base-event.ts';
import type { Container } from '../schema/objects/container.ts';
import type { Cloud, Resource } from '../schema/objects/place.ts';
import type { Process } from '../schema/objects/process.ts';
import { MAX_TEXT, type OcsfVersion } from '../schema/objects/types.ts';
import type { OcsfOptions } from '../schema/options.ts';
import { readSource } from '../sources/index.ts';

/** The options, worked out once. */
export interface MapOptions {
  readonly options: OcsfOptions;
  readonly version: OcsfVersion;
  readonly severities: Readonly<Record<Priority, keyof typeof SEVERITIES>>;
  readonly room: Room;
  readonly linuxUsers: boolean;
}

/** What the fields of an event tell, before it is known where in the record it stands. */
export interface Parts {
  readonly fields: Fields;
  readonly activity: Activity;
  readonly cloud: Cloud | undefined;
  readonly process: Process | undefined;
  readonly resources: Resource[];
  /** Is the event about the host of Falco? */
  readonly ofHost: boolean;
}

/** Reads the fields of an event. Fields that only repeat what the event says elsewhere are taken. */
export function partsOf(event: Event, { options, version, room, linuxUsers }: MapOptions): Parts {
  const fields = new Fields(event.fields, MAX_TEXT);
  takeRepeats(fields, event);
  const { activity, ofHost, elsewhere } = readSource(fields, room, event.source);
  const cloud = cloudOf(fields, { options, version, told: activity.cloud, elsewhere });
  const process = processOf(fields, {
    version,
    linuxUsers,
    container: () => containerOf(fields, version),
  });
  const container = process?.container ?? bareContainer(fields);
  const resources = [
    ...workloadResources(fields, container),
    ...(activity.resources ?? []).filter((each) => each !== undefined),
  ];
  const cluster = options.cluster_name;
  const known = resources.some((each) => each.type === 'KubernetesCluster');
  if (cluster !== undefined && !known && !elsewhere) {
    resources.push({ type: 'KubernetesCluster', name: cluster });
  }
  return { fields, activity, cloud, process, resources, ofHost };
}

/** The container of an event that tells of no process: only what a resource has room for is taken. */
function bareContainer(fields: Fields): Container | undefined {
  if (fields.peek('container.id') === 'host') return undefined;
  return resource(fields, { type: 'Container', name: 'container.name', uid: 'container.id' });
}
