import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from './config/config.ts';
import { type Faces, listen, listenForOperators, renewCertificates, serveAt } from './http/listen.ts';
import type { RunningServer } from './http/server.ts';
import type { IngestPlan } from './routing/plan.ts';
import type { IngestCounts } from './telemetry/ingest-counter.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Answers } from './workers/channel.ts';
import type { PrimaryQuestions } from './workers/protocol.ts';

/** Where events come in: listeners of this process, or of ingest workers. */
export interface Intake {
  /** The address of the events first. */
  readonly urls: readonly string[];
  /** Resolves when events are routed and enriched like this wherever they come in. */
  use(plan: IngestPlan, secrets: readonly string[]): Promise<void>;
  renewCertificates(config: Config): Promise<void>;
  /** Whether accepted events are to be shown. */
  watch(on: boolean): void;
  /** What other processes counted. */
  counts(): Promise<readonly IngestCounts[]>;
  /** Takes no new connections and answers what is under way until the signal aborts. */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface IntakeOptions {
  readonly config: Config;
  /** What this process serves, ingest included. */
  readonly faces: Faces;
  readonly plan: IngestPlan;
  /** What ingest workers ask of this process. */
  readonly answers: Answers<PrimaryQuestions>;
  readonly log: Logger;
}

/** How many processes take events in: `auto` leaves one core to the journal and the outputs. */
export function workersOf(
  { workers }: Pick<Config['server'], 'workers'>,
  cores = availableParallelism(),
): number {
  return workers === 'auto' ? Math.max(1, cores - 1) : workers;
}

/** What is to be said of so many workers; undefined when they fit. */
export function tooManyWorkers(workers: number, cores = availableParallelism()): string | undefined {
  if (workers === 1 || workers < cores) return undefined;
  return `server.workers: ${workers} on ${cores} cores take turns with the process that has the journal, and may take in less than one process alone; auto leaves it a core`;
}

/**
 * Opens the listeners.
 *
 * @throws Error in one line when an address is taken or a certificate cannot be read
 */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const workers = workersOf(options.config.server);
  return workers === 1 ? openHere(options) : openWorkers(workers, options);
}

async function openHere({ config, faces, log }: IntakeOptions): Promise<Intake> {
  const listeners = await listen(config, faces, log);
  return {
    urls: listeners.map(({ url }) => url),
    async use() {},
    renewCertificates: (renewed) => renewCertificates(renewed, listeners),
    watch() {},
    counts: async () => [],
    stop: (deadline) => stopAll(listeners, deadline),
  };
}

/** Events go to the workers; all else reaches this process through a socket of its own, and the address for operators. */
async function openWorkers(workers: number, options: IntakeOptions): Promise<Intake> {
  const { config, faces, plan, answers, log } = options;
  if (process.versions.deno !== undefined)
    throw new Error('server.workers: Deno processes cannot share a port; set it to 1, or run under Node');
  const { startWorkerPool } = await import('./workers/pool.ts');
  const folder = await privateFolder();
  const socket = join(folder, 'main.sock');
  const { server, dir } = config;
  const listeners: RunningServer[] = [];
  const closeHere = async (deadline: AbortSignal) => {
    await stopAll(listeners, deadline);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { admin, ...others } = faces;
    const own = server.admin_listen;
    listeners.push(await serveAt({ path: socket }, config, own === undefined ? faces : others, log));
    if (own !== undefined) listeners.push(await listenForOperators(own, config, faces, log));
    const pool = await startWorkerPool({
      workers,
      settings: { server, dir, log: config.log, secrets: config.secrets, plan, relay: socket },
      answers,
      folder,
      patience: config.shutdown.deadline,
      log,
    });
    log.info({ workers }, `${workers} ingest workers share the port`);
    const warning = tooManyWorkers(workers);
    if (warning !== undefined) log.warn(warning);
    return {
      urls: [pool.url, ...listeners.slice(1).map(({ url }) => url)],
      use: pool.use,
      async renewCertificates(renewed) {
        await renewCertificates(renewed, listeners.slice(1));
        await pool.renewCertificates();
      },
      watch: pool.watch,
      counts: pool.counts,
      async stop(deadline) {
        await pool.stop(deadline);
        await closeHere(deadline);
      },
    };
  } catch (error) {
    await closeHere(AbortSignal.abort());
    throw error;
  }
}

/** A folder that only this user can enter. */
function privateFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'tiercel-')).catch((error: Error) => {
    const what =
      'server.workers: the socket of the workers needs a folder for temporary files; set TMPDIR to one';
    throw new Error(`${what}: ${error.message}`, { cause: error });
  });
}

async function stopAll(listeners: readonly RunningServer[], deadline: AbortSignal): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.stop(deadline)));
}
