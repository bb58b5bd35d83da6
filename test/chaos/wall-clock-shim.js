// Preloaded into the program (and each of its worker threads): `Date` differs from the true time by the seconds
// that stand in the file CHAOS_CLOCK. Monotonic time goes on as it should, as when an operator or NTP sets a clock.
import { readFileSync } from 'node:fs';

const TrueDate = Date;
const LOOK_EVERY = 20;
let looked = Number.NEGATIVE_INFINITY;
let offset = 0;

function now() {
  const monotonic = performance.now();
  if (monotonic - looked >= LOOK_EVERY) {
    looked = monotonic;
    try {
      offset = Number(readFileSync(process.env.CHAOS_CLOCK, 'utf8')) * 1000;
    } catch {
      // Just being written: the offset read before holds for another moment.
    }
  }
  return TrueDate.now() + offset;
}

globalThis.Date = class JumpingDate extends TrueDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given));
  }
  static now() {
    return now();
  }
};
