import { printable } from '../sdk/contract/printable.ts';
import type { Block, Page } from './page.ts';

const INDENT = '  ';
/** A last column narrower than this is put below its row. */
const NARROWEST = 36;

/**
 * A page as text for a terminal.
 *
 * @param options.width columns of the terminal
 * @param options.color with bold headings
 */
export function toTerminal(
  page: Page,
  { width = 100, color = false }: { width?: number; color?: boolean } = {},
): string {
  // What is printed in colour is not escaped where it leaves: see `Cli.out`.
  const safe: Page = JSON.parse(JSON.stringify(page), (_, value) =>
    typeof value === 'string' ? printable(value) : value,
  );
  const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[0m` : text);
  return safe.map((block) => render(block, Math.max(40, Math.min(width, 120)), bold)).join('\n\n');
}

function render(block: Block, width: number, bold: (text: string) => string): string {
  switch (block.kind) {
    case 'heading':
      return bold(block.level === 1 ? block.text : block.text.toUpperCase());
    case 'text':
      return block.text
        .split(/\n{2,}/)
        .map((paragraph) => indent(wrap(plain(paragraph), width - INDENT.length)))
        .join('\n\n');
    case 'code':
      return indent(block.text.split('\n'));
    case 'table':
      return renderRows(
        block.rows.map((row) => row.map(plain)),
        width,
        bold,
      );
  }
}

/** Columns side by side; the last one below the others where it does not fit. */
function renderRows(
  rows: readonly (readonly string[])[],
  width: number,
  bold: (text: string) => string,
): string {
  const widths: number[] = [];
  for (const row of rows)
    row.slice(0, -1).forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  const before = widths.reduce((sum, column) => sum + column + INDENT.length, INDENT.length);
  const isWide = width - before >= NARROWEST;
  const lines = rows.flatMap((row) => {
    const last = row.at(-1) ?? '';
    if (isWide) {
      const left = row.slice(0, -1).map((cell, column) => cell.padEnd(widths[column]!));
      const [first = '', ...more] = wrap(last, width - before);
      return [
        `${INDENT}${[...left, first].join(INDENT)}`.trimEnd(),
        ...more.map((line) => ' '.repeat(before) + line),
      ];
    }
    const [name = '', ...about] = row.slice(0, -1).filter((cell) => cell !== '');
    return [
      `${INDENT}${bold(name)}${about.length > 0 ? `  ${about.join(', ')}` : ''}`,
      ...wrap(last, width - 3 * INDENT.length).map((line) => INDENT.repeat(3) + line),
    ];
  });
  return lines.join('\n');
}

/** Removes the marks of Markdown; a link becomes its text. */
function plain(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/`([^`]+)`/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1');
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '' : INDENT + line)).join('\n');
}

/** Lines of at most `width` characters; a longer word stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
