import { Cron } from 'croner';

/** The ticks of a cron expression. */
export interface Schedule {
  /** The first tick after the time, both epoch milliseconds; undefined when there is none ever again. */
  after(now: number): number | undefined;
}

/**
 * Reads a cron expression of five or six parts (seconds first), in UTC.
 *
 * @throws Error that says what is wrong with the expression.
 * @example parseSchedule('0 6 * * *').after(Date.UTC(2026, 0, 1)) // 06:00 UTC on that day
 */
export function parseSchedule(expression: string): Schedule {
  const cron = new Cron(expression, { timezone: 'Etc/UTC', mode: '5-or-6-parts', paused: true });
  return { after: (now) => cron.nextRun(new Date(now))?.getTime() };
}
