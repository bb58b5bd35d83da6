import { createSweep, type SweepClock } from './sweep.ts';

/** A body that comes in at less than {@link MIN_BYTES} in {@link WINDOW} sweeps is slow. */
export const MIN_BYTES = 10 << 10;
const WINDOW = 10;
/** Sweeps that a whole body may take. */
const LONGEST = 60;
const SWEEP = 1000;

/** A body that is being read. One object per request. */
export interface CheckedBody {
  /** Bytes received. */
  bytes: number;
  /** True while the reader has stopped reading: the sender is not slow then, so the time does not count. */
  paused: boolean;
  /** Kept by the check: sweeps seen, 0 at first. */
  sweeps: number;
  /** Kept by the check: bytes at the sweeps of the window; undefined at first, and for nearly all bodies to the end. */
  marks: number[] | undefined;
  /** Called once, when the body is too slow or takes too long. */
  slow(reason: string): void;
}

/** Checks the data rate of all bodies that are being read, with one timer. */
export interface BodyRateCheck {
  begin(body: CheckedBody): void;
  end(body: CheckedBody): void;
}

export function createBodyRateCheck(clock: SweepClock): BodyRateCheck {
  const bodies = new Set<CheckedBody>();

  const start = createSweep(clock, SWEEP, () => {
    for (const body of bodies) {
      const reason = check(body);
      if (reason === undefined) continue;
      bodies.delete(body);
      body.slow(reason);
    }
    return bodies.size > 0;
  });

  return {
    begin(body) {
      bodies.add(body);
      start();
    },
    end: (body) => void bodies.delete(body),
  };
}

/** Why a body is too slow, if it is. */
function check(body: CheckedBody): string | undefined {
  if (body.paused) {
    body.marks = undefined;
    return undefined;
  }
  if (++body.sweeps > LONGEST) return `the body was not sent within ${LONGEST} s`;
  body.marks ??= [];
  if (body.marks.length === WINDOW && body.bytes - body.marks.shift()! < MIN_BYTES) {
    return `the body came in at less than ${MIN_BYTES / WINDOW} bytes a second for ${WINDOW} s`;
  }
  body.marks.push(body.bytes);
  return undefined;
}
