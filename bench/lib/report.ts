/** One measured line; what counts is the ratio to a baseline that was measured in the same run. */
export interface Line {
  readonly what: string;
  /** The figure itself, with its unit; it says little on another machine. */
  readonly value: string;
  readonly against?: string;
  /** Median over the rounds, and the least and the most. */
  readonly ratio?: Spread;
  readonly target?: Target;
  /** What is held against the target when that is not the ratio. */
  readonly figure?: number;
}

export interface Target {
  readonly bound: 'at least' | 'at most';
  readonly value: number;
  readonly unit?: string;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** How long a run may take. */
export interface Effort {
  /** Also the sizes that take minutes. */
  readonly long: boolean;
  readonly rounds: number;
}

/** One subject of the bench. */
export interface Case {
  readonly title: string;
  /** What is compared, and how; printed above the figures. */
  readonly about: string;
  run(report: (line: Line) => void, effort: Effort): Promise<void>;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** The ratio of each round's pair. */
export function ratios(ours: readonly number[], baseline: readonly number[]): Spread {
  return spread(ours.map((value, round) => value / baseline[round]!));
}

export function met({ target, ratio, figure }: Line): boolean | undefined {
  const value = figure ?? ratio?.median;
  if (target === undefined || value === undefined) return undefined;
  return target.bound === 'at least' ? value >= target.value : value <= target.value;
}

/** The line as a row of a Markdown table. */
export function row(line: Line): string {
  const { ratio, target } = line;
  const shown = ratio && `${short(ratio.median)} (${short(ratio.least)}–${short(ratio.most)})`;
  const verdict = { true: 'met', false: '**missed**', undefined: '' }[String(met(line))];
  const wanted = target && `${target.bound} ${target.value}${target.unit ?? ''}: ${verdict}`;
  return `| ${line.what} | ${line.value} | ${shown ?? ''} | ${line.against ?? ''} | ${wanted ?? ''} |`;
}

export const HEAD = '| what | figure | ratio: median (least–most) | of | target |\n|---|---|---|---|---|';

export function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')} /s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function short(value: number): string {
  return value.toFixed(value >= 10 ? 1 : 2);
}
