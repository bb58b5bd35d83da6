/** Text for a terminal: tables and trees. Pure functions, so that every command prints alike. */

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
  const lines = [root];
  const walk = (node: TreeNode, indent: string): void => {
    const entries = [...node.children].sort(([a], [b]) => (a < b ? -1 : 1));
    entries.forEach(([name, child], index) => {
      const last = index === entries.length - 1;
      lines.push(`${indent}${last ? '└── ' : '├── '}${name}${child.note && `  ${child.note}`}`);
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

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
