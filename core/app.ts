import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, systemClock } from './batching/clock.ts';
import type { Config, OutputConfig } from './config/config.ts';
import { type WiredOutput, wire } from './container.ts';
import type { Event } from './event/event.ts';
import type { Admin, OutputStatus, Readiness } from './http/app.ts';
import { createIngest } from './http/ingest.ts';
import { listen } from './http/listen.ts';
import type { Journal } from './journal/journal.ts';
import { openJournals } from './journals.ts';
import { createOperations } from './operations/operations.ts';
import { createTap, type Tap, type Watcher } from './operations/tap.ts';
import { createRouter } from './routing/router.ts';
import type { RootLogger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

/** A running instance. */
export interface App {
  /** Where events come in, `http://127.0.0.1:2801`. */
  readonly url: string;
  /**
   * Takes over a new, valid configuration: starts what is new, stops what is gone, restarts only what changed.
   * Settings of `server` and `journal` need a restart of the process; the names of those that changed are returned.
   */
  reload(config: Config): Promise<{ readonly needsRestart: readonly string[] }>;
  /** Stops intake, finishes what is under way until the signal aborts, persists the cursors. */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly log: RootLogger;
  readonly version: string;
  readonly clock?: Clock;
}

const PATHS_THAT_NEED_A_RESTART = ['server', 'journal', 'dead_letters', 'log'] as const;

/**
 * Starts the program: journal, outputs, then the listeners. When it resolves, events are taken.
 *
 * @throws Error in one clear line when the journal is another process's or the address is taken
 */
export async function startApp({
  config: initial,
  log,
  version,
  clock = systemClock,
}: AppOptions): Promise<App> {
  let config = initial;
  const journals = await openJournals(config, { clock, log });
  const { journal, deadLetters } = journals;
  const metrics = createMetrics({
    version,
    runtime: runtimeName(),
    journal: () => journal.status(),
    now: clock.now,
  });
  const resources = { clock, log, metrics, journal, deadLetters };

  let wiring = wire({ ...resources, config });
  const running = new Map<string, WiredOutput>();
  let route: (event: Event) => readonly string[] = () => [];
  let enrich = wiring.enrich;
  let stopping = false;

  const rebuildRoute = () => {
    const routes = [...running.values()].map(({ settings, route }) => ({
      name: settings.name,
      wants: route.wants,
    }));
    route = createRouter(routes);
  };

  async function startOutput(wired: WiredOutput): Promise<void> {
    await mkdir(join(config.journal.path, 'outputs', wired.settings.name), { recursive: true });
    wired.account();
    await wired.loop.start();
    running.set(wired.settings.name, wired);
  }

  async function stopOutput(name: string, deadline: AbortSignal): Promise<void> {
    const wired = running.get(name);
    running.delete(name);
    await wired?.loop.stop(deadline);
  }

  for (const settings of enabled(config)) await startOutput(wiring.output(settings));
  rebuildRoute();
  await reportOrphans(journal, config, log);

  const tap = createTap();
  const ingest = createIngest({
    journal,
    route: (event) => route(event),
    enrich: (event) => enrich(event),
    clock,
    maxWait: config.server.max_wait,
    observer: metrics.ingest,
    queued: watchers(log, tap),
  });
  const listeners = await listen(config, { ingest, admin: adminOf(), readiness }, log);
  log.info({ outputs: [...running.keys()] }, `Enabled outputs: ${[...running.keys()].join(', ') || 'none'}`);
  log.info({ version }, `Tiercel is up and listening on ${listeners.map(({ url }) => url).join(' and ')}`);

  function readiness(): Readiness {
    const { state, reason } = journal.status();
    const reasons: string[] = [];
    if (stopping) reasons.push('stopping');
    if (state !== 'ok') reasons.push(`the journal is ${state}${reason === undefined ? '' : `: ${reason}`}`);
    return { ready: reasons.length === 0, reasons };
  }

  function adminOf(): Admin {
    const outputs = () =>
      config.outputs.map(({ name }) => {
        const loop = running.get(name)?.loop;
        return { name, ...(loop && { pending: loop.accounts().pending }) };
      });
    return {
      operations: createOperations({ journal, deadLetters, clock, outputs, log }),
      tap,
      metrics: () => metrics.exposition(),
      outputs: () => [...running.values()].map(statusOf),
    };
  }

  return {
    url: listeners[0]!.url,

    async reload(next) {
      const old = config;
      const needsRestart = PATHS_THAT_NEED_A_RESTART.filter(
        (path) => !isDeepStrictEqual(old[path], next[path]),
      );
      config = { ...next, ...Object.fromEntries(needsRestart.map((path) => [path, old[path]])) };
      const newWiring = wire({ ...resources, config });
      const enrichChanged = !isDeepStrictEqual(old.enrich, next.enrich);
      const before = new Map(enabled(old).map((settings) => [settings.name, settings]));
      const wanted = enabled(config);
      const changed = wanted.filter(({ name, ...rest }) => {
        const known = before.get(name);
        return (
          known === undefined ||
          enrichChanged ||
          !isDeepStrictEqual(comparable({ name, ...rest }), comparable(known))
        );
      });
      // Made first: an output that cannot be made leaves the old configuration running.
      const made = changed.map((settings) => newWiring.output(settings));
      const deadline = AbortSignal.timeout(config.shutdown.deadline);
      const gone = [...running.keys()].filter((name) => !wanted.some((settings) => settings.name === name));
      for (const name of [...gone, ...changed.map(({ name }) => name)]) await stopOutput(name, deadline);
      for (const name of gone) metrics.forget(name);
      for (const wired of made) await startOutput(wired);
      wiring = newWiring;
      enrich = wiring.enrich;
      rebuildRoute();
      await reportOrphans(journal, config, log);
      log.info(
        { started: changed.map(({ name }) => name), stopped: gone, needs_restart: needsRestart },
        `Configuration reloaded: ${changed.length} outputs started anew, ${gone.length} stopped`,
      );
      return { needsRestart };
    },

    async stop(deadline) {
      stopping = true;
      log.info('Stopping: no new connections; finishing what is under way');
      tap.close();
      await Promise.all(listeners.map((listener) => listener.stop(deadline)));
      await Promise.all([...running.keys()].map((name) => stopOutput(name, deadline)));
      await journals.close();
      log.info('Stopped');
    },
  };
}

/** Who is told of each stored event: the debug log (the id may have to be derived, so only then) and whoever taps. */
function watchers(log: RootLogger, tap: Tap): () => Watcher | undefined {
  if (!log.isLevelEnabled('debug')) return tap.watcher;
  return () => {
    const watcher = tap.watcher();
    return (event, outputs) => {
      log.debug({ id: event.id, rule: event.rule, outputs }, `Event queued (${event.id})`);
      watcher?.(event, outputs);
    };
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

/** An output's settings without what differs between two loads of the same file. */
function comparable({ definition, mapperDefinition, place, ...settings }: OutputConfig): object {
  return { ...settings, definition: definition.type };
}

function statusOf({ settings, loop }: WiredOutput): OutputStatus {
  const { name, type } = settings;
  return { name, type, ...loop.health(), pending: loop.accounts().pending };
}

/** An output removed from the configuration keeps its cursor and its events; somebody must be told. */
async function reportOrphans(journal: Journal, config: Config, log: RootLogger): Promise<void> {
  const known = new Set(config.outputs.map(({ name }) => name));
  for (const { output, pending } of await journal.orphans()) {
    if (known.has(output)) continue;
    log.warn(
      { output, pending },
      `The journal keeps ${pending} events for the output "${output}", which the configuration no longer has. Put it back, or discard them: tiercel journal forget ${output}`,
    );
  }
}
