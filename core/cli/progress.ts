import { oneLine } from '../sdk/contract/printable.ts';

/** Says on standard error how far something is, once it takes longer than a second. */
export interface Progress {
  /** Cheap: call it as often as something moved. */
  tell(text: () => string): void;
  /** Ends the line; call it before anything else is printed. */
  end(): void;
}

const SILENT = 1000;
const EVERY = { terminal: 200, elsewhere: 5000 };

/** @param out standard error; on a terminal one line is written over and over, elsewhere a line now and then */
export function createProgress(
  out: { write(text: string): unknown; readonly isTTY?: boolean } = process.stderr,
): Progress {
  const every = out.isTTY ? EVERY.terminal : EVERY.elsewhere;
  const start = performance.now();
  let last = start + SILENT - every;
  let isOpen = false;
  return {
    tell(text) {
      const now = performance.now();
      if (now - start < SILENT || now - last < every) return;
      last = now;
      isOpen = out.isTTY === true;
      const shown = oneLine(text());
      out.write(isOpen ? `\r\x1b[2K${shown}` : `${shown}\n`);
    },
    end() {
      if (isOpen) out.write('\r\x1b[2K');
      isOpen = false;
    },
  };
}

/** Work of which nobody knows how far it is. */
export interface Waiting {
  /** Clears the line, until it is said again; call it before anything else is printed. */
  pause(): void;
  end(): void;
}

/** Says on standard error how long something has been at work, once it takes longer than a second. */
export function showWaiting(what: string, out?: Parameters<typeof createProgress>[0]): Waiting {
  const progress = createProgress(out);
  const start = performance.now();
  const say = () => progress.tell(() => `${what}: ${Math.round((performance.now() - start) / 1000)} s`);
  const timer = setInterval(say, EVERY.terminal);
  return {
    pause: () => progress.end(),
    end() {
      clearInterval(timer);
      progress.end();
    },
  };
}

/** Does something that prints nothing, and says how long it has been at it. */
export async function whileWaiting<T>(what: string, work: () => Promise<T>): Promise<T> {
  const waiting = showWaiting(what);
  try {
    return await work();
  } finally {
    waiting.end();
  }
}
