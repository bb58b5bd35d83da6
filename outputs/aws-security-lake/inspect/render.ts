import type { FileReport } from './file.ts';
import { RULES } from './rules.ts';

/** A file as text for a terminal. */
export function renderFile(report: FileReport): string {
  const { rows, bytes, columns = 0, codecs = [], rowGroups = [], pages, violations } = report;
  const facts: [string, string][] = [];
  if (report.key !== undefined) {
    const { source, region, account, day } = report.key;
    facts.push(['source', `${source} in ${region}`], ['account', account], ['day', day]);
  }
  if (rows !== undefined && bytes !== undefined) {
    facts.push(['rows', `${rows} in ${mega(bytes)}`]);
    if (report.first !== undefined) facts.push(['time', `${iso(report.first)} to ${iso(report.last!)}`]);
    facts.push(['severities', counted(report.severities ?? {})]);
    facts.push(['class', `${report.classes?.join(', ')} at OCSF ${report.versions?.join(', ')}`]);
    facts.push([
      'schema',
      `${columns} columns${hashOf(report)}, written by ${report.createdBy || 'unknown'}`,
    ]);
    facts.push(['codec', codecs.join(', ')]);
    facts.push([
      'row groups',
      `${rowGroups.length}, the largest ${mega(Math.max(0, ...rowGroups.map((each) => each.compressed)))} compressed`,
    ]);
  }
  if (pages !== undefined) {
    facts.push([
      'pages',
      `${pages.count}, the largest ${mega(pages.largest)} uncompressed (${pages.largestColumn})`,
    ]);
  }
  return [
    report.file,
    ...facts.map(([name, value]) => `  ${name.padEnd(11)} ${value}`),
    ...violations.flatMap(({ rule, detail }) => [
      `  BROKEN ${rule}: ${detail}`,
      `         rule: ${RULES[rule]}`,
    ]),
  ]
    .map((line) => line.replace(/[\r\n]+/g, ' '))
    .join('\n');
}

/** The last line, or lines: what it all came to. */
export function renderSummary(files: number, rows: number, broken: number): string {
  if (files === 0) return 'There is no .parquet file here.';
  const what = `${files} file${files === 1 ? '' : 's'}, ${rows} rows`;
  const count = Object.keys(RULES).length;
  return broken === 0
    ? `${what}: all ${count} rules are kept.`
    : `${what}: ${broken} file${broken === 1 ? ' breaks' : 's break'} a rule.`;
}

function hashOf({ metadata }: FileReport): string {
  return metadata?.schema_hash === undefined ? '' : ` (schema_hash ${metadata.schema_hash})`;
}

function counted(severities: Readonly<Record<string, number>>): string {
  const entries = Object.entries(severities).map(([name, count]) => `${name} ${count}`);
  return entries.join(', ') || 'none';
}

function mega(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(2)} MB`;
}

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
