import { createEnricher, type DecodeOptions, type Enrich } from '../event/decode.ts';
import type { Event } from '../event/event.ts';
import type { Logger } from '../telemetry/logger.ts';
import { compileRoute, type Route, type RouteSpec } from './route.ts';
import { createRouter } from './router.ts';

/** What is done with an event that comes in, as plain data that can be sent to another process. */
export interface IngestPlan {
  readonly enrich: DecodeOptions;
  /** The outputs that may be given events. */
  readonly routes: readonly { readonly name: string; readonly spec: RouteSpec }[];
}

/** A plan at work. */
export interface CompiledPlan {
  readonly enrich: Enrich;
  /** The names of the outputs that want an event. */
  readonly route: (event: Event) => readonly string[];
}

/** @throws Error naming the output or the field; a configuration that was checked has none of that */
export function compilePlan(plan: IngestPlan, log: Logger): CompiledPlan {
  return {
    enrich: createEnricher(plan.enrich, (message) => log.warn(message)),
    route: createRouter(
      plan.routes.map(({ name, spec }) => ({ name, wants: compileRouteOf(name, spec, log).wants })),
    ),
  };
}

/**
 * The route of one output.
 *
 * @throws Error naming the output
 */
export function compileRouteOf(name: string, spec: RouteSpec, log: Logger): Route {
  const compiled = compileRoute(spec, (reason) =>
    log.warn(
      { output: name, reason },
      'the `when` of this output could not be evaluated on an event; such events are wanted',
    ),
  );
  if (!compiled.ok) throw new Error(`outputs.${name}: ${compiled.errors[0]!.message}`);
  return compiled.route;
}
