// Preloaded into a measured process: tells its parent, when asked, what it has cost so far.
import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a process says of itself. */
export interface Probe {
  /** Processor seconds of all its threads, and of its child processes, since they started. */
  readonly cpu: number;
  /** Bytes; `rss` with the child processes. */
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

/** Of /proc, in all of Linux's builds. */
const TICKS = 100;
const PAGE = 4096;

// A child process inherits the preloading, and its messages are not ours.
const isMeasured = process.env.BENCH_PROBE === 'yes';
delete process.env.BENCH_PROBE;
if (isMeasured && process.send !== undefined) {
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
    const children = ofChildren();
    const probe: Probe = {
      cpu: (user + system) / 1e6 + children.cpu,
      rss: rss + children.rss,
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

/** What the child processes cost; nothing where the system does not say. */
function ofChildren(): { cpu: number; rss: number } {
  const sum = { cpu: 0, rss: 0 };
  try {
    const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
    for (const pid of pids) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      sum.cpu += (fields[11]! + fields[12]!) / TICKS;
      sum.rss += fields[21]! * PAGE;
    }
  } catch {}
  return sum;
}
