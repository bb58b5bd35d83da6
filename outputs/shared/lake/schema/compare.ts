import { createHash } from 'node:crypto';
import type { Column, Shape } from '../../../../core/sdk/index.ts';

/**
 * Columns as text, a line each leaf: for snapshots, and to compare one version with the next.
 *
 * @example
 * const text = schemaText(columnsOf(mapper.record));
 * // time: int64
 * // attacks[].tactic.uid: utf8
 * // unmapped: map<utf8,utf8>
 */
export function schemaText(columns: readonly Column[]): string {
  return columns.flatMap(({ name, shape }) => lines(shape, name)).join('\n');
}

function lines(shape: Shape, path: string): string[] {
  switch (shape.kind) {
    case 'leaf':
      return [`${path}: ${shape.type}`];
    case 'map':
      return [`${path}: map<utf8,utf8>`];
    case 'list':
      return lines(shape.element, `${path}[]`);
    case 'group':
      return shape.columns.flatMap((column) => lines(column.shape, `${path}.${column.name}`));
  }
}

/**
 * Sixteen hexadecimal digits that change with the columns; written into every file.
 *
 * @example
 * const metadata = { schema_hash: schemaHash(columnsOf(mapper.record)) };
 */
export function schemaHash(columns: readonly Column[]): string {
  return createHash('sha256').update(schemaText(columns)).digest('hex').slice(0, 16);
}

/**
 * The lines of the old schema that the new one broke: leaves that are gone or have another type. Order does not
 * matter: query engines read Parquet by name.
 *
 * @param before what {@link schemaText} once gave
 * @param after what it gives now
 * @example
 * breakingChanges('time: int64\nrule: utf8', 'time: timestamp\nrule: utf8\nhost: utf8'); // ['time: int64']
 */
export function breakingChanges(before: string, after: string): readonly string[] {
  const now = new Set(after.split('\n'));
  return before.split('\n').filter((line) => line !== '' && !now.has(line));
}

/**
 * May files of both schemas lie in one table? Only additions are: everything the old files have is still there.
 *
 * @example
 * isAdditive('rule: utf8', 'rule: utf8\nhost: utf8'); // true
 */
export function isAdditive(before: string, after: string): boolean {
  return breakingChanges(before, after).length === 0;
}
