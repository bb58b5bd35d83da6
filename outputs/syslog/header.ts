import type { Event, Priority } from '../../core/sdk/index.ts';

/** The facilities of syslog (RFC 5424, table 1) by the names that receivers use, in the order of their numbers. */
export const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'security',
  'console',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

/** A facility by its name. */
export type Facility = (typeof FACILITIES)[number];

/** The priorities of Falco are the severities of syslog. */
const SEVERITIES: Readonly<Record<Priority, number>> = {
  Emergency: 0,
  Alert: 1,
  Critical: 2,
  Error: 3,
  Warning: 4,
  Notice: 5,
  Informational: 6,
  Debug: 7,
};

/** What is no printable ASCII. */
const NOT_PRINTABLE = /[^!-~]/gu;
/** What is in no name and no IP address: syslog-ng does not parse a message with other characters there. */
const NOT_IN_HOSTNAME = /[^A-Za-z0-9._:-]/gu;
/** The most characters of HOSTNAME and MSGID. */
const HOSTNAME_LENGTH = 255;
const MSGID_LENGTH = 32;

/**
 * The header of RFC 5424 up to MSGID: the severity is the priority of the event, HOSTNAME is where it happened, MSGID is its rule.
 * PROCID is nil, because an event does not name the process of Falco.
 *
 * @param appName printable ASCII, at most 48 characters
 * @example headerOf(event, 'user', 'Falco') // '<12>1 2026-07-11T09:44:58.682419Z node-1 Falco - Terminal_shell_in_container'
 */
export function headerOf(event: Event, facility: Facility, appName: string): string {
  const pri = FACILITIES.indexOf(facility) * 8 + SEVERITIES[event.priority];
  const hostname = fieldOf(event.hostname, NOT_IN_HOSTNAME, HOSTNAME_LENGTH);
  const msgId = fieldOf(event.rule, NOT_PRINTABLE, MSGID_LENGTH);
  return `<${pri}>1 ${timestampOf(event)} ${hostname} ${appName} - ${msgId}`;
}

/** A header field: characters that are not allowed become `_`, the rest is cut, and an empty one is nil. */
function fieldOf(text: string, notAllowed: RegExp, length: number): string {
  return text.replace(notAllowed, '_').slice(0, length) || '-';
}

/** A time of RFC 3339: date and time to the second, the fraction with its point, the offset. */
const TIME = /^(\d{4}-\d\d-\d\d).(\d\d:\d\d:[0-5]\d)(\.\d{1,6})?\d*(?:[Zz]|([+-]\d\d):?(\d\d))$/;

/**
 * TIMESTAMP: the time of the event in its own offset, cut to microseconds, of which RFC 5424 allows no more.
 *
 * A leap second, which RFC 5424 does not allow, is the first second of the next minute.
 */
function timestampOf({ timeText, time }: Pick<Event, 'timeText' | 'time'>): string {
  const [, date, clock, fraction = '', hours, minutes] = TIME.exec(timeText) ?? [];
  if (date === undefined) return new Date(time).toISOString();
  return `${date}T${clock}${fraction}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`;
}
