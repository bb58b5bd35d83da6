import type { S3Access } from '../../shared/lake/index.ts';
import { openObjects } from '../../shared/lake/inspect/index.ts';
import { type FileReport, inspectObject } from './file.ts';
import type { Violation } from './rules.ts';

export type { FileReport } from './file.ts';
export { renderFile, renderSummary } from './render.ts';
export type { Rule, Violation } from './rules.ts';
export { RULES } from './rules.ts';

/**
 * Looks at every object of a place: each by itself, and against the earlier ones of its source. One object is held at a
 * time, however many there are.
 *
 * @param target a file, a folder, or `s3://bucket/prefix`
 * @throws Error when there is no such place, or it may not be read
 * @example for await (const { file, violations } of inspect('./lake', { region: 'eu-west-1' })) …
 */
export async function* inspect(target: string, s3: S3Access): AsyncGenerator<FileReport> {
  const sources = new Map<string, FileReport>();
  for await (const object of openObjects(target, s3)) {
    const report = await inspectObject(object);
    // Files outside of a lake are one source: whoever looks at some of them together wants them compared.
    const source = report.key?.source ?? '';
    const first = sources.get(source);
    if (first === undefined && report.describedColumns !== undefined) sources.set(source, report);
    const against = first === undefined ? [] : [...compare(first, report)];
    yield { ...report, violations: [...report.violations, ...against] };
  }
}

function* compare(first: FileReport, report: FileReport): Generator<Violation> {
  if (report.describedColumns === undefined) return;
  const before = first.describedColumns!.split('\n');
  const now = report.describedColumns.split('\n');
  const gone = before.filter((line) => !now.includes(line));
  const added = now.filter((line) => !before.includes(line));
  // One of the two may have more: a newer version of the same source. Both may not: something has changed.
  if (gone.length > 0 && added.length > 0) {
    const detail = `differs from ${first.file}: ${added.slice(0, 2).join('; ')} instead of ${gone.slice(0, 2).join('; ')}`;
    yield { rule: 'schema', detail };
  }
  const other = report.classes?.find((uid) => !first.classes?.includes(uid));
  if (other !== undefined && first.classes!.length > 0) {
    yield { rule: 'class', detail: `class ${other}, ${first.file} has ${first.classes!.join(', ')}` };
  }
}
