/** Text for a terminal: tables and trees. Pure functions, so that every command prints alike. */

import { oneLine, printableJson } from '../sdk/contract/printable.ts';

/**
 * A table with a header, columns padded to their widest cell, cells cut with `…` beyond `maxCell` characters.
 *
 * @example renderTable(['name', 'type'], [['lake', 'aws_security_lake']])
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { maxCell = 48 }: { maxCell?: number } = {},
): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cut(oneLine(cell), maxCell)));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return lines.join('\n');
}

/**
 * Names and values, one pair a line, the values below one another.
 *
 * @example renderFacts([['state', 'ok'], ['oldest', '2026-07-10T06:00:00Z']])
 */
export function renderFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`).join('\n');
}

/**
 * JSON laid out over lines, every text and number as it was written: parsing would round numbers.
 *
 * @param text valid JSON; anything else comes out somehow, and whole
 */
export function indentJson(text: string, indent = ''): string {
  let out = '';
  let margin = indent;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|"/g) ?? [];
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    if (token === '{' || token === '[') {
      const isEmpty = next === '}' || next === ']';
      if (!isEmpty) margin += '  ';
      out += isEmpty ? token : `${token}\n${margin}`;
    } else if (token === '}' || token === ']') {
      const wasEmpty = tokens[i - 1] === '{' || tokens[i - 1] === '[';
      if (!wasEmpty) margin = margin.slice(0, -2);
      out += wasEmpty ? token : `\n${margin}${token}`;
    } else if (token === ',') out += `,\n${margin}`;
    else out += token === ':' ? ': ' : printableJson(token);
  }
  return out;
}

interface TreeNode {
  readonly children: Map<string, TreeNode>;
  note: string;
}

/**
 * A tree of slash-separated paths, each with a note behind its leaf.
 *
 * @example renderTree('lake', [{ path: 'ext/falco/a.parquet', note: '12 kB' }])
 */
export function renderTree(root: string, leaves: readonly { path: string; note: string }[]): string {
  const top: TreeNode = { children: new Map(), note: '' };
  for (const { path, note } of leaves) {
    let node = top;
    for (const part of path.split('/')) {
      let next = node.children.get(part);
      if (next === undefined) {
        next = { children: new Map(), note: '' };
        node.children.set(part, next);
      }
      node = next;
    }
    node.note = note;
  }
  const lines = [oneLine(root)];
  const walk = (node: TreeNode, indent: string): void => {
    const entries = [...node.children].sort(([a], [b]) => (a < b ? -1 : 1));
    entries.forEach(([name, child], index) => {
      const last = index === entries.length - 1;
      lines.push(`${indent}${last ? '└── ' : '├── '}${oneLine(name)}${child.note && `  ${child.note}`}`);
      walk(child, `${indent}${last ? '    ' : '│   '}`);
    });
  };
  walk(top, '');
  return lines.join('\n');
}

/** Bytes for people: `512 B`, `12.3 kB`, `1.2 MB` (powers of 1000). */
export function renderBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit++;
  } while (value >= 999.95 && unit < units.length - 1);
  return `${value.toFixed(1)} ${units[unit]}`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
