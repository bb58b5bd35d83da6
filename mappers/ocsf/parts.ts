import type { Event } from '../../core/index.ts';
import { Fields } from './fields.ts';
import { cloudOf } from './objects/cloud.ts';
import { containerOf } from './objects/container.ts';
import { processOf } from './objects/process.ts';
import { resource, workloadResources } from './objects/resources.ts';
import type { OcsfOptions } from './options.ts';
import type { Cloud, Container, Process, Resource } from './schema/objects.ts';
import { type Activity, activityOf, type Room } from './sources/activity.ts';

/** What the fields of an event tell, before it is known where in the record it stands. */
export interface Parts {
  readonly fields: Fields;
  readonly activity: Activity;
  readonly cloud: Cloud | undefined;
  readonly process: Process | undefined;
  readonly resources: Resource[];
}

export interface PartsOptions {
  readonly options: OcsfOptions;
  readonly room: Room;
  readonly linuxUsers: boolean;
}

/** Audit logs of clouds and services, which do not happen in the cluster that Falco runs in. */
const ELSEWHERE = ['ct', 'gcp', 'okta', 'github'] as const;

/** Reads the fields of an event. Fields that only repeat what the event says elsewhere are taken. */
export function partsOf(event: Event, { options, room, linuxUsers }: PartsOptions): Parts {
  const fields = new Fields(event.fields);
  fields.takeIfEqual(nanoseconds(event), 'evt.time', 'evt.time.iso8601', 'evt.rawtime');
  fields.takeIfEqual(event.hostname, 'evt.hostname');
  fields.takeIfEqual(event.source, 'evt.source');
  const activity = activityOf(fields, room) ?? {};
  const cloud = cloudOf(fields, options, activity.cloud);
  const process = processOf(fields, {
    findingUid: event.id,
    linuxUsers,
    container: () => containerOf(fields),
  });
  const container = process?.container ?? bareContainer(fields);
  const resources = [
    ...workloadResources(fields, container),
    ...(activity.resources ?? []).filter((each) => each !== undefined),
  ];
  const cluster = options.cluster_name;
  const known = resources.some((each) => each.type === 'KubernetesCluster');
  if (cluster !== undefined && !known && !ELSEWHERE.some((family) => fields.has(family))) {
    resources.push({ type: 'KubernetesCluster', name: cluster });
  }
  return { fields, activity, cloud, process, resources };
}

/** The container of an event that tells of no process: only what a resource has room for is taken. */
function bareContainer(fields: Fields): Container | undefined {
  if (fields.peek('container.id') === 'host') return undefined;
  return resource(fields, 'Container', 'container.name', 'container.id');
}

/** The event's time as `evt.time` has it. */
function nanoseconds({ time, timeText }: Event): string | undefined {
  if (time < 0) return undefined;
  const fraction = /\.(\d+)/.exec(timeText)?.[1] ?? '';
  return `${Math.floor(time / 1000) || ''}${fraction.slice(0, 9).padEnd(9, '0')}`;
}
