import { type Event, PRIORITIES, type Priority } from '../../core/sdk/index.ts';
import { attacksOf, type Named } from '../falco-fields/attack/tags.ts';
import { connectionOf } from '../falco-fields/connection.ts';
import { originalText, takeRepeats } from '../falco-fields/event.ts';
import { addUnmapped, Fields, isAddress } from '../falco-fields/fields.ts';
import { type FileKind, touchedFile } from '../falco-fields/file.ts';
import { fillersOf, type Part, put } from './fill.ts';
import { ECS_VERSION, type EcsRecord, schema } from './schema.ts';

/** The scale of Elastic Security's rules: low 21, medium 47, high 73, critical 99. */
const SEVERITY: Readonly<Record<Priority, number>> = {
  Emergency: 99,
  Alert: 99,
  Critical: 99,
  Error: 73,
  Warning: 47,
  Notice: 21,
  Informational: 0,
  Debug: 0,
};

const FILE_TYPES: Readonly<Record<FileKind, string>> = {
  file: 'file',
  directory: 'dir',
  socket: 'socket',
  pipe: 'fifo',
};
/** By the end of the connection that the host is. */
const DIRECTIONS = { server: 'ingress', client: 'egress' } as const;

const { container, ...others } = schema.properties;
const fillers = fillersOf({ properties: others });
const containerFillers = fillersOf(container, ['container']);

/** The prototype of every record, which holds instants as epoch milliseconds: in JSON they are ISO 8601, as ECS has them. */
const prototype: object = Object.defineProperty({}, 'toJSON', {
  value(this: EcsRecord) {
    const { '@timestamp': time, event, ...rest } = this;
    const created = new Date(event.created).toISOString();
    return { '@timestamp': new Date(time).toISOString(), ...rest, event: { ...event, created } };
  },
});

/**
 * The record of an event. A field that no column takes is in `falco.fields`, so nothing is lost.
 *
 * @param keepOriginal with the event as it was received in `event.original`
 */
export function toEcs(event: Event, keepOriginal: boolean): EcsRecord {
  const fields = new Fields(event.fields);
  const record: Part = Object.assign(Object.create(prototype), heading(event));
  const original = keepOriginal ? originalText(event.raw) : undefined;
  put(record, ['event', 'original'], original);
  addThreat(record, event.tags);
  addConnection(record, fields);
  addFile(record, fields);
  for (const fill of fillers) fill(fields, record);
  // Outside of any container Falco calls it "host".
  if (fields.peek('container.id') !== 'host') for (const fill of containerFillers) fill(fields, record);
  addContext(record, fields);
  addRelated(record, event.hostname, fields);
  takeRepeats(fields, event);

  // Without the original, this is all there is of a value that says "no value".
  const rest = fields.rest(original === undefined);
  for (const name in event.extra) addUnmapped(rest, name, event.extra[name]!);
  if (keepOriginal && original === undefined) {
    addUnmapped(rest, 'original_base64', Buffer.from(event.raw).toString('base64'));
  }
  if (Object.keys(rest).length > 0) put(record, ['falco', 'fields'], rest);
  return record as unknown as EcsRecord;
}

/** What every event has. */
function heading(event: Event): Part {
  const { priority, hostname, output, tags, source } = event;
  return {
    '@timestamp': event.time,
    ...(output !== '' && { message: output }),
    ...(tags.length > 0 && { tags: [...tags] }),
    ecs: { version: ECS_VERSION },
    event: {
      id: event.id,
      kind: 'alert',
      category: ['intrusion_detection'],
      type: ['info'],
      module: 'falco',
      dataset: 'falco.alerts',
      severity: SEVERITY[priority],
      created: event.receivedAt,
      ...(source !== '' && { provider: source }),
    },
    rule: { name: event.rule },
    log: {
      level: priority.toLowerCase(),
      // Falco's priorities are syslog's severities.
      syslog: { severity: { code: PRIORITIES.indexOf(priority), name: priority } },
    },
    observer: { vendor: 'The Falco Project', product: 'Falco' },
    ...(hostname !== '' && { host: { name: hostname, hostname } }),
    falco: { time: event.timeText },
  };
}

function addThreat(record: Part, tags: readonly string[]): void {
  const attacks = attacksOf(tags);
  if (attacks === undefined) return;
  put(record, ['threat', 'framework'], 'MITRE ATT&CK');
  const add = (path: readonly string[], all: readonly (Named | undefined)[]) => {
    const present = all.filter((one) => one !== undefined);
    put(record, ['threat', ...path, 'id'], distinct(present.map(({ uid }) => uid)));
    put(record, ['threat', ...path, 'name'], distinct(present.map(({ name }) => name)));
  };
  add(
    ['tactic'],
    attacks.map(({ tactic }) => tactic),
  );
  add(
    ['technique'],
    attacks.map(({ technique }) => technique),
  );
  add(
    ['technique', 'subtechnique'],
    attacks.map(({ subTechnique }) => subTechnique),
  );
}

function addConnection(record: Part, fields: Fields): void {
  const seen = connectionOf(fields);
  if (seen === undefined) return;
  for (const [side, end] of [
    ['source', seen.client],
    ['destination', seen.server],
  ] as const) {
    if (end === undefined) continue;
    put(record, [side, 'address'], end.hostname ?? end.ip);
    put(record, [side, 'ip'], end.ip);
    put(record, [side, 'port'], end.port);
    put(record, [side, 'domain'], end.hostname);
  }
  put(record, ['network', 'transport'], seen.protocol);
  put(record, ['network', 'type'], seen.ipVersion && `ipv${seen.ipVersion}`);
  put(record, ['network', 'direction'], seen.local && DIRECTIONS[seen.local]);
}

function addFile(record: Part, fields: Fields): void {
  const file = touchedFile(fields);
  if (file === undefined) return;
  put(record, ['file', 'path'], file.path);
  put(record, ['file', 'name'], file.name);
  put(record, ['file', 'directory'], file.folder);
  put(record, ['file', 'type'], file.kind && FILE_TYPES[file.kind]);
}

/** What the columns filled so far say about the event as a whole. */
function addContext(record: Part, fields: Fields): void {
  const { event, orchestrator, container: inside } = record as Partial<EcsRecord>;
  for (const category of ['process', 'file', 'network'] as const) {
    if (record[category] !== undefined) event!.category.push(category);
  }
  // The short id is the beginning of the full one.
  const short = fields.peek('container.id');
  if (short !== undefined && inside?.id?.startsWith(short)) fields.take('container.id');
  if (orchestrator !== undefined) {
    orchestrator.type = 'kubernetes';
    const { resource } = orchestrator;
    if (resource?.name !== undefined && !fields.has('ka')) resource.type ??= 'pod';
  }
  if (fields.has('ct')) put(record, ['cloud', 'provider'], 'aws');
  else if (fields.has('gcp')) put(record, ['cloud', 'provider'], 'gcp');
}

function addRelated(record: Part, hostname: string, fields: Fields): void {
  const proxied = fields.list('ka.sourceips', isAddress) ?? [];
  if ((record as Partial<EcsRecord>).source === undefined) {
    put(record, ['source', 'address'], proxied[0]);
    put(record, ['source', 'ip'], proxied[0]);
  }
  const { source, destination, user } = record as Partial<EcsRecord>;
  put(record, ['related', 'ip'], distinct([source?.ip, destination?.ip, ...proxied]));
  put(record, ['related', 'user'], distinct([user?.name]));
  put(record, ['related', 'hosts'], distinct([hostname || undefined]));
}

/** Each value once; undefined when there is none: an empty list is no column's value. */
function distinct(values: readonly (string | undefined)[]): string[] | undefined {
  const present = new Set(values.filter((value) => value !== undefined));
  return present.size > 0 ? [...present] : undefined;
}
