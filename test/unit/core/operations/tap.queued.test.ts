import { expect, it } from 'vitest';
import type { Watcher } from '../../../../core/operations/tap.ts';
import { queuedWatcher } from '../../../../core/operations/tap.ts';
import { createLogger } from '../../../../core/telemetry/log.ts';
import { sampleEvent } from '../../../support/events.ts';

function setUp(level: 'debug' | 'info') {
  const lines: string[] = [];
  const destination = { write: (text: string) => lines.push(text), isTTY: false };
  const log = createLogger({ level, format: 'json', secrets: [], destination });
  const seen: unknown[][] = [];
  const watcher: Watcher = (...args) => void seen.push(args);
  return { log, lines, seen, watcher };
}
const EVENT = sampleEvent();

it('logs each stored event at the level debug, with or without a tap', () => {
  const { log, lines, seen, watcher } = setUp('debug');
  queuedWatcher(log, () => undefined)()!(EVENT, ['lake']);
  queuedWatcher(log, () => watcher)()!(EVENT, ['oncall']);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'debug', id: EVENT.id, rule: EVENT.rule, outputs: ['lake'], msg: `Event queued (${EVENT.id})` },
    { outputs: ['oncall'] },
  ]);
  expect(seen).toEqual([[EVENT, ['oncall']]]);
});

it('is the tap alone at other levels', () => {
  const { log, lines, seen, watcher } = setUp('info');
  expect(queuedWatcher(log, () => undefined)()).toBeUndefined();
  const asked = queuedWatcher(log, () => watcher);
  asked()!(EVENT, ['lake']);
  expect([lines, seen]).toEqual([[], [[EVENT, ['lake']]]]);
});
