import { suggest } from '../config/explain/suggest.ts';
import type {
  AnyMapperDefinition,
  BuiltIn,
  BuiltIns,
  LoadedPlugin,
  PluginProblem,
  PluginResult,
  Registry,
  ResolveOptions,
} from '../config/schema/plugins.ts';
import { globs } from '../routing/glob.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { PluginKind } from './check.ts';
import { loadModule } from './load.ts';
import { isPackageName, isPath, resolveModule } from './resolve.ts';

/**
 * Makes the registry. The built-ins are a parameter, because the framework knows no output and no mapper.
 *
 * @example createRegistry({ outputs, mappers })
 */
export function createRegistry(builtIns: {
  readonly outputs: BuiltIns<AnyOutputDefinition>;
  readonly mappers: BuiltIns<AnyMapperDefinition>;
}): Registry {
  const { outputs, mappers } = builtIns;
  return {
    outputs,
    mappers,
    output: (type, options) => lookUp('output', outputs, type, options, mappers),
    mapper: (type, options) => lookUp('mapper', mappers, type, options, outputs),
  };
}

async function lookUp<D extends { readonly type: string }>(
  kind: PluginKind,
  builtIns: BuiltIns<D>,
  type: string,
  options: ResolveOptions,
  others: Readonly<Record<string, unknown>>,
): Promise<PluginResult<LoadedPlugin<D>>> {
  const builtIn = Object.hasOwn(builtIns, type) ? builtIns[type]! : undefined;
  if (builtIn !== undefined) return loadBuiltIn(kind, type, builtIn);
  const names = Object.keys(builtIns);
  if (Object.hasOwn(others, type)) {
    const message = `"${type}" is ${kind === 'output' ? 'a mapper, not an output' : 'an output, not a mapper'}`;
    const fix = `Built in: ${names.sort().join(', ')}.`;
    return { ok: false, problem: { code: 'TIERCEL_CFG_UNKNOWN_TYPE', message, fix } };
  }
  if (isDenied(type, options)) {
    const misspelt = !isPath(type) && suggest(type, names) !== undefined;
    return misspelt
      ? { ok: false, problem: notFound(kind, names, type, options.configDir) }
      : refused(kind, type, options);
  }
  const url = resolveModule(type, options.configDir);
  if (url === undefined) return { ok: false, problem: notFound(kind, names, type, options.configDir) };
  const loaded = await loadModule<D>(kind, type, url);
  if (!loaded.ok) return loaded;
  const definition = loaded.value;
  if (Object.hasOwn(builtIns, definition.type)) {
    const message = `the ${kind} "${type}" calls itself "${definition.type}", which is the name of a built-in`;
    return { ok: false, problem: { code: 'TIERCEL_CFG_PLUGIN_INVALID', message } };
  }
  return { ok: true, value: { definition, module: url, builtIn: false } };
}

async function loadBuiltIn<D>(
  kind: PluginKind,
  type: string,
  builtIn: BuiltIn<D>,
): Promise<PluginResult<LoadedPlugin<D>>> {
  try {
    return { ok: true, value: { definition: await builtIn.load(), module: builtIn.module, builtIn: true } };
  } catch (error) {
    const message = `the built-in ${kind} "${type}" cannot be loaded: ${(error as Error).message}`;
    return { ok: false, problem: { code: 'TIERCEL_CFG_PLUGIN_LOAD', message, fix: 'Install tiercel anew.' } };
  }
}

function isDenied(type: string, { allow, plugins }: ResolveOptions): boolean {
  if (plugins === false) return true;
  // An empty list allows nothing, but as globs it matches everything.
  return allow !== undefined && (allow.length === 0 || !globs(allow)([type]));
}

function refused(
  kind: PluginKind,
  type: string,
  options: ResolveOptions,
): { ok: false; problem: PluginProblem } {
  const byFlag = options.plugins === false;
  const message = byFlag
    ? `the ${kind} "${type}" is not built in, and loading plugins was switched off`
    : `the ${kind} "${type}" is not among plugins.allow`;
  const fix = byFlag ? undefined : `Add "${type}" to plugins.allow if its code may run here.`;
  return { ok: false, problem: { code: 'TIERCEL_CFG_PLUGIN_NOT_ALLOWED', message, ...(fix && { fix }) } };
}

function notFound(
  kind: PluginKind,
  builtIns: readonly string[],
  type: string,
  configDir: string,
): PluginProblem {
  const code = 'TIERCEL_CFG_UNKNOWN_TYPE';
  if (isPath(type)) {
    return {
      code,
      message: `there is no file ${type}`,
      fix: `Paths start from the folder of the configuration, ${configDir}.`,
    };
  }
  const suggestion = suggest(type, builtIns);
  const list = `Built in: ${[...builtIns].sort().join(', ')}.`;
  if (suggestion !== undefined) {
    // No advice to install it: on the public registry a misspelt name may be a malicious package.
    return { code, message: `no ${kind} of type "${type}"; did you mean "${suggestion}"?`, suggestion };
  }
  if (!isPackageName(type)) return { code, message: `no ${kind} of type "${type}"`, fix: list };
  const name = /^(@[^/]+\/)?[^/]+/.exec(type)![0];
  return {
    code,
    message: `no built-in ${kind} and no package "${type}" seen from ${configDir}`,
    fix: `If it is a package: npm i ${name} in ${configDir}. ${list}`,
  };
}
