import { type Event, type FieldValue, fieldText } from '../../../../core/sdk/index.ts';

const MISSING: readonly unknown[] = [null, '', '<NA>', 'N/A'];

/** What a value of a field becomes where its column is an enumeration. */
const CAPTIONS: Readonly<Record<string, string>> = {
  file: 'Regular File',
  directory: 'Folder',
  unix: 'Local Socket',
  pipe: 'Named Pipe',
  ipv4: 'Internet Protocol version 4 (IPv4)',
  ipv6: 'Internet Protocol version 6 (IPv6)',
};

/** Every single value of a record outside raw_data and unmapped, with its path. */
export function columnsOf(record: object): [path: string, value: unknown][] {
  const { raw_data, unmapped, ...columns } = record as Record<string, unknown>;
  const found: [string, unknown][] = [];
  const walk = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) {
      if (value !== undefined) found.push([path, value]);
    } else for (const [key, each] of Object.entries(value)) walk(path === '' ? key : `${path}.${key}`, each);
  };
  walk('', columns);
  return found;
}

/** The event's time as Falco writes it into `evt.time`. */
export function instantOf({ time, timeText }: Event): string {
  const fraction = /\.(\d+)/.exec(timeText)?.[1] ?? '';
  return `${Math.floor(time / 1000)}${fraction.slice(0, 9).padEnd(9, '0')}`;
}

/** The output fields that are neither in a column nor in unmapped. */
export function lostFields(event: Event, record: object): string[] {
  const values = new Set(columnsOf(record).map(([, value]) => String(value)));
  const { unmapped = {} } = record as { unmapped?: Record<string, string> };
  return Object.keys(event.fields).filter((key) => {
    const value = event.fields[key]!;
    if (MISSING.includes(value)) return false;
    if (Object.hasOwn(unmapped, key) && unmapped[key] === fieldText(value)) return false;
    if (key.startsWith('evt.') && fieldText(value) === instantOf(event)) return false;
    if (values.has(fieldText(value))) return false;
    return !parts(key, value).every((part) =>
      typeof part === 'string' ? values.has(part) : [...values].some((each) => part.test(each)),
    );
  });
}

/** What to look for: the pieces that a value is taken apart into, or what it becomes a part of. */
function parts(key: string, value: FieldValue): (string | RegExp)[] {
  const text = fieldText(value);
  if (Array.isArray(value)) return value.map(fieldText);
  if (key === 'fd.name' && text.includes('->'))
    return text
      .split('->')
      .flatMap((end) => [end.slice(0, end.lastIndexOf(':')), end.slice(end.lastIndexOf(':') + 1)]);
  if (['ka.uri', 'nginx.request_uri', 'okta.requesturi'].includes(key))
    return text.split('?').filter((part) => part !== '');
  if (key === 'fd.type') return [CAPTIONS[text] ?? text];
  if (key === 'fd.is_server') return [text === 'true' ? 'Inbound' : 'Outbound'];
  if (key === 'gitlab.entity_type' || key === 'gitlab.target_type')
    return [new RegExp(`^GitLab${escaped(text)}$`)];
  // pods are KubernetesPod in every record.
  if (key === 'ka.target.resource')
    return [new RegExp(`^(Kubernetes${escaped(text.replace(/s$/, ''))}|${escaped(text)})$`, 'i')];
  // The path of an ancestor ends in its name.
  if (key.startsWith('proc.aname[')) return [new RegExp(`(^|/)${escaped(text)}$`)];
  // The short id is the beginning of the full one.
  if (key === 'container.id') return [new RegExp(`^${escaped(text)}`)];
  // It repeats the bucket and the key.
  if (key === 's3.uri')
    return [new RegExp(`^arn:[a-z-]+:s3:::${escaped(text.replace('s3://', '').replace(/\/$/, ''))}$`)];
  if (/^\(.*\)$/s.test(text)) return text.slice(1, -1).split(',');
  if (key.endsWith('.labels')) return text.split(',');
  return [text];
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Words of the mapper's own and of OCSF that are in no event. */
const WORDS = new Set(
  `Falco falco|The Falco Project|Falcosecurity|Findings|Detection Finding|Security Finding|Detection Finding: Create|
Security Finding: Create|Security Finding: Generate|Create|Generate|New|Rule|Other|Unknown|Linux|Admin|AWS|GCP|AWS Account|CloudTrail|
Kubernetes|SHA-256|kube-apiserver|okta|github|Inbound|Outbound|Host|Container|hostname|Hostname|IP Address|User Name|File Name|
Process Name|Resource UID|Command Line|GCP Project|nginx|keycloak|gitlab|docker|#process|#parent|Informational|Low|Medium|High|Critical|Fatal|datetime|host|container|cloud|linux/linux_users|1.1.0|1.3.0|1.5.0|1.6.0|1.8.0|18.1|
${Object.values(CAPTIONS).join('|')}`
    .split(/\||\n/)
    .flatMap((word) => (word === 'Falco falco' ? ['Falco', 'falco'] : [word])),
);

/**
 * The columns whose value the event does not say: not a part of any of its values, not put together of them, no word
 * of OCSF, no number that OCSF gives a word.
 *
 * @param configured what the options say
 */
export function inventions(event: Event, record: object, configured: readonly string[] = []): string[] {
  const said = saidBy(event, configured);
  const has = (text: string) => said.some((each) => each.includes(text));
  return columnsOf(record)
    .filter(([path, value]) => {
      if (path === 'is_alert') return value !== true;
      if (typeof value === 'boolean') return true;
      if (typeof value === 'number') return !isOwnNumber(path, value, event) && !has(String(value));
      const text = String(value);
      if (['', '<NA>', 'N/A'].includes(text)) return true;
      if (WORDS.has(text) || has(text)) return false;
      if (/_dt$/.test(path)) return false;
      if (/(^|\.)observables\.\d+\.name$/.test(path)) return false;
      // Names of ids, which the tests of the tags hold.
      if (/(^|\.)attacks\.\d+\./.test(path)) return false;
      if (/^resources\.\d+\.type$/.test(path))
        return (
          !/^(Kubernetes|Okta|GitHub|GitLab|Keycloak|Gcp|AwsS3)[A-Za-z]+$/.test(text) &&
          !composed(text, '/', has)
        );
      const arn = /^arn:aws(?:-cn|-us-gov)?:s3:::(.*)$/s.exec(text);
      if (arn !== null) return !has(arn[1]!) && !composed(arn[1]!, '/', has);
      return !composed(text, ':', has);
    })
    .map(([path, value]) => `${path}: ${String(value).slice(0, 60)}`);
}

/** Is it two things that were said, with this between them? */
function composed(text: string, between: string, has: (part: string) => boolean): boolean {
  for (let cut = text.indexOf(between); cut >= 0; cut = text.indexOf(between, cut + 1)) {
    if (has(text.slice(0, cut)) && has(text.slice(cut + 1))) return true;
  }
  return false;
}

/** Instants, and what OCSF numbers: their captions are checked beside them. */
function isOwnNumber(path: string, value: number, event: Event): boolean {
  if (/(_id|^class_uid|^category_uid|^type_uid)$/.test(path)) return true;
  if (/(^|\.)(time|created_time|logged_time)(_dt)?$/.test(path)) {
    return (
      value === event.time ||
      value === event.receivedAt ||
      fieldText(event.fields['proc.pid.ts'] ?? '').startsWith(String(value))
    );
  }
  return path.endsWith('protocol_num') && [1, 6, 17].includes(value);
}

function saidBy(event: Event, configured: readonly string[]): string[] {
  const { rule, id, output, source, hostname, tags, timeText, priority, fields, extra } = event;
  const said = [rule, id, output, source, hostname, timeText, priority, ...tags, ...configured];
  for (const value of [...Object.values(fields), extra.message ?? null]) {
    said.push(fieldText(value));
    if (Array.isArray(value)) said.push(...value.map(fieldText));
  }
  return [...said, ...Object.keys(fields)];
}

/** The keys of unmapped that no field and no member of the event is called, or whose value is another one. */
export function unexplained(event: Event, unmapped: Readonly<Record<string, string>>): string[] {
  const own = ['priority', 'output', 'source', 'hostname', 'time', 'tags', 'message'];
  const raw = ['raw_data', 'raw_data_base64', 'raw_data_sha256', 'raw_data_length'];
  return Object.entries(unmapped)
    .filter(([key, value]) => {
      if (Object.hasOwn(event.fields, key) && value === fieldText(event.fields[key]!)) return false;
      const name = key.replace(/^(event\.)+/, '');
      return (
        ![...own, ...raw].includes(name) &&
        !Object.hasOwn(event.extra, name) &&
        !Object.hasOwn(event.extra, key)
      );
    })
    .map(([key]) => key);
}

/** The observables whose value does not stand where they point to. */
export function unobserved(record: { observables?: { name: string; value: string }[] }): string[] {
  const { observables = [] } = record;
  return observables
    .filter(({ name, value }) =>
      name === 'unmapped'
        ? !Object.values((record as { unmapped?: Record<string, string> }).unmapped ?? {}).some((text) =>
            text.includes(value),
          )
        : !valuesAt(record, name.split('.')).flat().includes(value),
    )
    .map(({ name }) => name);
}

/** The values at a path such as `evidences[].file.name`. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): unknown[] {
  if (name === undefined) return [value];
  const child = (value as Record<string, unknown> | undefined)?.[name.replace('[]', '')];
  return (name.endsWith('[]') ? ((child as unknown[] | undefined) ?? []) : [child]).flatMap((each) =>
    valuesAt(each, rest),
  );
}
