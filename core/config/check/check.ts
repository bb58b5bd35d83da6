import type { Fault } from '../explain/errors.ts';
import type { Span } from '../explain/source.ts';
import { settle } from '../read/coerce.ts';
import { type Entry, isNull, type MapNode, type Node } from '../read/tree.ts';
import { decodeScalars } from '../schema/decode.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { COMMON_SETTINGS } from '../schema/output.ts';
import type { Registry } from '../schema/plugins.ts';
import { ConfigSchema, type ConfigSections } from '../schema/schema.ts';
import type { Whole } from './cross/context.ts';
import { crossCheck } from './cross/index.ts';
import { misspeltFields } from './cross/misspelt-fields.ts';
import { takeForeign } from './foreign-formats.ts';
import { suspicions } from './lint.ts';
import { type CheckedOutput, checkOutput } from './outputs.ts';
import { misnamed, outputsOf } from './outputs-section.ts';
import { checkShape } from './validate.ts';

/** What a configuration is checked with. */
export interface CheckOptions {
  readonly registry: Registry;
  /** The folder that paths of plugins start from. */
  readonly dir: string;
  /** False: outputs and mappers that are not built in are refused. */
  readonly plugins?: boolean;
}

/** A configuration that was checked, as far as it got. */
export interface Checked {
  readonly root: Node;
  readonly value: Record<string, unknown>;
  /** Those in which nothing is wrong: all of them, when there are no faults. */
  readonly sections: Partial<ConfigSections>;
  readonly outputs: readonly CheckedOutput[];
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** Holds the whole tree against its schemas, in three phases: the sections, each output by its type, all of it together. */
export async function check(raw: MapNode, options: CheckOptions): Promise<Checked> {
  const schema = ConfigSchema as JsonSchema;
  const known = [...Object.keys(schema.properties!), 'include'];
  const types = Object.keys(options.registry.outputs);
  // `x-…` keys hold what anchors are put on.
  const entries = new Map([...raw.entries].filter(([key]) => !key.startsWith('x-')));
  const foreign = takeForeign({ ...raw, entries }, known, types);
  const settled = settle(foreign.root, schema) as MapNode;
  const section = settled.entries.get('outputs');
  const named = outputsOf(section, { types, settings: COMMON_SETTINGS, sections: known });
  const root = withOutputs(settled, named.outputs);

  const shape = checkShape(root, schema, []);
  const value = shape.value as Record<string, unknown>;
  const wrong = new Set(shape.faults.map(({ path }) => path[0]));
  const decoded = Object.entries(decodeScalars(schema, value) as ConfigSections);
  const sections: Partial<ConfigSections> = Object.fromEntries(decoded.filter(([name]) => !wrong.has(name)));
  // Each test stands for itself: a mistake in one hides none in another.
  const isWrong = (test: number) =>
    shape.faults.some(({ path }) => path[0] === 'tests' && Number(path[1]) === test);
  const tests = Array.isArray(value.tests) ? (value.tests as ConfigSections['tests']) : [];
  const soundTests = tests.map((test, index) => (isWrong(index) ? undefined : test));
  const outputs = await checkOutputs(named.outputs, value, options);

  // Their texts are settled by their own schemas.
  const keys = new Map(named.outputs.map(([name, { key }]) => [name, key]));
  const whole = withOutputs(
    root,
    outputs.map(({ name, node }) => [name, { key: keys.get(name)!, value: node }]),
  );
  const everything: Whole = {
    root: whole,
    dir: options.dir,
    sections,
    tests: soundTests,
    outputs: outputs.flatMap(({ config }) => config ?? []),
    routes: outputs,
  };
  const cross = crossCheck(everything);
  const faults = [...foreign.faults, ...named.faults, ...shape.faults];
  // Whoever wrote outputs elsewhere, or otherwise, is not told that there are none.
  const isElsewhere = [...foreign.faults, ...named.faults].length > 0 || faults.some(isMisspeltSection);
  const all = [
    ...faults,
    ...outputs.flatMap((output) => output.faults),
    ...cross.filter(({ code }) => !(isElsewhere && code === 'TIERCEL_CFG_NO_OUTPUTS')),
  ];
  const isToldOf = (span: Span | undefined) => all.some((fault) => fault.span?.start === span?.start);
  const warnings = [...suspicions(whole), ...misspeltFields(everything)].filter(
    ({ span }) => !isToldOf(span),
  );
  return { root: whole, value, sections, outputs, faults: all, warnings };
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
    // A list that is itself wrong must not open the door while the rest is checked.
    ...(allow !== undefined && { allow: Array.isArray(allow) ? allow.map(String) : [] }),
  };
  const names = named.map(([name]) => name);
  const outputs: CheckedOutput[] = [];
  for (const [name, { key, value: node }] of named) {
    const fault = node.kind === 'map' ? misnamed(name, key, node, names) : undefined;
    if (fault !== undefined)
      outputs.push({ name, faults: [fault], node, schema: {}, value: undefined, route: {} });
    else outputs.push(await checkOutput(name, key, node, { registry, resolve }));
  }
  return outputs;
}

/** The tree with these as the outputs, whatever stood there. */
function withOutputs(root: MapNode, outputs: readonly (readonly [string, Entry])[]): MapNode {
  const section = root.entries.get('outputs');
  if (section === undefined || isNull(section.value)) return root;
  const { span } = section.value.kind === 'map' ? section.value : { span: section.key };
  const value: MapNode = { kind: 'map', span, entries: new Map(outputs) };
  return { ...root, entries: new Map(root.entries).set('outputs', { key: section.key, value }) };
}
