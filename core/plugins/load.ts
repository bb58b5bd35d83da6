import { fileURLToPath } from 'node:url';
import type { PluginProblem, PluginResult } from '../config/schema/plugins.ts';
import { checkDefinition, type PluginKind } from './check.ts';

/** Imports the module of a plugin and checks its definition. */
export async function loadModule<D>(kind: PluginKind, type: string, url: string): Promise<PluginResult<D>> {
  const file = fileURLToPath(url);
  if (/\.[mc]?tsx?$/.test(file) && !runsTypeScript(file)) {
    const message = `${file} is TypeScript, which this runtime does not run${inNodeModules(file) ? ' inside node_modules' : ''}`;
    return failed(message, 'Compile it to JavaScript, or run on Deno, Bun, or Node 22.18 or newer.');
  }
  let module: { default?: unknown };
  try {
    module = (await import(url)) as { default?: unknown };
  } catch (error) {
    return failed(`${file} cannot be loaded: ${firstLine(error)}`, missingPackage(error));
  }
  // A CommonJS module of a compiler has its default export one level down.
  const inner = module.default as { default?: unknown; apiVersion?: unknown } | undefined;
  const definition = inner?.apiVersion === undefined && inner?.default !== undefined ? inner.default : inner;
  const problems = checkDefinition(kind, definition);
  if (problems.length === 0) return { ok: true, value: definition as D };
  const message = `the ${kind} "${type}" (${file}) cannot be used: ${problems.join('; ')}`;
  return { ok: false, problem: { code: 'TIERCEL_CFG_PLUGIN_INVALID', message } };
}

function failed(message: string, fix: string | undefined): { ok: false; problem: PluginProblem } {
  return { ok: false, problem: { code: 'TIERCEL_CFG_PLUGIN_LOAD', message, ...(fix && { fix }) } };
}

function firstLine(error: unknown): string {
  return String((error as Error)?.message ?? error).split('\n')[0]!;
}

function missingPackage(error: unknown): string | undefined {
  const name = /Cannot find package '([^']+)'/.exec(String((error as Error)?.message))?.[1];
  return name === undefined ? undefined : `Run npm i ${name} in the folder of the plugin.`;
}

function inNodeModules(file: string): boolean {
  return /[/\\]node_modules[/\\]/.test(file);
}

/** Deno and Bun do; Node from 22.18 on, outside node_modules. */
function runsTypeScript(file: string): boolean {
  if ('Deno' in globalThis || 'Bun' in globalThis) return true;
  const { typescript } = process.features as { typescript?: string | false };
  return Boolean(typescript) && !inNodeModules(file);
}
