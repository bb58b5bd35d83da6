import { AsyncLocalStorage } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';

/** The code of plugins that runs for one output: the output's own and its mapper's. Made by {@link createScope}. */
export interface PluginScope {
  /** The output's name in the YAML. */
  readonly output: string;
  /** The URLs of the modules whose default exports are the definitions. */
  readonly modules: readonly string[];
  /** Its promises are followed through the runtime's asynchronous context. */
  readonly followed: boolean;
  /** A promise of this code was rejected and nothing handles it. Does not throw. */
  onRejection(reason: unknown): void;
}

/** The folder of the program's own modules. */
const OWN = new URL('../..', import.meta.url).href;
/** Node before 24 pays for the context with a hook at every promise of the process: about 10 % of an event's CPU time. */
const { node, deno } = process.versions;
const CONTEXT_IS_FREE = deno !== undefined || Number.parseInt(node, 10) >= 24;

const storage = new AsyncLocalStorage<PluginScope>();
/** By output; that of an output that was stopped stays, because its promises may be rejected later. */
const scopes = new Map<string, PluginScope>();

/**
 * Makes the scope of an output. Where the context costs, only code that is not the program's own is followed.
 *
 * @param usesPackages the output loads packages that do not come with the program
 */
export function createScope({
  usesPackages,
  ...scope
}: Omit<PluginScope, 'followed'> & { readonly usesPackages: boolean }): PluginScope {
  const isForeign = usesPackages || scope.modules.some((module) => !module.startsWith(OWN));
  const made = { ...scope, followed: CONTEXT_IS_FREE || isForeign };
  scopes.set(scope.output, made);
  return made;
}

/** Runs code of a plugin: what it starts belongs to the scope, also what goes on after it has returned. */
export function inScope<T>(scope: PluginScope, work: () => T): T {
  return scope.followed ? storage.run(scope, work) : work();
}

/** The methods of an output but `diagnose`, a generator. The compiler rejects this list when one is missing. */
const METHODS = Object.keys({
  partition: true,
  destination: true,
  start: true,
  check: true,
  stop: true,
  preview: true,
  deliver: true,
} satisfies Record<Exclude<keyof Output | keyof StreamOutput, 'diagnose'>, true>);

/** The output, its methods run in the scope. */
export function scopedOutput(output: Output | StreamOutput, scope: PluginScope): Output | StreamOutput {
  const scoped: Record<string, unknown> = {};
  for (const name of METHODS) {
    // Members of one of the two kinds, called with what they are declared for.
    const method = (output as unknown as Record<string, ((...given: unknown[]) => unknown) | undefined>)[
      name
    ];
    if (method === undefined) continue;
    scoped[name] = (...given: unknown[]) => inScope(scope, () => method.apply(output, given));
  }
  if (output.diagnose !== undefined) {
    scoped.diagnose = async function* (...given: Parameters<NonNullable<Output['diagnose']>>) {
      // A generator runs in the context of each call of `next`.
      const steps = inScope(scope, () => output.diagnose!(...given)[Symbol.asyncIterator]());
      try {
        for (;;) {
          const step = await inScope(scope, () => steps.next());
          if (step.done) return;
          yield step.value;
        }
      } finally {
        await inScope(scope, () => steps.return?.());
      }
    };
  }
  return scoped as unknown as Output | StreamOutput;
}

/** The mapper, run in the scope. */
export function scopedMapper<R>(mapper: Mapper<R>, scope: PluginScope): Mapper<R> {
  const { record } = mapper;
  return { ...(record && { record }), map: (event) => inScope(scope, () => mapper.map(event)) };
}

/**
 * The scopes that an unhandled rejection belongs to; call it in the listener of `unhandledRejection`. None: it is not a
 * plugin's.
 *
 * Node and Deno call that listener in the context of the rejected promise. Bun does not, not all scopes are followed, and a
 * plugin can be called by an emitter that is not its own: then the stack of the error tells the module, and the rejection
 * belongs to every output that uses it. There a reason without a frame of the plugin's own files belongs to none.
 */
export function scopesOf(reason: unknown): readonly PluginScope[] {
  const scope = storage.getStore();
  if (scope !== undefined) return [scope];
  let stack: unknown;
  try {
    stack = (reason as { readonly stack?: unknown } | undefined)?.stack;
  } catch {}
  if (typeof stack !== 'string') return [];
  const frames = stack;
  return [...scopes.values()].filter(({ modules }) => modules.some((module) => isIn(frames, module)));
}

/** Does the stack have a frame of the module, of its package, or of the folder whose index it is? */
function isIn(stack: string, module: string): boolean {
  const packaged = module.startsWith(OWN) ? null : /^.*\/node_modules\/(@[^/]+\/)?[^/]+\//.exec(module);
  const folder = packaged?.[0] ?? /^.*\/(?=index\.[^/]*$)/.exec(module)?.[0];
  const place = folder ?? `${module}:`;
  // Node and Deno show URLs, Bun shows paths.
  return stack.includes(place) || stack.includes(pathOf(place));
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
