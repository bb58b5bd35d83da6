import cluster, { type Worker } from 'node:cluster';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from '../delivery/abort.ts';
import { splitAddress } from '../http/listen.ts';
import type { IngestPlan } from '../routing/plan.ts';
import type { IngestCounts } from '../telemetry/ingest-counter.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Answers, type Channel, createChannel } from './channel.ts';
import { untilFree } from './free-address.ts';
import { MEETING, openMeeting } from './meeting.ts';
import type { PrimaryQuestions, WorkerQuestions, WorkerSettings } from './protocol.ts';
import { portOf } from './socket-port.ts';

/** Ingest workers that share one port. */
export interface WorkerPool {
  readonly url: string;
  /** Resolves when every worker routes and enriches like this. */
  use(plan: IngestPlan, secrets: readonly string[]): Promise<void>;
  renewCertificates(): Promise<void>;
  /** Whether accepted events are to be shown. */
  watch(on: boolean): void;
  /** What the workers counted, those that have ended included. */
  counts(): Promise<readonly IngestCounts[]>;
  /** Resolves when the last worker has answered what was under way, or the signal aborts, and all have ended. */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly settings: Omit<WorkerSettings, 'number' | 'watched'>;
  readonly answers: Answers<PrimaryQuestions>;
  /** For sockets; nobody else may be able to enter it. */
  readonly folder: string;
  /** Milliseconds that a stop may take. */
  readonly patience: number;
  readonly log: Logger;
}

/** A worker that ends within this time of its start is replaced only after as long again, milliseconds. */
const SHORT_LIFE = 1000;

/** How long the counts of a worker are waited for, milliseconds; after that the last known ones stand. */
const COUNTS_PATIENCE = 1000;

interface Running {
  readonly process: Worker;
  readonly channel: Channel<WorkerQuestions>;
  /** Resolves with what is said of its end. */
  readonly exited: Promise<string>;
}

/**
 * Starts the workers: processes that listen on one port; whoever is free takes the next connection.
 *
 * @throws Error in one line when they cannot listen
 */
export async function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { log, answers } = options;
  let { settings } = options;
  let watched = false;
  let stopping = false;
  const running = new Set<Running>();
  /** The newest counts of each worker, by process id: those of one that has ended stay. */
  const counts = new Map<number, IngestCounts>();

  // With the other policy a connection that is on its way to a worker when that dies is never answered and never closed.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    // By the package's own name for it, so that the compiled worker is found from the sources too.
    exec: createRequire(import.meta.url).resolve('#ingest-worker'),
    args: [],
  });

  await untilFree(splitAddress(settings.server.listen));
  const first = await Promise.all(Array.from({ length: options.workers }, (_, n) => start(n + 1))).catch(
    (error) => {
      end();
      throw error;
    },
  );

  async function start(number: number): Promise<{ readonly url: string }> {
    const path = join(options.folder, `worker-${number}.sock`);
    const meeting = await openMeeting(path);
    const child = cluster.fork({ [MEETING]: path });
    const started = performance.now();
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) =>
        resolve(`ingest worker ${number} has ended (${signal ?? `exit code ${code}`})`),
      );
    });
    // Unheard it would end this process; what it means for the worker, its exit tells.
    child.on('error', (error) =>
      log.debug({ worker: number, error }, 'an ingest worker could not be reached'),
    );
    child.once('exit', (code, signal) => {
      meeting.close();
      if (stopping) return;
      log.error({ worker: number, code, signal }, 'an ingest worker has ended; another takes its place');
      void replace(number, performance.now() - started);
    });
    const socket = await Promise.race([meeting.met, exited]);
    if (typeof socket === 'string') throw new Error(socket);
    const channel = createChannel<WorkerQuestions, PrimaryQuestions>(portOf(socket), answers);
    const worker = { process: child, channel, exited };
    void exited.then((reason) => {
      running.delete(worker);
      channel.close(reason);
    });
    const given = settings;
    const address = await channel.ask('start', { ...given, number, watched });
    if (given.plan !== settings.plan) await channel.ask('plan', settings);
    running.add(worker);
    return address;
  }

  async function replace(number: number, lived: number): Promise<void> {
    if (lived < SHORT_LIFE) await sleep(SHORT_LIFE, undefined, { ref: false });
    if (!stopping) await start(number).catch((error: Error) => log.error({ worker: number }, error.message));
  }

  /** Asks all; a worker that ends meanwhile has nothing to say, and its successor begins with the newest settings. */
  const askAll = async (ask: (worker: Running) => Promise<unknown>): Promise<void> => {
    await Promise.all(
      [...running].map((worker) =>
        ask(worker).catch((error: Error) => {
          if (running.has(worker)) throw error;
        }),
      ),
    );
  };

  /** By then nothing is left for them to do, or the time is over. */
  function end(): void {
    stopping = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
  }

  return {
    url: first[0]!.url,
    async use(plan, secrets) {
      settings = { ...settings, plan, secrets };
      await askAll(({ channel }) => channel.ask('plan', settings));
    },
    renewCertificates: () => askAll(({ channel }) => channel.ask('renew', null)),
    watch(on) {
      watched = on;
      void askAll(({ channel }) => channel.ask('watch', on)).catch(() => {});
    },
    async counts() {
      const asked = askAll(async ({ process, channel }) => {
        counts.set(process.process.pid!, await channel.ask('counts', null));
      });
      // A worker that hangs must not keep the numbers of all others from being read.
      await Promise.race([asked, sleep(COUNTS_PATIENCE, undefined, { ref: false })]);
      return [...counts.values()];
    },
    async stop(deadline) {
      stopping = true;
      const stopped = Promise.all(
        [...running].map(({ channel }) => channel.ask('stop', options.patience).catch(() => {})),
      );
      await Promise.race([stopped, aborted(deadline)]);
      const exits = [...running].map(({ exited }) => exited);
      end();
      await Promise.all(exits);
    },
  };
}
