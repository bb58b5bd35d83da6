import type { TSchema } from '../../../core/index.ts';
import type { Node } from './trim.ts';

/**
 * The columns of a record definition as a Markdown table: path, physical type, profile, meaning.
 *
 * @example columnTable(mappingOf({}).schema)
 */
export function columnTable(schema: TSchema): string {
  const rows = ['| column | Parquet | profile | meaning |', '|---|---|---|---|'];
  walk(schema as Node, '', '', rows);
  return `${rows.join('\n')}\n`;
}

function walk(node: Node, prefix: string, profile: string, rows: string[]): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const item = child.items ?? child;
    const path = `${prefix}${name}${child.items === undefined ? '' : '[]'}`;
    const belongs = child.profile ?? item.profile ?? profile;
    const required = node.required?.includes(name) ? ' **always**' : '';
    rows.push(`| \`${path}\`${required} | ${physical(child)} | ${belongs} | ${child.description ?? ''} |`);
    walk(item, `${path}.`, belongs, rows);
  }
}

function physical(node: Node): string {
  if (node.items !== undefined) return `LIST of ${physical(node.items)}`;
  if (node.type === 'object') return node.properties === undefined ? 'MAP of STRING to STRING' : 'group';
  if (node.type === 'string') return 'STRING';
  if (node.format === 'int64') return 'INT64';
  return node.format === 'timestamp-millis' ? 'TIMESTAMP(ms, UTC)' : 'INT32';
}
