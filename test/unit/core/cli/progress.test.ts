import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress, showWaiting } from '../../../../core/cli/progress.ts';

/** Standard error that keeps what is written. */
function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => void written.push(text) };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('progress', () => {
  it('is silent for a second, then writes one line over and over on a terminal', () => {
    const out = screen(true);
    const progress = createProgress(out);
    progress.tell(() => 'early');
    vi.advanceTimersByTime(999);
    progress.tell(() => 'still early');
    expect(out.written).toEqual([]);
    vi.advanceTimersByTime(1);
    progress.tell(() => '10 done');
    vi.advanceTimersByTime(200);
    progress.tell(() => '20 done');
    progress.end();
    expect(out.written).toEqual(['\r\x1b[2K10 done', '\r\x1b[2K20 done', '\r\x1b[2K']);
  });

  it('writes a line now and then where there is no terminal, without a control character', () => {
    const out = screen(false);
    const waiting = showWaiting('asking lake', out);
    vi.advanceTimersByTime(6_500);
    waiting.pause();
    waiting.end();
    vi.advanceTimersByTime(60_000);
    expect(out.written).toEqual(['asking lake: 1 s\n', 'asking lake: 6 s\n']);
  });

  it('counts on by itself where nothing moves, and clears its line for what is printed', () => {
    const out = screen(true);
    const waiting = showWaiting('asking lake', out);
    vi.advanceTimersByTime(1_000);
    waiting.pause();
    vi.advanceTimersByTime(200);
    waiting.end();
    expect(out.written).toEqual([
      '\r\x1b[2Kasking lake: 1 s',
      '\r\x1b[2K',
      '\r\x1b[2Kasking lake: 1 s',
      '\r\x1b[2K',
    ]);
  });
});
