import type { Oracle } from './oracle.ts';
import { seconds, type Timeline } from './timeline.ts';

/** What the run found wrong, in bounded memory: of each kind the number and the first few. */
export interface Findings {
  /**
   * @param kind what is wrong and where: "hook_a: an event was altered"
   * @param detail positions, object keys, answers
   * @param event the number of the event, if it is about one
   * @param times how many there are of the kind, when only some are named
   */
  add(kind: string, detail?: string, event?: number, times?: number): void;
  readonly empty: boolean;
  /** One sentence for each kind. */
  sentences(): string[];
  /** The first few of each kind, with the faults that were active at the time. */
  explain(): string;
}

interface Finding {
  readonly detail: string;
  readonly event: number | undefined;
  /** When it was found, milliseconds of the timeline. */
  readonly at: number;
}

const NAMED = 10;
const EXPLAINED = 3;
/** Which faults count as near, milliseconds: before the event was sent, and after it was acknowledged. */
const BEFORE = 2000;
const AFTER = 10_000;
/** Before the time at which something was found. */
const LEADING = 10_000;
const DETAIL = 2000;

export function createFindings(timeline: Timeline, oracle: () => Pick<Oracle, 'when'>): Findings {
  const kinds = new Map<string, { count: number; first: Finding[] }>();

  const explainOne = ({ detail, event, at }: Finding): string[] => {
    const lines = [`  - ${event === undefined ? '' : `event ${event} `}${detail}`.trimEnd()];
    if (event !== undefined) {
      const { issued, acknowledged } = oracle().when(event);
      const answered = acknowledged && `acknowledged between ${acknowledged.map(seconds).join(' and ')}`;
      lines.push(`    sent at ${seconds(issued)}, ${answered ?? 'not acknowledged'}; faults around then:`);
      lines.push(...indent(timeline.around(issued - BEFORE, (acknowledged?.[1] ?? issued) + AFTER)));
    }
    lines.push(`    found at ${seconds(at)}; faults before:`, ...indent(timeline.around(at - LEADING, at)));
    return lines;
  };

  return {
    add(kind, detail = '', event = undefined, times = 1) {
      const known = kinds.get(kind) ?? { count: 0, first: [] };
      kinds.set(kind, known);
      known.count += times;
      if (known.first.length >= NAMED) return;
      known.first.push({ detail: detail.slice(-DETAIL), event, at: timeline.now() });
    },
    get empty() {
      return kinds.size === 0;
    },
    sentences: () =>
      [...kinds].map(([kind, { count, first }]) => {
        const named = first.map(({ event, detail }) => `${event ?? ''} ${detail}`.trim());
        return `${kind}${count > 1 ? ` (${count} times)` : ''}: ${named.join('; ')}`;
      }),
    explain: () =>
      [...kinds]
        .flatMap(([kind, { count, first }]) => [
          `${kind} (${count} times)`,
          ...first.slice(0, EXPLAINED).flatMap(explainOne),
        ])
        .join('\n'),
  };
}

const indent = (lines: readonly string[]): string[] =>
  lines.length === 0 ? ['      none'] : lines.map((line) => `      ${line}`);
