import { parseSchedule } from '../../delivery/batch-scheduler.ts';
import { PRIORITIES, parsePriority } from '../../event/priority.ts';
import { templateProblem } from '../../event/template.ts';
import { AWS_REGIONS } from '../../sdk/aws/regions.ts';
import type { ErrorCode } from '../explain/errors.ts';
import { didYouMean } from '../explain/suggest.ts';
import { parseHost, parseHttpUrl, parseListenAddress } from './address.ts';
import { type Parsed, parseDuration } from './duration.ts';
import { parseSize } from './size.ts';

/** How a text with a `format` is parsed, and the parts of its error messages. */
export interface Format {
  readonly code: ErrorCode;
  /** Completes "must be …". */
  readonly kind: string;
  /** The fix, where the reason does not imply it. */
  readonly fix?: string;
  /** `reason` completes `"x" …`. */
  parse(text: string): Parsed<unknown>;
  /** True when reasons never quote the text, so that they may be shown for secrets. */
  readonly isDiscreet?: boolean;
}

const PRIORITY_NAMES = PRIORITIES.map((name) => name.toLowerCase());

/** The formats for option schemas. Other formats of JSON Schema are not checked. */
export const FORMATS: Readonly<Record<string, Format>> = {
  duration: {
    code: 'TIERCEL_CFG_DURATION',
    kind: 'a duration such as 500ms, 30s, 5m or 7d',
    parse: parseDuration,
  },
  size: { code: 'TIERCEL_CFG_SIZE', kind: 'a size such as 64KiB or 256MiB', parse: parseSize },
  durability: {
    code: 'TIERCEL_CFG_DURATION',
    kind: '"sync" or a duration such as 100ms',
    parse: (text) => {
      if (text === 'sync') return { ok: true, value: 'sync' };
      const parsed = parseDuration(text);
      // A text without digits is not meant as a duration.
      return parsed.ok || /\d/.test(text)
        ? parsed
        : { ok: false, reason: 'is neither "sync" nor a duration such as 100ms' };
    },
  },
  priority: {
    code: 'TIERCEL_CFG_PRIORITY',
    kind: `one of ${PRIORITY_NAMES.join(', ')}`,
    parse: (text) => {
      const priority = parsePriority(text);
      if (priority !== undefined) return { ok: true, value: priority };
      const hint = didYouMean(text, [...PRIORITY_NAMES, 'info']).text;
      return {
        ok: false,
        reason: `is not a priority${hint || `; priorities are ${PRIORITY_NAMES.join(', ')}`}`,
      };
    },
  },
  cron: {
    code: 'TIERCEL_CFG_CRON',
    kind: 'a cron expression such as "0 6 * * *"',
    parse: parseCron,
  },
  path: {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'a path such as /var/lib/tiercel',
    parse: (text) => {
      const reason = pathProblem(text);
      return reason === undefined ? { ok: true, value: text } : { ok: false, reason };
    },
    isDiscreet: true,
  },
  // A region that is not known may be new: it is a warning (`lint`).
  'aws-region': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'an AWS region such as eu-central-1',
    parse: (text) => {
      if (/^[a-z0-9-]+$/.test(text)) return { ok: true, value: text };
      const hint = didYouMean(text, AWS_REGIONS).text;
      return { ok: false, reason: `is not an AWS region such as eu-central-1${hint}` };
    },
  },
  address: {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'an address such as 0.0.0.0:2801',
    parse: parseListenAddress,
  },
  host: {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'a name or IP address such as logs.example.com',
    parse: parseHost,
  },
  template: {
    code: 'TIERCEL_CFG_TEMPLATE',
    kind: 'a Liquid template such as {{ rule }} on {{ hostname }}',
    fix: 'Liquid, not Go: {{ fields["k8s.ns.name"] | default: "none" }}',
    parse: (text) => {
      const problem = templateProblem(text);
      return problem === undefined ? { ok: true, value: text } : { ok: false, reason: problem };
    },
  },
  'header-name': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'the name of a header such as X-Team',
    parse: (text) =>
      /^[\w!#$%&'*+.^`|~-]+$/.test(text)
        ? { ok: true, value: text }
        : { ok: false, reason: 'is not a header name: use letters, digits and "-"' },
  },
  'header-value': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'one line of text',
    parse: (text) =>
      // The characters that node:http sends: Latin-1 without control characters.
      /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
        ? { ok: true, value: text }
        : { ok: false, reason: 'contains a line break or another character that is not allowed in a header' },
    isDiscreet: true,
  },
  'http-url': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'a URL such as https://example.com/path',
    parse: parseHttpUrl,
    isDiscreet: true,
  },
  'file-mode': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'permissions in octal such as "0640"',
    parse: (text) => {
      const digits = /^(?:0o?)?([0-7]{3})$/.exec(text)?.[1];
      if (digits === undefined)
        return { ok: false, reason: 'is not permissions in octal such as "0640" or "0600"' };
      const mode = Number.parseInt(digits, 8);
      return (mode & 0o600) === 0o600
        ? { ok: true, value: mode }
        : { ok: false, reason: 'does not allow the owner to read and write: start with 06' };
    },
  },
  uri: {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'a URL such as https://example.com/path',
    parse: (text) =>
      URL.canParse(text) && /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text)
        ? { ok: true, value: text }
        : { ok: false, reason: 'is not a URL such as https://example.com/path' },
  },
};

const CRON_FIELDS = 'minute, hour, day of month, month, day of week; UTC';

/** Cron expressions are checked from here on, so that the result does not depend on the clock. Leap years are within reach. */
const CRON_START = Date.UTC(2024, 0, 1);

/** A cron expression of five fields that fires at some time. The scheduler also takes seconds, as a sixth field in front. */
function parseCron(text: string): Parsed<string> {
  const fields = text.trim().split(/\s+/).length;
  if (fields === 6)
    return { ok: false, reason: `has six fields; write five, without seconds (${CRON_FIELDS})` };
  try {
    if (parseSchedule(text).after(CRON_START) === undefined)
      return { ok: false, reason: 'never fires: none of its months has such a day' };
    return { ok: true, value: text };
  } catch {
    const wrong = fields === 5 ? wrongCronField(text.trim().split(/\s+/)) : '';
    return { ok: false, reason: `is not a cron expression such as "0 6 * * *" (${CRON_FIELDS})${wrong}` };
  }
}

/** The first field that is not valid by itself. The message of the library is not used: it may change in any release. */
function wrongCronField(fields: readonly string[]): string {
  const names = CRON_FIELDS.split(';')[0]!.split(', ');
  const wrong = fields.findIndex((field, at) => {
    try {
      parseSchedule(names.map((_, index) => (index === at ? field : '*')).join(' '));
      return false;
    } catch {
      return true;
    }
  });
  return wrong < 0 ? '' : `: the ${names[wrong]} is not valid`;
}

/** The reason never quotes the path: some options take a path or a secret text. */
function pathProblem(text: string): string | undefined {
  // The text of a certificate, where an option takes either.
  if (text.includes('-----BEGIN ')) return undefined;
  if (/^\s/.test(text)) return 'begins with white space';
  if (/\s$/.test(text)) return 'ends with white space';
  if (text.includes('\0')) return 'contains a NUL character';
  if (/^~(\/|$)/.test(text)) return 'begins with "~", which is not expanded: write the full path';
  return undefined;
}
