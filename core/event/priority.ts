/**
 * The eight priorities of Falco, most urgent first, spelt as Falco writes them
 * (falcosecurity/falco, userspace/engine/falco_common.cpp).
 *
 * @example
 * const isUrgent = PRIORITIES.indexOf(event.priority) <= PRIORITIES.indexOf('Critical');
 */
export const PRIORITIES = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Informational',
  'Debug',
] as const;

/** One of Falco's priorities, spelt as Falco writes it. */
export type Priority = (typeof PRIORITIES)[number];

const RANKS: ReadonlyMap<string, number> = new Map([
  ...PRIORITIES.map((name, index) => [name.toLowerCase(), PRIORITIES.length - 1 - index] as const),
  ['info', 1],
]);

/**
 * Reads a priority in any case; `info` is `Informational`, as in Falco's own rule files.
 *
 * @returns undefined for any other text
 * @example parsePriority('info') // 'Informational'
 */
export function parsePriority(text: string): Priority | undefined {
  const rank = RANKS.get(text.toLowerCase());
  return rank === undefined ? undefined : PRIORITIES[PRIORITIES.length - 1 - rank];
}

/**
 * The urgency of a priority as a number: Debug 0 … Emergency 7.
 *
 * @example priorityRank('Warning') >= priorityRank('Notice') // true
 */
export function priorityRank(priority: Priority): number {
  return RANKS.get(priority.toLowerCase()) as number;
}
