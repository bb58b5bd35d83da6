import { CATEGORIES, CLASSES, SEVERITIES, VERSIONS } from './captions.ts';
import type { Rule, Violation } from './rules.ts';

/** The columns that are looked at. */
export const LOOKED_AT = [
  'time',
  'time_dt',
  'class_uid',
  'class_name',
  'category_uid',
  'category_name',
  'activity_id',
  'activity_name',
  'type_uid',
  'type_name',
  'severity_id',
  'severity',
  'metadata',
  'finding_info',
  'finding',
] as const;

type Row = Readonly<Record<string, unknown>>;

/** What the rows of a file came to. */
export interface RowsReport {
  /** Times of the first and the last row, epoch milliseconds. */
  readonly first?: number;
  readonly last?: number;
  /** Rows by the caption of their severity. */
  readonly severities: Readonly<Record<string, number>>;
  readonly classes: readonly number[];
  readonly versions: readonly string[];
  readonly violations: readonly Violation[];
}

/** Judges rows one after the other; memory does not grow with them. */
export interface RowChecker {
  add(row: Row): void;
  report(): RowsReport;
}

/** @param day of the key; without one the days are not compared */
export function createRowChecker(day: string | undefined): RowChecker {
  /** By rule: the first offence, and how many rows there are. */
  const broken = new Map<Rule, { detail: string; rows: number }>();
  const severities = new Map<string, number>();
  const classes = new Set<number>();
  const versions = new Set<string>();
  let rows = 0;
  let first: number | undefined;
  let last: number | undefined;

  const breaks = (rule: Rule, what: string) => {
    const known = broken.get(rule);
    if (known === undefined) broken.set(rule, { detail: `row ${rows}: ${what}`, rows: 1 });
    else known.rows++;
  };

  return {
    add(row) {
      const time = numberOf(row.time);
      if (time === undefined) breaks('time', 'no time');
      else {
        if (last !== undefined && time < last) breaks('order', `${iso(time)} comes after ${iso(last)}`);
        if (day !== undefined && dayOf(time) !== day) breaks('day', `${iso(time)}, the key says ${day}`);
        if (row.time_dt != null && numberOf(row.time_dt) !== time) breaks('time_dt', 'is another instant');
        first ??= time;
        last = time;
      }
      const { version } = (row.metadata ?? {}) as { version?: string };
      const classUid = numberOf(row.class_uid);
      if (classUid !== undefined) classes.add(classUid);
      if (version != null) versions.add(version);
      const severity = SEVERITIES[numberOf(row.severity_id) ?? -1] ?? String(row.severity_id);
      severities.set(severity, (severities.get(severity) ?? 0) + 1);
      for (const [rule, what] of faultsOf(row)) breaks(rule, what);
      rows++;
    },

    report() {
      const violations: Violation[] = [...broken].map(([rule, { detail, rows: count }]) => ({
        rule,
        detail: count === 1 ? detail : `${detail} (${count} rows)`,
      }));
      if (classes.size > 1) violations.push({ rule: 'class', detail: `classes ${[...classes].join(', ')}` });
      if (versions.size > 1) violations.push({ rule: 'version', detail: [...versions].join(', ') });
      return {
        ...(first !== undefined && { first }),
        ...(last !== undefined && { last }),
        severities: Object.fromEntries(severities),
        classes: [...classes],
        versions: [...versions],
        violations,
      };
    },
  };
}

/** What is wrong with a row, whatever is beside it. */
function* faultsOf(row: Row): Generator<readonly [Rule, string]> {
  const classUid = numberOf(row.class_uid);
  const activity = numberOf(row.activity_id);
  const kind = CLASSES[classUid ?? -1];
  if (classUid !== undefined && kind === undefined) yield ['class', `class_uid ${classUid}`];
  const { version } = (row.metadata ?? {}) as { version?: string };
  if (version != null && !VERSIONS.has(version)) yield ['version', `metadata.version ${version}`];
  for (const name of ['class_uid', 'category_uid', 'activity_id', 'type_uid', 'severity_id']) {
    if (row[name] == null) yield ['required', `no ${name}`];
  }
  if (version == null) yield ['required', 'no metadata.version'];
  if (kind !== undefined && row[kind.holds] == null) yield ['required', `no ${kind.holds}`];
  if (kind === undefined) return;

  const wrong = (name: string, must: unknown) =>
    [
      'caption',
      `${name} is ${JSON.stringify(row[name] ?? null, noBigint)}, not ${JSON.stringify(must)}`,
    ] as const;
  const differs = (name: string, must: unknown) => row[name] != null && plain(row[name]) !== must;
  if (differs('class_name', kind.name)) yield wrong('class_name', kind.name);
  if (differs('category_uid', kind.category)) yield wrong('category_uid', kind.category);
  // AWS's validation script stops at a row without this one.
  if (plain(row.category_name) !== CATEGORIES[kind.category])
    yield wrong('category_name', CATEGORIES[kind.category]);
  if (activity !== undefined && differs('type_uid', classUid! * 100 + activity))
    yield wrong('type_uid', classUid! * 100 + activity);
  const severity = SEVERITIES[numberOf(row.severity_id) ?? -1];
  if (row.severity_id != null && severity === undefined) yield ['caption', `severity_id ${row.severity_id}`];
  if (severity !== undefined && severity !== 'Other' && differs('severity', severity))
    yield wrong('severity', severity);
  const act = kind.activities[activity ?? -1];
  if (act !== undefined && differs('activity_name', act)) yield wrong('activity_name', act);
  if (act !== undefined && differs('type_name', `${kind.name}: ${act}`))
    yield wrong('type_name', `${kind.name}: ${act}`);
}

function numberOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined;
}

const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
const noBigint = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** The UTC day as keys spell it; outside the years that a date can have, the number itself. */
function dayOf(time: number): string {
  return iso(time).slice(0, 10).replaceAll('-', '');
}

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
