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
      out.write(isOpen ? `\r\x1b[2K${text()}` : `${text()}\n`);
    },
    end() {
      if (isOpen) out.write('\r\x1b[2K');
      isOpen = false;
    },
  };
}
