import { type Command, InvalidArgumentError } from 'commander';
import type { DeadLetterFilter } from '../dead-letters/store.ts';
import { parseTimeFilter } from '../operations/filter.ts';

/** What commander makes of the options of {@link withFilter}. */
export interface FilterOptions {
  readonly output?: string;
  readonly reason?: string;
  readonly since?: number;
  readonly until?: number;
  readonly id?: readonly number[];
}

/** Adds the options that choose dead letters. */
export function withFilter(command: Command): Command {
  return command
    .option('--output <name>', 'only those of this output')
    .option('--reason <text>', 'only those with this text in their reason')
    .option('--since <when>', 'last attempt since: 2h, or an ISO time', parseWhen)
    .option('--until <when>', 'last attempt before: 30m, or an ISO time', parseWhen)
    .option('--id <id>', 'only this one; may be repeated', collectId);
}

/** The filter that the options say. */
export function filterOf({ output, reason, since, until, id }: FilterOptions): DeadLetterFilter {
  return {
    ...(output !== undefined && { output }),
    ...(reason !== undefined && { reason }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(id !== undefined && { ids: id }),
  };
}

/** The number of a dead letter. @throws InvalidArgumentError, which ends the program with the code for wrong usage */
export function parseId(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('It is not the number of a dead letter.');
  return Number(text);
}

function collectId(text: string, all: readonly number[] = []): readonly number[] {
  return [...all, parseId(text)];
}

function parseWhen(text: string): number {
  const moment = parseTimeFilter(text, Date.now());
  if (!moment.ok) throw new InvalidArgumentError(`It ${moment.reason}.`);
  return moment.value;
}
