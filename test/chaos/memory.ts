import { readFileSync } from 'node:fs';

/** How often the process is looked at, milliseconds: each one it is restarted as has a peak of its own. */
const EVERY = 250;

/** Watches the resident memory of a process that may be another one each time. */
export interface MemoryWatch {
  /** The highest peak so far in MiB, 0 where the system does not tell. */
  peak(): number;
  stop(): void;
}

export function watchMemory(pid: () => number): MemoryWatch {
  let peak = 0;
  const look = () => {
    try {
      const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'));
      peak = Math.max(peak, Number(line?.[1] ?? 0) / 1024);
    } catch {
      // No such process at the moment, or no such system.
    }
  };
  const timer = setInterval(look, EVERY);
  return { peak: () => Math.round(peak), stop: () => clearInterval(timer) };
}
