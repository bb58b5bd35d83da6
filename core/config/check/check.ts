import type { Fault, Path } from '../explain/errors.ts';
import type { Span } from '../explain/source.ts';
import { coerce } from '../read/coerce.ts';
import { type Entry, isNull, type MapNode, type Node } from '../read/tree.ts';
import { decodeScalars } from '../schema/decode.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { COMMON_SETTINGS } from '../schema/output.ts';
import type { Registry } from '../schema/plugins.ts';
import { ConfigSchema, type ConfigSections } from '../schema/sections.ts';
import { checkClaims } from './cross/claims.ts';
import type { CrossContext, ValidSections } from './cross/context.ts';
import { checkCredentials } from './cross/credentials.ts';
import { checkDeadLetterTargets } from './cross/dead-letter-targets.ts';
import { checkMappers } from './cross/mappers.ts';
import { checkOutputLimits } from './cross/output-limits.ts';
import { checkOutputNames } from './cross/output-names.ts';
import { checkRoutes } from './cross/routes.ts';
import { checkSections } from './cross/sections.ts';
import { deprecatedOptions } from './deprecated.ts';
import { extractForeignFormats } from './foreign-formats.ts';
import { isWrong, limitsOf } from './limits.ts';
import { lint } from './lint.ts';
import { type CheckedOutput, checkOutput } from './outputs.ts';
import { misnamedOutput, readOutputsSection } from './outputs-section.ts';
import { validateNode } from './validate.ts';

/** What the check needs besides the configuration. */
export interface CheckOptions {
  readonly registry: Registry;
  /** Paths of plugins are relative to this folder. */
  readonly dir: string;
  /** False: only built-in outputs and mappers are accepted. */
  readonly plugins?: boolean;
}

/** The result of the check, complete only if there are no faults. */
export interface Checked {
  readonly root: Node;
  readonly value: Record<string, unknown>;
  /** The sections without errors. */
  readonly sections: Partial<ConfigSections>;
  readonly outputs: readonly CheckedOutput[];
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** The outputs whose destinations could not be compared with those of others, because their options have errors. */
  readonly unchecked: readonly string[];
}

/**
 * Checks the whole configuration in three phases: the sections, each output by its type, and the rules that concern more than
 * one of them. An error in one value does not hide an error in another.
 */
export async function checkConfig(raw: MapNode, options: CheckOptions): Promise<Checked> {
  const schema = ConfigSchema as JsonSchema;
  const known = [...Object.keys(schema.properties!), 'include'];
  const types = Object.keys(options.registry.outputs);
  // Keys that begin with `x-` are for anchors.
  const entries = new Map([...raw.entries].filter(([key]) => !key.startsWith('x-')));
  const foreign = extractForeignFormats({ ...raw, entries }, known, types);
  const coerced = coerce(foreign.root, schema) as MapNode;
  const section = coerced.entries.get('outputs');
  const named = readOutputsSection(section, { types, settings: COMMON_SETTINGS, sections: known });
  const root = withOutputs(coerced, named.outputs);

  const validated = validateNode(root, schema, []);
  const value = validated.value as Record<string, unknown>;
  const wrong = new Set(validated.faults.map(({ path }) => path[0]));
  const decoded = Object.entries(decodeScalars(schema, value) as ConfigSections);
  const sections: Partial<ConfigSections> = Object.fromEntries(decoded.filter(([name]) => !wrong.has(name)));
  const wrongTests = new Set(
    validated.faults.flatMap(({ path }) => (path[0] === 'tests' ? [Number(path[1])] : [])),
  );
  const allTests = Array.isArray(value.tests) ? (value.tests as ConfigSections['tests']) : [];
  const tests = allTests.map((test, index) => (wrongTests.has(index) ? undefined : test));
  const outputs = await checkOutputs(named.outputs, value, options);

  // The texts of an output are coerced by the schema of its type.
  const keys = new Map(named.outputs.map(([name, { key }]) => [name, key]));
  const whole = withOutputs(
    root,
    outputs.map(({ name, node }) => [name, { key: keys.get(name)!, value: node }]),
  );
  const context: CrossContext = {
    root: whole,
    dir: options.dir,
    sections: validSections(decodeScalars(schema, value), validated.faults),
    hasError: (path) => isWrong(validated.faults, path),
    tests,
    outputs: outputs.flatMap(({ checkable }) => checkable ?? []),
    limits: outputs.map(({ limits }) => limits),
    routes: outputs,
    nodes: outputs,
  };
  const cross = [
    ...checkOutputNames(context),
    ...checkDeadLetterTargets(context),
    ...checkRoutes(context),
    ...checkOutputLimits(context),
    ...checkMappers(context),
    ...checkClaims(context),
    ...checkCredentials(context),
    ...checkSections(context),
  ];
  const structure = [...foreign.faults, ...named.faults, ...validated.faults];
  // Outputs in the wrong place or form are an error already; "no output is configured" would mislead.
  const isElsewhere = foreign.faults.length + named.faults.length > 0 || structure.some(isMisspeltSection);
  const faults = [
    ...structure,
    ...outputs.flatMap((output) => output.faults),
    ...cross.filter(({ code }) => !(isElsewhere && code === 'TIERCEL_CFG_NO_OUTPUTS')),
  ];
  const places = new Set(faults.map(({ span }) => placeKey(span)));
  const told = [
    ...lint(context),
    ...deprecatedOptions(root, schema, []),
    ...outputs.flatMap((output) => output.warnings),
  ];
  const warnings = told.filter(({ span }) => !places.has(placeKey(span)));
  const unchecked = outputs.flatMap((output) => (output.isUnchecked === true ? [output.name] : []));
  return { root: whole, value, sections, outputs, faults, warnings, unchecked };
}

function placeKey(span: Span | undefined): string {
  return span === undefined ? '' : `${span.source.name}:${span.start}`;
}

/** The decoded sections without the values that have errors, and without the options that an unknown key probably means. */
function validSections(decoded: unknown, faults: readonly Fault[]): ValidSections {
  for (const { code, path, suggestion } of faults) {
    // The path of these is that of the section.
    if (code === 'TIERCEL_CFG_MISSING_OPTION') continue;
    if (code !== 'TIERCEL_CFG_UNKNOWN_OPTION') remove(decoded, path);
    else if (suggestion !== undefined) remove(decoded, [...path, ...suggestion.split('.')]);
  }
  return decoded as ValidSections;
}

function remove(from: unknown, path: Path): void {
  const [step, ...rest] = path;
  if (step === undefined || typeof from !== 'object' || from === null || Array.isArray(from)) return;
  const members = from as Record<string, unknown>;
  if (rest.length === 0) delete members[step];
  else remove(members[step], rest);
}

function isMisspeltSection({ path, suggestion }: Fault): boolean {
  return path.length === 0 && suggestion === 'outputs';
}

async function checkOutputs(
  named: readonly (readonly [string, Entry])[],
  value: Record<string, unknown>,
  { registry, plugins, dir }: CheckOptions,
): Promise<CheckedOutput[]> {
  const allow = (value.plugins as { allow?: unknown } | undefined)?.allow;
  const resolve = {
    configDir: dir,
    ...(plugins !== undefined && { plugins }),
    // With an invalid list no plugin is loaded while the rest is checked.
    ...(allow !== undefined && { allow: Array.isArray(allow) ? allow.map(String) : [] }),
  };
  const names = named.map(([name]) => name);
  const outputs: CheckedOutput[] = [];
  for (const [name, { key, value: node }] of named) {
    const fault = node.kind === 'map' ? misnamedOutput(name, key, node, names) : undefined;
    if (fault !== undefined)
      outputs.push({
        name,
        faults: [fault],
        node,
        schema: {},
        value: undefined,
        route: {},
        limits: limitsOf({ name }, {}, []),
        warnings: [],
      });
    else outputs.push(await checkOutput(name, key, node, { registry, resolve }));
  }
  return outputs;
}

/** The tree with its outputs replaced. */
function withOutputs(root: MapNode, outputs: readonly (readonly [string, Entry])[]): MapNode {
  const section = root.entries.get('outputs');
  if (section === undefined || isNull(section.value)) return root;
  const { span } = section.value.kind === 'map' ? section.value : { span: section.key };
  const value: MapNode = { kind: 'map', span, entries: new Map(outputs) };
  return { ...root, entries: new Map(root.entries).set('outputs', { key: section.key, value }) };
}
