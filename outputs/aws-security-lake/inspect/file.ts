import { type LakeObject, openParquet, type ParquetFile } from '../../shared/lake/inspect/index.ts';
import { checkColumns, describeColumns } from './columns.ts';
import { type Key, readKey } from './key.ts';
import { checkGroups, checkPages } from './layout.ts';
import { createRowChecker, LOOKED_AT, type RowsReport } from './rows.ts';
import type { Violation } from './rules.ts';

/** What was found in one object. */
export interface FileReport extends Partial<Omit<RowsReport, 'violations'>> {
  readonly file: string;
  /** What the key says; absent for a file outside of a lake, or under a key that is broken. */
  readonly key?: Key;
  /** The rest is absent when the file cannot be read. */
  readonly bytes?: number;
  readonly rows?: number;
  readonly createdBy?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Number of leaf columns. */
  readonly columns?: number;
  readonly codecs?: readonly string[];
  readonly rowGroups?: readonly { rows: number; compressed: number; uncompressed: number }[];
  readonly pages?: { readonly count: number; readonly largest: number; readonly largestColumn: string };
  readonly violations: readonly Violation[];
  /** The columns as text, to be compared with those of other files. */
  readonly describedColumns?: string;
}

/** Looks at one object of a lake, from its key to its last row. */
export async function inspectObject(object: LakeObject): Promise<FileReport> {
  const { key, violations } = readKey(object.key);
  const base = { file: object.key, ...(key !== undefined && { key }) };
  return object.withFile(async (path) => {
    let file: ParquetFile;
    try {
      file = await openParquet(path);
    } catch (error) {
      return { ...base, violations: [...violations, { rule: 'readable', detail: (error as Error).message }] };
    }
    return { ...base, ...(await inspectFile(file, key?.day, violations)) };
  });
}

async function inspectFile(
  file: ParquetFile,
  day: string | undefined,
  known: readonly Violation[],
): Promise<Omit<FileReport, 'file' | 'key'>> {
  const violations = [...known];
  if (file.rows === 0) violations.push({ rule: 'rows', detail: 'there is none' });
  const columnFaults = [...checkColumns(file.schema)];
  violations.push(...columnFaults, ...checkGroups(file.groups));
  const pages = { count: 0, largest: 0, largestColumn: '' };
  const codecs = new Set<string>();
  const checker = createRowChecker(day);
  try {
    for await (const chunk of file.pages()) {
      violations.push(...firstOfRule(violations, checkPages(chunk)));
      codecs.add(chunk.codec);
      pages.count += chunk.count;
      if (chunk.largest > pages.largest) {
        pages.largest = chunk.largest;
        pages.largestColumn = chunk.column;
      }
    }
    for await (const rows of file.records(LOOKED_AT)) for (const row of rows) checker.add(row);
  } catch (error) {
    // The reader of Parquet trips over it somewhere: its words alone would say little.
    violations.push({ rule: 'readable', detail: `its data is damaged (${(error as Error).message})` });
  }
  const { violations: ofRows, ...rows } = checker.report();
  // A column of the wrong type is said once, not once more for its values.
  const said = new Set(columnFaults.map(({ rule }) => rule));
  violations.push(...ofRows.filter(({ rule }) => !said.has(rule)));
  return {
    bytes: file.size,
    rows: file.rows,
    createdBy: file.createdBy,
    metadata: file.metadata,
    columns: leavesOf(file),
    codecs: [...codecs],
    rowGroups: file.groups,
    pages,
    ...rows,
    violations,
    describedColumns: describeColumns(file.schema),
  };
}

/** One chunk of a rule is enough: the others are most likely alike. */
function firstOfRule(before: readonly Violation[], found: Iterable<Violation>): Violation[] {
  const rules = new Set(before.map(({ rule }) => rule));
  return [...found].filter(({ rule }) => !rules.has(rule));
}

function leavesOf({ schema }: ParquetFile): number {
  const count = (node: typeof schema): number =>
    node.children.length === 0 ? 1 : node.children.reduce((sum, child) => sum + count(child), 0);
  return count(schema);
}
