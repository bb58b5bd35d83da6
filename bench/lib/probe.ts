// Preloaded into a measured process: tells its parent, when asked, what it has cost so far.
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a process says of itself. */
export interface Probe {
  /** Processor seconds of all its threads since it started. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
  readonly peak: number;
  /** Milliseconds by which the event loop was late since the last time it was asked; a late timer is counted whole. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Open file descriptors; undefined where the system does not list them. */
  readonly files?: number;
}

const RESOLUTION = 1;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
histogram.enable();

if (process.send !== undefined) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
    const delay = {
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    };
    histogram.reset();
    const peak = process.resourceUsage().maxRSS * 1024;
    const files = openFiles();
    const probe: Probe = {
      cpu: (user + system) / 1e6,
      rss,
      heap: heapUsed,
      peak,
      delay,
      ...(files && { files }),
    };
    process.send!(probe);
  });
  // Being asked must not keep the process alive.
  process.channel?.unref();
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
