// The composition root, the only file that knows tsyringe. Everything else is plain functions with their dependencies as
// parameters. reflect-metadata must be loaded before tsyringe.
import 'reflect-metadata';
import { join } from 'node:path';
import { container, type DependencyContainer, type InjectionToken, instanceCachingFactory } from 'tsyringe';
import type { Config, OutputConfig } from './config/schema/config.ts';
import type { DeadLetterStore } from './dead-letters/store.ts';
import { createFaults, type Faults } from './delivery/faults.ts';
import { createOutputLoop, type OutputLoop } from './delivery/loop.ts';
import type { SlowClock } from './delivery/retry.ts';
import { createDecoder } from './event/decode.ts';
import type { RecentEvents } from './event/recent.ts';
import { createNodeFileSystem, ensureDirectory } from './journal/files/filesystem.ts';
import type { Journal } from './journal/journal.ts';
import { createOutput } from './plugins/context.ts';
import { createScope, inScope, type PluginScope, scopedMapper, scopedOutput } from './plugins/scope.ts';
import { compileRoute, type Route, type RouteSpec } from './routing/route.ts';
import type { Clock } from './sdk/contract/clock.ts';
import type { Mapper } from './sdk/contract/mapper.ts';
import type { Output, StreamOutput } from './sdk/contract/output.ts';
import type { RootLogger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { OutputObserver } from './telemetry/observer.ts';

function token<T>(name: string): InjectionToken<T> {
  return Symbol(name) as InjectionToken<T>;
}

const tokens = {
  config: token<Config>('config'),
  clock: token<Clock>('clock'),
  log: token<RootLogger>('log'),
  metrics: token<Metrics>('metrics'),
  journal: token<Journal>('journal'),
  deadLetters: token<DeadLetterStore>('dead letters'),
  recent: token<RecentEvents>('recent events'),
  slowNow: token<SlowClock>('slow clock'),
  // In the child container of one output.
  settings: token<OutputConfig>('settings'),
  outputLog: token<RootLogger>('output log'),
  observer: token<OutputObserver>('observer'),
  faults: token<Faults>('faults'),
  scope: token<PluginScope>('plugin scope'),
  mapper: token<Mapper>('mapper'),
  output: token<Output | StreamOutput>('output'),
  route: token<Route>('route'),
  loop: token<OutputLoop>('loop'),
} as const;

/** What is opened before the wiring, because it takes time or may fail. */
export interface Resources {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: RootLogger;
  readonly metrics: Metrics;
  readonly journal: Journal;
  readonly deadLetters: DeadLetterStore;
  /** Events that ingest has just parsed. */
  readonly recent: RecentEvents;
  /** The clock for the age of batches. */
  readonly slowNow: SlowClock;
}

/** One output, wired: created from its definition, its route compiled, its loop ready to start. */
export interface WiredOutput {
  readonly settings: OutputConfig;
  readonly output: Output | StreamOutput;
  readonly route: Route;
  readonly loop: OutputLoop;
  /** Connects the metrics to this loop. Call it when no earlier loop of that name runs. */
  account(): void;
}

/** The wiring of one configuration. */
export interface Wiring {
  /** @throws Error when the output cannot be made from its options. */
  output(settings: OutputConfig): WiredOutput;
}

/** Wires the program. Each output gets a child container with its own log, metrics and state directory, which it never sees. */
export function wire(resources: Resources): Wiring {
  const app = container.createChildContainer();
  const names = ['config', 'clock', 'slowNow', 'log', 'metrics', 'journal', 'deadLetters', 'recent'] as const;
  for (const name of names) {
    app.register(tokens[name] as InjectionToken<unknown>, { useValue: resources[name] });
  }
  return { output: (settings) => wireOutput(app, settings) };
}

function wireOutput(app: DependencyContainer, settings: OutputConfig): WiredOutput {
  const own = app.createChildContainer();
  own.register(tokens.settings, { useValue: settings });
  once(own, tokens.outputLog, (c) => c.resolve(tokens.log).child({ output: settings.name }));
  once(own, tokens.observer, (c) => c.resolve(tokens.metrics).output(settings.name));
  once(own, tokens.faults, (c) =>
    createFaults({
      observer: c.resolve(tokens.observer),
      clock: c.resolve(tokens.clock),
      log: c.resolve(tokens.outputLog),
    }),
  );
  once(own, tokens.scope, (c) =>
    createScope({
      output: settings.name,
      modules: [settings.module, settings.mapper.module],
      usesPackages: settings.definition.packages !== undefined,
      onRejection: c.resolve(tokens.faults).report,
    }),
  );
  once(own, tokens.mapper, (c) => {
    const scope = c.resolve(tokens.scope);
    const { mapper, mapperDefinition } = settings;
    const log = c.resolve(tokens.outputLog);
    return scopedMapper(
      inScope(scope, () => mapperDefinition.create(mapper.options, { log })),
      scope,
    );
  });
  const stateDir = join(own.resolve(tokens.config).journal.path, 'outputs', settings.name);
  once(own, tokens.output, (c) => {
    try {
      const scope = c.resolve(tokens.scope);
      const config = c.resolve(tokens.config);
      const context = {
        name: settings.name,
        log: c.resolve(tokens.outputLog),
        clock: c.resolve(tokens.clock),
        stateDir,
        configDir: config.dir,
        mapper: c.resolve(tokens.mapper),
        mapperRef: settings.mapper,
        decode: config.enrich,
      };
      return scopedOutput(
        inScope(scope, () => createOutput(settings.definition, settings.options, context)),
        scope,
      );
    } catch (error) {
      throw new Error(`outputs.${settings.name}: ${(error as Error).message}`, { cause: error });
    }
  });
  // The configuration was checked with the same compiler when it was loaded.
  once(own, tokens.route, (c) => compileRouteOf(settings.name, settings.route, c.resolve(tokens.log)));
  once(own, tokens.loop, (c) =>
    createOutputLoop({
      name: settings.name,
      type: settings.definition.type,
      output: c.resolve(tokens.output),
      prepare: () => {
        const { group_access: groupAccess } = c.resolve(tokens.config).journal;
        return ensureDirectory(createNodeFileSystem({ groupAccess }), stateDir);
      },
      stream: settings.definition.stream === true,
      mapper: c.resolve(tokens.mapper),
      mapperName: settings.mapper.type,
      decode: createDecoder(c.resolve(tokens.config).enrich, undefined, c.resolve(tokens.recent)),
      wants: c.resolve(tokens.route).wants,
      limits: settings.batch,
      policy: settings.policy,
      journal: c.resolve(tokens.journal),
      deadLetters: c.resolve(tokens.deadLetters),
      clock: c.resolve(tokens.clock),
      slowNow: c.resolve(tokens.slowNow),
      observer: c.resolve(tokens.observer),
      faults: c.resolve(tokens.faults),
      log: c.resolve(tokens.outputLog),
    }),
  );
  const loop = own.resolve(tokens.loop);
  return {
    settings,
    output: own.resolve(tokens.output),
    route: own.resolve(tokens.route),
    loop,
    account: () => void own.resolve(tokens.metrics).output(settings.name, () => loop.accounts()),
  };
}

/** @throws Error naming the output; never for a checked configuration */
function compileRouteOf(name: string, spec: RouteSpec, log: RootLogger): Route {
  const compiled = compileRoute(spec, (reason) =>
    log.warn(
      { output: name, reason },
      'the `when` of this output could not be evaluated on an event; such events are wanted',
    ),
  );
  if (!compiled.ok) throw new Error(`outputs.${name}: ${compiled.errors[0]!.message}`);
  return compiled.route;
}

function once<T>(
  into: DependencyContainer,
  key: InjectionToken<T>,
  make: (c: DependencyContainer) => T,
): void {
  into.register(key, { useFactory: instanceCachingFactory(() => make(into)) });
}
