import { printable } from '../../sdk/contract/printable.ts';
import type { ConfigError } from './errors.ts';
import type { Place } from './source.ts';

/**
 * Errors as text for a terminal: `file:line:column: path: message`, the line with a caret, the fix, the code.
 *
 * @param options.color uses the colours of a terminal
 * @param options.level the word before each message; default `error`
 * @example process.stderr.write(renderErrors(errors, { color: true }))
 */
export function renderErrors(
  errors: readonly ConfigError[],
  { color = false, level = 'error' }: { color?: boolean; level?: 'error' | 'warning' } = {},
): string {
  const paint = (code: number, text: string) =>
    color ? `\u001b[${code}m${printable(text)}\u001b[0m` : printable(text);
  return errors
    .map((error) => {
      const where = error.place ? `${paint(1, locate(error.place))}: ` : '';
      const path = error.path === '' ? '' : printable(`${error.path}: `);
      const lines = [
        `${where}${paint(level === 'error' ? 31 : 33, level)}: ${path}${printable(error.message)}`,
      ];
      const { line } = error.place ?? {};
      const excerpt = error.place?.excerpt && printableExcerpt(clip(error.place.excerpt));
      if (excerpt !== undefined && excerpt.text !== '') {
        const gutter = String(line).padStart(5);
        lines.push(`${paint(2, `${gutter} |`)} ${excerpt.text}`);
        const caret = ' '.repeat(excerpt.start) + paint(31, '^'.repeat(excerpt.length));
        lines.push(`${paint(2, `${' '.repeat(gutter.length)} |`)} ${caret}`);
      }
      if (error.other) lines.push(`      see also ${printable(locate(error.other))}`);
      if (error.fix) lines.push(`      ${printable(error.fix)}`);
      lines.push(`      ${paint(2, error.code)}`);
      return `${lines.join('\n')}\n`;
    })
    .join('\n');
}

/**
 * An error or warning on one line, for a log: `config.yaml:4:7: outputs.web.token: is deprecated. Use auth.`
 *
 * @example for (const warning of warnings) log.warn(renderLine(warning));
 */
export function renderLine({ place, path, message, fix }: ConfigError): string {
  const where = [place && locate(place), path].filter(Boolean).map((part) => `${part}: `);
  return printable(`${where.join('')}${message}${fix === undefined ? '' : `. ${fix}`}`);
}

/** `config.yaml:4:7`, or the name alone where there are no lines. */
export function locate(place: Place): string {
  return place.line === undefined ? place.source : `${place.source}:${place.line}:${place.column}`;
}

/** The longest line that fits most terminals. */
const WIDTH = 160;

/** Shortens a long line to the part around the error. */
function clip(excerpt: NonNullable<Place['excerpt']>): NonNullable<Place['excerpt']> {
  const { text, start, length } = excerpt;
  if (text.length <= WIDTH) return excerpt;
  const from = Math.max(0, Math.min(start - WIDTH / 4, text.length - WIDTH));
  const shown = text.slice(from, from + WIDTH);
  const [before, after] = [from > 0 ? '…' : '', from + WIDTH < text.length ? '…' : ''];
  return {
    text: `${before}${shown}${after}`,
    start: start - from + before.length,
    length: Math.max(1, Math.min(length, shown.length - (start - from))),
  };
}

/** Escapes control characters. Escapes are longer than the characters, so the caret moves with them. */
function printableExcerpt({ text, start, length }: NonNullable<Place['excerpt']>) {
  const before = printable(text.slice(0, start));
  const wrong = printable(text.slice(start, start + length));
  return {
    text: before + wrong + printable(text.slice(start + length)),
    start: before.length,
    length: Math.max(length, wrong.length),
  };
}
