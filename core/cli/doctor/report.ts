import type { Finding } from '../../sdk/contract/output.ts';
import { oneLine } from '../../sdk/contract/printable.ts';

/** What `doctor` looks at. */
export type Area = 'configuration' | 'storage' | 'server' | 'instance' | 'output';

/** The findings about one thing, below one heading. */
export interface Section {
  readonly area: Area;
  /** The heading: `storage /var/lib/tiercel`, `oncall (slack)`. */
  readonly title: string;
  /** The name of the output, where it is one. */
  readonly output?: string;
  readonly findings: AsyncIterable<Finding>;
}

/** How many findings there are of each status. */
export type Counts = Readonly<Record<Finding['status'], number>>;

/** A finding and where it stands. */
export interface Found {
  readonly section: Omit<Section, 'findings'>;
  readonly finding: Finding;
}

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: 'ok',
  plan: '',
  warning: 'warning',
  not_checked: 'not checked',
  failed: 'FAILED',
};
const COLORS: Readonly<Record<Finding['status'], string>> = {
  ok: '32',
  plan: '0',
  warning: '33',
  not_checked: '33',
  failed: '1;31',
};
const WIDTH = Math.max(...Object.values(MARKS).map((mark) => mark.length));

/** One finding as a line below its heading. @param options.color may it be in colour? */
export function renderFinding({ status, what, line }: Finding, options: { color: boolean }): string {
  return `  ${renderMark(status, options)}  ${oneLine(`${what}: ${line}`)}`;
}

/** Whether a finding may be the same for several outputs. Only the summary shows it, once and with their names. */
export function isShared({ status, about }: Finding): boolean {
  return status === 'warning' && about !== undefined;
}

/** A finding with the names of the outputs or areas that it is about. */
interface Attention {
  readonly finding: Finding;
  readonly places: readonly string[];
}

/** One entry for each certificate that has warnings: the first one, which names its file where it has one. */
function grouped(found: readonly Found[]): readonly Attention[] {
  const places = new Map<unknown, { readonly finding: Finding; readonly places: string[] }>();
  for (const { section, finding } of found) {
    const key = isShared(finding) ? finding.about : finding;
    const place = section.output ?? section.area;
    const known = places.get(key);
    if (known === undefined) places.set(key, { finding, places: [place] });
    else if (!known.places.includes(place)) known.places.push(place);
  }
  return [...places.values()];
}

/**
 * The counts, then every finding that needs attention once more: a terminal shows the end of a text. Warnings of one certificate
 * count and are shown once.
 */
export function renderSummary(all: readonly Found[], options: { color: boolean }): string {
  const found = grouped(all);
  const counts = countOf(found);
  const total = counts.ok + counts.warning + counts.not_checked + counts.failed;
  const others = (
    [
      [counts.failed, 'failed'],
      [counts.not_checked, 'not checked'],
      [counts.warning, counts.warning === 1 ? 'warning' : 'warnings'],
    ] as const
  ).flatMap(([count, name]) => (count > 0 ? [`${count} ${name}`] : []));
  if (others.length === 0) return `All ${total} checks passed.`;
  const lines = (['failed', 'not_checked', 'warning'] as const).flatMap((status) =>
    found
      .filter(({ finding }) => finding.status === status)
      .map(
        ({ places, finding: { what, line } }) =>
          `  ${renderMark(status, options)}  ${oneLine(`${places.join(', ')}: ${what}: ${line}`)}`,
      ),
  );
  return [`${others.join(', ')}; ${counts.ok} of ${total} checks passed.`, ...lines].join('\n');
}

/** The same as a value for programs, its shape described in the help of the command. */
export function jsonOf({ section: { area, output }, finding: { status, what, line } }: Found): object {
  return { area, ...(output !== undefined && { output }), status, what, line };
}

export function countOf(found: readonly Pick<Found, 'finding'>[]): Counts {
  const counts = { ok: 0, plan: 0, warning: 0, not_checked: 0, failed: 0 };
  for (const { finding } of found) counts[finding.status]++;
  return counts;
}

function renderMark(status: Finding['status'], { color }: { color: boolean }): string {
  const mark = MARKS[status].padEnd(WIDTH);
  return color && MARKS[status] !== '' ? `\u001b[${COLORS[status]}m${mark}\u001b[0m` : mark;
}
