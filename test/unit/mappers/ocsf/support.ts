import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseEvent } from '../../../../core/event/parse.ts';
import type { Event, Logger } from '../../../../core/sdk/index.ts';
import ocsf from '../../../../mappers/ocsf/index.ts';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { decoded } from '../../../support/decoded.ts';

/** A fixed time of acceptance. */
export const RECEIVED = Date.UTC(2026, 6, 11, 9, 45);

const log = new Proxy({}, { get: () => () => {} }) as Logger;

const mappers = new Map<string, ReturnType<typeof ocsf.create>>();

/** The mapper with options, which are what a YAML would give; one for equal options, as its check takes a while to compile. */
export function mapper(options: Partial<OcsfOptions> = {}): ReturnType<typeof ocsf.create> {
  const key = JSON.stringify(options);
  let made = mappers.get(key);
  if (made === undefined) {
    made = ocsf.create(decoded(ocsf, options), { log });
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
export function mapped(of: Event, options: Partial<OcsfOptions> = {}): any {
  const result = mapper(options).map(of);
  if (!result.ok) throw new Error(result.reason);
  return JSON.parse(JSON.stringify(result.record));
}

type Schema = { [name: string]: unknown };
interface CompiledClass {
  readonly class: Schema;
  readonly profiles: Readonly<Record<string, Schema>>;
}

/** A schema with what a profile adds to it: more members of objects, and more names that are required. */
function extended(schema: Schema, more: Schema): Schema {
  const all = { ...schema };
  for (const [name, value] of Object.entries(more)) {
    const given = all[name];
    if (Array.isArray(given) && Array.isArray(value)) all[name] = [...given, ...value];
    else if (given instanceof Object) all[name] = extended(given as Schema, value as Schema);
    else all[name] = value;
  }
  return all;
}

const compiled = new Map<string, ValidateFunction>();

/**
 * What OCSF's own compiled schema finds wrong, for the version, class and profiles that a record declares.
 *
 * @param record as JSON has it
 */
// biome-ignore lint/suspicious/noExplicitAny: records of three classes.
export function officialErrors(record: any): unknown[] {
  const { version, profiles = [] } = record.metadata;
  const order = ['datetime', 'host', 'container', 'cloud', 'linux/linux_users'];
  const used = order.filter((profile) => profiles.includes(profile));
  const key = [version, record.class_uid, ...used].join('-');
  let validate = compiled.get(key);
  if (validate === undefined) {
    const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
    const file = new URL(`../../../fixtures/ocsf/${version}-${record.class_uid}.json`, import.meta.url);
    const of = JSON.parse(readFileSync(file, 'utf8')) as CompiledClass;
    validate = ajv.compile(used.map((profile) => of.profiles[profile]!).reduce(extended, of.class));
    compiled.set(key, validate);
  }
  return validate(record) ? [] : (validate.errors ?? []);
}
