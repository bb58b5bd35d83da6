import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseEvent } from '../../../../core/event/parse.ts';
import type { Event, Logger } from '../../../../core/index.ts';
import ocsf from '../../../../mappers/ocsf/index.ts';
import type { OcsfOptions } from '../../../../mappers/ocsf/options.ts';

/** A fixed time of acceptance. */
export const RECEIVED = Date.UTC(2026, 6, 11, 9, 45);

const log = new Proxy({}, { get: () => () => {} }) as Logger;

const mappers = new Map<string, ReturnType<typeof ocsf.create>>();

/** The mapper with options, which are what a YAML would give; one for equal options, as its check takes a while to compile. */
export function mapper(options: OcsfOptions = {}): ReturnType<typeof ocsf.create> {
  const key = JSON.stringify(options);
  let made = mappers.get(key);
  if (made === undefined) {
    made = ocsf.create(options, { log });
    mappers.set(key, made);
  }
  return made;
}

/** An event of an object, a text or bytes. */
export function event(body: object | string | Uint8Array): Event {
  const raw =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const result = parseEvent(raw, RECEIVED);
  if (!result.ok) throw new Error(`${result.field} ${result.reason}`);
  return result.event;
}

/** A syscall event with these output fields. */
export const alert = (output_fields: object, more: object = {}): Event =>
  event({
    uuid: '11111111-2222-4333-8444-555555555555',
    hostname: 'node-1',
    output: 'something happened',
    priority: 'Notice',
    rule: 'A rule',
    source: 'syscall',
    tags: ['container'],
    time: '2026-07-11T09:44:58.682419669Z',
    output_fields,
    ...more,
  });

/** The record of an event as OCSF's JSON; throws when it is refused. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records of three classes.
export function mapped(of: Event, options: OcsfOptions = {}): any {
  const result = mapper(options).map(of);
  if (!result.ok) throw new Error(result.reason);
  return JSON.parse(JSON.stringify(result.record));
}

export const DATA = join(import.meta.dirname, '../../../../../shared/data');
export const hasData = existsSync(DATA);
if (!hasData) console.log('skipped: ../shared/data is not here (real events and compiled OCSF schemas)');

/** The events of ../shared/data that are events at all. */
export function realEvents(): string[] {
  const folder = join(DATA, 'falco-events');
  return readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .filter((line) => parseEvent(Buffer.from(line), RECEIVED).ok);
}

const compiled = new Map<string, ValidateFunction>();

/**
 * What OCSF's own compiled schema finds wrong, for the version, class and profiles that a record declares. There is
 * none for linux/linux_users: its two attributes are left out.
 *
 * @param given the record as JSON has it
 */
// biome-ignore lint/suspicious/noExplicitAny: records of three classes.
export function officialErrors(given: any): unknown[] {
  const record = structuredClone(given);
  for (const process of [record.process, record.evidences?.[0]?.actor?.process]) {
    if (process === undefined || !record.metadata.profiles.includes('linux/linux_users')) continue;
    delete process.auid;
    delete process.group;
  }
  const { version, profiles = [] } = record.metadata;
  const order = ['datetime', 'host', 'container', 'cloud'];
  const name = order.filter((profile) => profiles.includes(profile)).join('+') || 'none';
  const file = `${version}-${record.class_uid}-${name}.json`;
  let validate = compiled.get(file);
  if (validate === undefined) {
    const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
    const schema = JSON.parse(readFileSync(join(DATA, 'ocsf', file), 'utf8')) as { $schema?: string };
    delete schema.$schema;
    validate = ajv.compile(schema);
    compiled.set(file, validate);
  }
  return validate(record) ? [] : (validate.errors ?? []);
}
