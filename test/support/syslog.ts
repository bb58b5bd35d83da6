import { isUtf8 } from 'node:buffer';

/** A message of RFC 5424; absent fields are nil. */
export interface SyslogMessage {
  readonly facility: number;
  readonly severity: number;
  readonly timestamp?: string;
  readonly hostname?: string;
  readonly appName?: string;
  readonly procId?: string;
  readonly msgId?: string;
  readonly structuredData: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly bom: boolean;
  readonly message?: string;
}

/**
 * Parses a message byte by byte, as the grammar of RFC 5424, section 6, has it; nothing beyond the grammar is taken.
 *
 * @throws Error saying where it is not of the grammar
 */
export function parseSyslog(bytes: Buffer): SyslogMessage {
  let at = 0;
  const fail = (expected: string): never => {
    throw new Error(`at byte ${at}: ${expected} expected in ${JSON.stringify(bytes.toString('latin1'))}`);
  };
  const peek = () => (at < bytes.length ? String.fromCharCode(bytes[at]!) : '');
  const eat = (text: string): void => {
    for (const character of text) {
      if (peek() !== character) fail(JSON.stringify(character));
      at++;
    }
  };
  const take = (isWanted: (code: number) => boolean, least: number, most: number, what: string): string => {
    const start = at;
    while (at < bytes.length && at - start < most && isWanted(bytes[at]!)) at++;
    if (at - start < least) fail(what);
    return bytes.toString('latin1', start, at);
  };
  const isDigit = (code: number) => code >= 48 && code <= 57;
  const isPrintable = (code: number) => code >= 33 && code <= 126;
  const isName = (code: number) => isPrintable(code) && ![0x22, 0x3d, 0x5d].includes(code);
  const field = (most: number): string | undefined => {
    eat(' ');
    const text = take(isPrintable, 1, most, 'PRINTUSASCII');
    return text === '-' ? undefined : text;
  };

  eat('<');
  const pri = take(isDigit, 1, 3, 'PRIVAL');
  if (Number(pri) > 191 || String(Number(pri)) !== pri) fail('PRIVAL from 0 to 191');
  eat('>1');
  const timestamp = field(64);
  if (timestamp !== undefined) checkTimestamp(timestamp);
  const [hostname, appName, procId, msgId] = [field(255), field(48), field(128), field(32)];
  eat(' ');
  const structuredData = new Map<string, Map<string, string>>();
  if (peek() === '-') at++;
  else {
    do {
      eat('[');
      const id = take(isName, 1, 32, 'SD-ID');
      if (structuredData.has(id)) fail('an SD-ID that was not there');
      const parameters = new Map<string, string>();
      structuredData.set(id, parameters);
      while (peek() === ' ') {
        at++;
        const name = take(isName, 1, 32, 'PARAM-NAME');
        eat('="');
        const value: number[] = [];
        while (peek() !== '"') {
          if (at >= bytes.length || peek() === ']') fail('PARAM-VALUE');
          if (peek() === '\\' && /["\\\]]/.test(String.fromCharCode(bytes[at + 1] ?? 0))) at++;
          value.push(bytes[at++]!);
        }
        eat('"');
        parameters.set(name, utf8(Buffer.from(value)));
      }
      eat(']');
    } while (peek() === '[');
  }
  const head = { facility: Number(pri) >> 3, severity: Number(pri) & 7, timestamp, hostname, appName };
  const rest = { procId, msgId, structuredData };
  if (at === bytes.length) return { ...head, ...rest, bom: false };
  eat(' ');
  const bom = bytes.subarray(at, at + 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  return { ...head, ...rest, bom, message: utf8(bytes.subarray(bom ? at + 3 : at)) };
}

function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Error('text that is not UTF-8');
  return bytes.toString('utf8');
}

/** TIMESTAMP of RFC 5424: RFC 3339 in capital letters, six digits of a second at most, no leap second, a date that exists. */
function checkTimestamp(text: string): void {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (parts === null) throw new Error(`${text} is no TIMESTAMP`);
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw new Error(`${text}: no such day`);
  if (hour > 23 || minute > 59 || second > 59) throw new Error(`${text}: no such time`);
  if (parts[8] !== 'Z' && !/^[+-](?:[01]\d|2[0-3]):[0-5]\d$/.test(parts[8]!))
    throw new Error(`${text}: no such offset`);
}

/**
 * Splits a stream of RFC 6587 into messages.
 *
 * @returns the messages, and the bytes of one that is not there as a whole
 * @throws Error when it is not of the framing
 */
export function splitFrames(
  bytes: Buffer,
  framing: 'octet_counting' | 'newline',
): { readonly messages: Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const mark = rest.indexOf(framing === 'newline' ? 0x0a : 0x20);
    if (mark < 0) return { messages, rest };
    if (framing === 'newline') {
      messages.push(rest.subarray(0, mark));
      rest = rest.subarray(mark + 1);
      continue;
    }
    const length = rest.toString('latin1', 0, mark);
    if (!/^[1-9]\d*$/.test(length)) throw new Error(`${JSON.stringify(length)} is no MSG-LEN`);
    if (rest.length < mark + 1 + Number(length)) return { messages, rest };
    messages.push(rest.subarray(mark + 1, mark + 1 + Number(length)));
    rest = rest.subarray(mark + 1 + Number(length));
  }
}

/** A message of CEF. */
export interface CefMessage {
  /** CEF:Version, vendor, product, version, signature, name, severity. */
  readonly header: readonly string[];
  readonly extension: ReadonlyMap<string, string>;
}

/**
 * Parses CEF as its guide describes it: seven header fields with `\\` and `\|`, then keys and values with `\\`, `\=`, `\n` and `\r`.
 *
 * @throws Error when it is not CEF, has more than one line, or has a key twice
 */
export function parseCef(text: string): CefMessage {
  if (/[\r\n]/.test(text)) throw new Error('more than one line');
  const header: string[] = [];
  let field = '';
  let at = 0;
  while (header.length < 7) {
    const character = text[at++];
    if (character === undefined) throw new Error('the header has no end');
    if (character === '|') {
      header.push(field);
      field = '';
    } else if (character === '\\') {
      const escaped = text[at++];
      if (escaped !== '\\' && escaped !== '|') throw new Error(`\\${escaped} in the header`);
      field += escaped;
    } else field += character;
  }
  if (!/^CEF:[01]$/.test(header[0]!)) throw new Error(`${header[0]} is no version of CEF`);
  const extension = new Map<string, string>();
  let rest = text.slice(at);
  while (rest !== '') {
    const key = /^([A-Za-z0-9]+)=/.exec(rest)?.[1];
    if (key === undefined) throw new Error(`a key expected in ${JSON.stringify(rest)}`);
    if (extension.has(key)) throw new Error(`${key} is there twice`);
    rest = rest.slice(key.length + 1);
    // The value ends before a space, a key and an unescaped equals sign; every other one is escaped.
    let value = '';
    let end = 0;
    for (; end < rest.length; end++) {
      if (rest[end] === '=') throw new Error('an equals sign that is not escaped');
      if (rest[end] === ' ' && /^ [A-Za-z0-9]+=/.test(rest.slice(end, end + 300))) break;
      if (rest[end] !== '\\') value += rest[end];
      else {
        const escaped = ({ '\\': '\\', '=': '=', n: '\n', r: '\r' } as Record<string, string>)[rest[++end]!];
        if (escaped === undefined) throw new Error(`\\${rest[end]} in a value`);
        value += escaped;
      }
    }
    extension.set(key, value);
    rest = rest.slice(end + 1);
  }
  return { header, extension };
}
