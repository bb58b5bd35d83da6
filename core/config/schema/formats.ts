import { parseSchedule } from '../../delivery/batch-scheduler.ts';
import { PRIORITIES, parsePriority } from '../../event/priority.ts';
import { templateProblem } from '../../event/template.ts';
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
      return { ok: false, reason: `is not a priority${hint || `; they are ${PRIORITY_NAMES.join(', ')}`}` };
    },
  },
  cron: {
    code: 'TIERCEL_CFG_CRON',
    kind: 'a cron expression such as "0 6 * * *"',
    parse: (text) => {
      try {
        parseSchedule(text);
        return { ok: true, value: text };
      } catch {
        return {
          ok: false,
          reason: 'is not a cron expression such as "0 6 * * *" (minute, hour, day, month, weekday; UTC)',
        };
      }
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
        : { ok: false, reason: 'is no name of a header: letters, digits and "-"' },
  },
  'header-value': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'one line of text',
    parse: (text) =>
      // The characters that node:http sends: Latin-1 without control characters.
      /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
        ? { ok: true, value: text }
        : { ok: false, reason: 'holds a line break or another character that no header takes' },
    isDiscreet: true,
  },
  'http-url': {
    code: 'TIERCEL_CFG_VALUE',
    kind: 'an address such as https://example.com/path',
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
        : { ok: false, reason: 'does not let the owner read and write: begin with 06' };
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
