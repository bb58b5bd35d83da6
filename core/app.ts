import { hostname } from 'node:os';
import type { Config, OutputConfig } from './config/schema/config.ts';
import { type WiredOutput, wire } from './container.ts';
import { createDeadLetterNotices, type NoticeTargets } from './dead-letters/notices.ts';
import type { DeadLetterStore } from './dead-letters/store.ts';
import { createSlowClock } from './delivery/retry.ts';
import { deadlineIn } from './delivery/stopping.ts';
import { createEnricher } from './event/decode.ts';
import { createRecentEvents } from './event/recent.ts';
import type { Admin, OutputStatus, Readiness } from './http/app.ts';
import { createIngest } from './http/ingest.ts';
import { listen, renewCertificates } from './http/listeners.ts';
import type { RunningServer } from './http/server.ts';
import { permissionsFor, tightenState } from './journal/files/permissions.ts';
import type { Journal } from './journal/journal.ts';
import { openJournals } from './journals.ts';
import { createOperations } from './operations/operations.ts';
import { createTap, queuedWatcher } from './operations/tap.ts';
import { packageWarnings } from './plugins/package-versions.ts';
import { changesBetween } from './reload-diff.ts';
import { createRouter } from './routing/route.ts';
import { type Clock, systemClock } from './sdk/contract/clock.ts';
import type { RootLogger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

/** A running instance. */
export interface App {
  /** The URL of the listener of the events, `http://127.0.0.1:2801`. */
  readonly url: string;
  /**
   * Applies a new, valid configuration: starts new outputs, stops removed ones, restarts only changed ones. Changes of
   * `server`, `journal`, `dead_letters` and `log` need a restart of the process; the changed sections are returned.
   */
  reload(config: Config): Promise<{ readonly needsRestart: readonly string[] }>;
  /**
   * Aborted when the storage has failed permanently or another process has taken it over. No more events can be accepted,
   * so the process must end. The reason is an Error.
   */
  readonly failed: AbortSignal;
  /** Stops the listeners, finishes requests and deliveries until the signal aborts, saves the cursors. */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly log: RootLogger;
  readonly version: string;
  readonly clock?: Clock;
}

/**
 * Starts the program: journal, outputs, then the listeners. When it resolves, events are accepted.
 *
 * @throws Error in one line when the journal belongs to another process or the address is taken, after closing everything
 *   that was opened
 */
export async function startApp(options: AppOptions): Promise<App> {
  const opened: (() => Promise<unknown>)[] = [];
  try {
    return await start(options, (close) => opened.unshift(close));
  } catch (error) {
    for (const close of opened) {
      try {
        await close();
      } catch (failure) {
        options.log.warn({ err: failure }, 'what was opened for the start could not be closed');
      }
    }
    throw error;
  }
}

/** @param onOpened gets a function that closes what was just opened, for a start that fails later */
async function start(
  { config: initial, log, version, clock = systemClock }: AppOptions,
  onOpened: (close: () => Promise<unknown>) => void,
): Promise<App> {
  let config = initial;
  const metrics = createMetrics({
    version,
    runtime: runtimeName(),
    journal: () => journal.status(),
    deadLetters: () => ({ store: deadLetters, outputs: config.outputs.map(({ name }) => name) }),
    now: clock.now,
  });
  const permissions = permissionsFor({ groupAccess: config.journal.group_access });
  await tightenState(config.journal.path, permissions, log);
  const journals = await openJournals(config, { clock, log, onSync: metrics.fsync });
  onOpened(journals.close);
  const { journal, deadLetters } = journals;
  const recent = createRecentEvents();
  const slowNow = createSlowClock(clock);
  const resources = { clock, slowNow, log, metrics, journal, deadLetters, recent };

  const wiring = wire({ ...resources, config });
  /** Every started output that is still configured; during a restart of an output the old one. */
  const running = new Map<string, WiredOutput>();
  onOpened(() => Promise.all([...running.keys()].map((name) => stopOutput(name, AbortSignal.abort()))));
  let listeners: readonly RunningServer[] | undefined;
  let stopping = false;

  const enricher = () => createEnricher(config.enrich, (message) => log.warn(message));
  let enrich = enricher();
  const routerWithout = (except: readonly string[] = []) =>
    createRouter(
      [...running.values()]
        .filter(({ settings }) => !except.includes(settings.name))
        .map(({ settings: { name }, route: { wants } }) => ({ name, wants })),
    );

  async function startOutput(wired: WiredOutput): Promise<void> {
    running.set(wired.settings.name, wired);
    wired.account();
    await wired.loop.start();
    await warnOfPackages(wired.settings);
  }

  /** A version that the output does not declare may work all the same. */
  async function warnOfPackages({ name, definition: { packages }, module }: OutputConfig): Promise<void> {
    for (const warning of await packageWarnings(packages, { module, configDir: config.dir }))
      log.warn({ output: name }, warning);
  }

  async function stopOutput(name: string, deadline: AbortSignal): Promise<void> {
    const wired = running.get(name);
    running.delete(name);
    await wired?.loop.stop(deadline);
  }

  const notices = createDeadLetterNotices({
    store: deadLetters,
    journal,
    clock,
    hostname: hostname(),
    log,
    onNotice: metrics.deadLetterNotice,
  });
  onOpened(() => notices.stop());
  await notices.prepare(noticeTargets(config));
  for (const settings of enabled(config)) await startOutput(wiring.output(settings));
  // Not before its target has a cursor.
  await notices.apply();
  let route = routerWithout();
  if (journal.isAfterCrash === true) reportCrash([...running.values()], log);
  await reportOrphans(journal, config, log);

  const tap = createTap();
  const ingest = createIngest({
    journal,
    route: (event) => route(event),
    enrich: (event) => enrich(event),
    recent,
    clock,
    maxWait: config.server.max_wait,
    observer: metrics.ingest,
    queued: queuedWatcher(log, tap.watcher),
  });
  listeners = await listen(
    config,
    {
      ingest,
      admin: adminOf(),
      readiness,
      countRefused: metrics.ingest.refused,
    },
    log,
  );
  onOpened(() => Promise.all((listeners ?? []).map((listener) => listener.stop(AbortSignal.abort()))));
  const urls = listeners.map(({ url }) => url);
  log.info({ outputs: [...running.keys()] }, `Enabled outputs: ${[...running.keys()].join(', ') || 'none'}`);
  log.info({ version }, `Tiercel is up and listening on ${urls.join(' and ')}`);

  function readiness(): Readiness {
    const { state, reason } = journal.status();
    const reasons: string[] = [];
    if (listeners === undefined) reasons.push('starting');
    if (stopping) reasons.push('stopping');
    // A full journal stays ready: no other instance has room for these events, and a late answer is better than none.
    if (state === 'failed')
      reasons.push(`the journal has failed${reason === undefined ? '' : `: ${reason}`}`);
    const outputs = [...running.values()].map(({ settings, loop }) => ({
      name: settings.name,
      ...loop.health(),
    }));
    return { ready: reasons.length === 0, reasons, outputs };
  }

  function adminOf(): Admin {
    const outputs = () =>
      config.outputs.map(({ name }) => {
        const loop = running.get(name)?.loop;
        return { name, ...(loop && { pending: loop.accounts().pending }) };
      });
    return {
      operations: createOperations({ journal, deadLetters, outputs, log }),
      tap,
      metrics: () => metrics.exposition(),
      outputs: () => [...running.values()].map((wired) => statusOf(wired, deadLetters.byOutput())),
    };
  }

  return {
    url: urls[0]!,
    failed: journals.failed,

    async reload(next) {
      const settings = [...running.values()].map((wired) => wired.settings);
      const changes = changesBetween(config, next, settings);
      const newWiring = wire({ ...resources, config: changes.config });
      // Made first: if an output cannot be made, the old configuration stays in use.
      const made = changes.start.map((output) => newWiring.output(output));
      config = changes.config;
      enrich = enricher();
      // Removed outputs get no more events; restarted outputs stay routed.
      route = routerWithout(changes.stop);
      const deadline = deadlineIn(config.shutdown.deadline);
      try {
        await notices.prepare(noticeTargets(config));
        for (const name of changes.stop) {
          await stopOutput(name, deadline);
          metrics.forget(name);
        }
        for (const wired of made) {
          // It stays routed, so that events that arrive during the restart are stored for it.
          await running.get(wired.settings.name)?.loop.stop(deadline);
          await startOutput(wired);
        }
      } finally {
        route = routerWithout();
      }
      await notices.apply();
      await renewCertificates(config, listeners ?? []);
      await reportOrphans(journal, config, log);
      const { needsRestart, stop } = changes;
      log.info(
        { started: made.map(({ settings }) => settings.name), stopped: stop, needs_restart: needsRestart },
        `Configuration reloaded: ${made.length} outputs started anew, ${stop.length} stopped`,
      );
      return { needsRestart };
    },

    async stop(deadline) {
      stopping = true;
      log.info('Stopping: no new connections; finishing what is under way');
      tap.close();
      const [ingestStopped, ...operatorsStopped] = (listeners ?? []).map((listener) =>
        listener.stop(deadline),
      );
      // Outputs stop after ingest, so that accepted events can be delivered, but do not wait for the requests of operators.
      await ingestStopped;
      await Promise.all([...running.keys()].map((name) => stopOutput(name, deadline)));
      await Promise.all(operatorsStopped);
      await notices.stop();
      await journals.close();
      log.info('Stopped');
    },
  };
}

function runtimeName(): string {
  const { versions } = process;
  if (versions.deno !== undefined) return `deno ${versions.deno}`;
  if (versions.bun !== undefined) return `bun ${versions.bun}`;
  return `node ${versions.node}`;
}

function enabled(config: Config): readonly OutputConfig[] {
  return config.outputs.filter((output) => output.enabled);
}

/** Which enabled output is told of the dead letters of which other. */
function noticeTargets(config: Config): NoticeTargets {
  const outputs = enabled(config);
  const names = new Set(outputs.map(({ name }) => name));
  return new Map(
    outputs.flatMap(({ name, onDeadLetter = config.dead_letters.on_dead_letter }) =>
      onDeadLetter !== undefined && onDeadLetter !== name && names.has(onDeadLetter)
        ? [[name, onDeadLetter] as const]
        : [],
    ),
  );
}

function statusOf(
  { settings, loop }: WiredOutput,
  stored: ReturnType<DeadLetterStore['byOutput']>,
): OutputStatus {
  const { name, type } = settings;
  const { letters, bytes } = stored?.get(name) ?? { letters: 0, bytes: 0 };
  const aside = stored && { dead_letters: letters, dead_letter_bytes: bytes };
  return { name, type, ...loop.health(), pending: loop.accounts().pending, ...aside };
}

/** After a crash or a kill, how many events wait for each output; those that were under way may be delivered a second time. */
function reportCrash(outputs: readonly WiredOutput[], log: RootLogger): void {
  const counts = outputs.map(({ settings: { name }, loop }) => [name, loop.accounts().pending] as const);
  const list = counts.map(([name, count]) => `${name} ${count}`).join(', ') || 'no output';
  log.info({ pending: Object.fromEntries(counts) }, `The last stop was not clean. Pending events: ${list}`);
}

/** Warns of outputs that were removed from the configuration: the journal keeps their cursor and their events. */
async function reportOrphans(journal: Journal, config: Config, log: RootLogger): Promise<void> {
  const known = new Set(config.outputs.map(({ name }) => name));
  for (const { output, pending } of await journal.orphans()) {
    if (known.has(output) || pending === 0) continue;
    log.warn(
      { output, pending },
      `The journal keeps ${pending} events for the output "${output}", which the configuration no longer has. Put it back, or discard them: tiercel journal forget ${output}`,
    );
  }
}
