import { isIPv4 } from 'node:net';
import { type Event, type FieldValue, fieldText, isMissing, type Priority } from '../../core/sdk/index.ts';

/** Severity of CEF by the priority of an event, as in Falcosidekick. */
const SEVERITIES: Readonly<Record<Priority, number>> = {
  Emergency: 10,
  Alert: 9,
  Critical: 8,
  Error: 7,
  Warning: 6,
  Notice: 4,
  Informational: 3,
  Debug: 0,
};

/** The vendor, product and version that Falcosidekick writes: an event does not name the version of Falco. */
const DEVICE = 'CEF:0|Falcosecurity|Falco|1.0';

const isAny = () => true;
const isNumber = (text: string) => /^\d{1,10}$/.test(text);

/** The keys of CEF's dictionary that mean what a field of Falco means, and which values they may hold. */
const KEYS: Readonly<Record<string, readonly [key: string, fits: (text: string) => boolean]>> = {
  'proc.name': ['sproc', isAny],
  'proc.pid': ['spid', isNumber],
  'user.name': ['suser', isAny],
  'user.uid': ['suid', isAny],
  // The client of a connection is its source, and the server its destination, whichever of them raised the event.
  'fd.cip': ['src', isIPv4],
  'fd.cport': ['spt', isNumber],
  'fd.sip': ['dst', isIPv4],
  'fd.sport': ['dpt', isNumber],
  'fd.l4proto': ['proto', isAny],
  'fs.path.name': ['filePath', isAny],
};

/** Fields that stand in the custom strings, `cs2` and on; `cs1` has the tags. SIEMs report on these, not on keys of vendors. */
const CUSTOM_STRINGS = [
  'proc.cmdline',
  'container.id',
  'container.image.repository',
  'k8s.ns.name',
  'k8s.pod.name',
];

/**
 * An event in ArcSight's Common Event Format, version 0, on one line. Nothing of the event is cut. A field without a key in CEF's
 * dictionary has a key of its own, `Falco` and its name: `evt.type` is `FalcoEvtType`. Fields without a value are left out.
 *
 * @example cefOf(event) // 'CEF:0|Falcosecurity|Falco|1.0|Terminal shell|Terminal shell|4|externalId=… rt=… msg=…'
 */
export function cefOf(event: Event): string {
  const rule = escapeHeader(event.rule);
  const extension = extensionOf(event).map(([key, value]) => `${key}=${escapeExtension(value)}`);
  return `${DEVICE}|${rule}|${rule}|${SEVERITIES[event.priority]}|${extension.join(' ')}`;
}

function extensionOf({ id, time, hostname, source, output, tags, fields }: Event): [string, string][] {
  const pairs: [string, string][] = [
    ['externalId', id],
    ['rt', String(time)],
    ['start', String(time)],
    ...(hostname === '' ? [] : [['dvchost', hostname] as [string, string]]),
    ...(source === '' ? [] : [['cat', source] as [string, string]]),
    ...(output === '' ? [] : [['msg', output] as [string, string]]),
    ...(tags.length === 0 ? [] : customString(1, 'tags', tags.join(','))),
  ];
  const used = new Set<string>();
  for (const [name, value] of Object.entries(fields)) {
    if (!isMissing(value)) pairs.push(...fieldPairs(name, value, used));
  }
  return pairs;
}

function fieldPairs(name: string, value: FieldValue, used: Set<string>): [string, string][] {
  const text = fieldText(value);
  const place = CUSTOM_STRINGS.indexOf(name);
  if (place >= 0) return customString(place + 2, name, text);
  const [key, fits] = Object.hasOwn(KEYS, name) ? KEYS[name]! : [];
  if (key !== undefined && fits!(text)) return [[key, text]];
  return [[ownKey(name, used), text]];
}

function customString(number: number, label: string, value: string): [string, string][] {
  return [
    [`cs${number}`, value],
    [`cs${number}Label`, label],
  ];
}

/** A key of letters and digits, as CEF asks for; fields that differ in other characters alone are numbered. */
function ownKey(name: string, used: Set<string>): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const base = `Falco${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}`;
  let key = base;
  for (let number = 2; used.has(key); number++) key = `${base}${number}`;
  used.add(key);
  return key;
}

/** A header field holds one line: line breaks have an escape in the extension alone. */
function escapeHeader(text: string): string {
  return withoutControls(text.replace(/[\\|]/g, '\\$&'));
}

function escapeExtension(text: string): string {
  const escaped = text.replace(/[\\=]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
  return withoutControls(escaped);
}

/** The other control characters have no escape at all. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ');
}
