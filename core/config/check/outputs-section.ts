import type { Fault, Path } from '../explain/errors.ts';
import { reveal, type Span } from '../explain/source.ts';
import { didYouMean } from '../explain/suggest.ts';
import { type Entry, isNull, type MapNode, type Node, type ScalarNode } from '../read/tree.ts';

/** The names that are known when the section `outputs` is read. */
export interface OutputsSectionContext {
  /** The types that are built in. */
  readonly types: readonly string[];
  /** The settings that every output has. */
  readonly settings: readonly string[];
  /** The names of the top-level sections. */
  readonly sections: readonly string[];
}

type Named = readonly [name: string, entry: Entry];

/** Reads the outputs of the section `outputs`: every mapping under a name is one. All other entries are errors with a fix. */
export function readOutputsSection(
  section: Entry | undefined,
  context: OutputsSectionContext,
): { outputs: Named[]; faults: Fault[] } {
  if (section === undefined || isNull(section.value)) return { outputs: [], faults: [] };
  const { value } = section;
  if (value.kind !== 'map') return { outputs: [], faults: [notByName(section, context)] };
  const entries = [...value.entries];
  const type = value.entries.get('type');
  if (type?.value.kind === 'scalar') return unnamed(entries, type, context);
  const outputs = entries.filter(([, entry]) => entry.value.kind === 'map');
  const others = entries.filter(([, entry]) => entry.value.kind !== 'map');
  const names = outputs.map(([name]) => name);
  return { outputs, faults: others.map((one) => noOutput(one, names, context)) };
}

/** The section is a list of outputs, or a single word. */
function notByName({ key, value }: Entry, { types }: OutputsSectionContext): Fault {
  const first = value.kind === 'list' ? value.items[0] : value;
  const told = first?.kind === 'map' ? (scalarAt(first, 'type') ?? '') : textOf(first);
  const type = types.includes(told) ? told : 'stdout';
  const name = (first?.kind === 'map' && scalarAt(first, 'name')) || 'archive';
  return {
    code: 'TIERCEL_CFG_TYPE',
    path: ['outputs'],
    message: `must be a mapping of outputs by name, not a ${value.kind === 'list' ? 'list' : 'single value'}`,
    fix: `Give each output a name:  outputs: { ${name}: { type: ${type}, … } }`,
    span: key,
  };
}

/** The options of one output right below `outputs:`: its name is missing, or the lines are not indented enough. */
function unnamed(
  entries: readonly Named[],
  type: Entry,
  { settings }: OutputsSectionContext,
): { outputs: Named[]; faults: Fault[] } {
  const name = entries.find(([, { value }]) => isNull(value))?.[0] ?? 'archive';
  const told = textOf(type.value);
  return {
    outputs: entries.filter(([key, { value }]) => value.kind === 'map' && !settings.includes(key)),
    faults: [
      {
        code: 'TIERCEL_CFG_TYPE',
        path: ['outputs', 'type'],
        message: 'is an option of an output, but the name of the output is missing',
        fix: `Indent the options below a name:  outputs: { ${name}: { type: ${told || '…'}, … } }`,
        span: type.key,
      },
    ],
  };
}

function noOutput(
  [name, { key, value }]: Named,
  names: readonly string[],
  context: OutputsSectionContext,
): Fault {
  const path: Path = ['outputs', name];
  if (isNull(value)) {
    const message = 'is empty: an output requires at least a "type"';
    return { code: 'TIERCEL_CFG_MISSING_OPTION', path, message, span: key };
  }
  const span = value.kind === 'scalar' ? value.span : key;
  const message = `must be a mapping, not a ${value.kind === 'list' ? 'list' : 'single value'}`;
  const fix =
    value.kind === 'list' ? 'Remove the dashes.' : fixScalar(name, value as ScalarNode, key, names, context);
  return { code: 'TIERCEL_CFG_TYPE', path, message, ...(fix !== undefined && { fix }), span };
}

function fixScalar(
  name: string,
  value: ScalarNode,
  key: Span,
  names: readonly string[],
  { types, sections }: OutputsSectionContext,
): string | undefined {
  const text = textOf(value);
  if (types.includes(text)) {
    reveal(value.span, false);
    return `Write it as  ${name}: { type: ${text} }`;
  }
  if (sections.includes(name))
    return `"${name}" is a top-level key: move it out of "outputs" to the start of a line.`;
  if (!key.source.isFile && name.startsWith('_'))
    return `Separate levels with exactly two underscores: TIERCEL_OUTPUTS__${name.replace(/^_+/, '').toUpperCase()}__…`;
  const output = key.source.isFile ? undefined : names.find((one) => name.startsWith(`${one}_`));
  if (output !== undefined) {
    const meant = `outputs__${output}__${name.slice(output.length + 1)}`.toUpperCase();
    return `Separate levels with two underscores: TIERCEL_${meant}`;
  }
  if (/^type:\S/.test(String(value.value))) return 'Add a space after the colon.';
  return undefined;
}

/**
 * The error for an output without a type that only the environment or `--set` names: its name has a typo there.
 *
 * @returns undefined for any other output
 */
export function misnamedOutput(
  name: string,
  key: Span,
  node: MapNode,
  names: readonly string[],
): Fault | undefined {
  if (key.source.isFile || node.entries.has('type')) return undefined;
  const others = names.filter((other) => other !== name);
  const { text, suggestion } = didYouMean(name, others);
  return {
    code: 'TIERCEL_CFG_UNKNOWN_OUTPUT',
    path: ['outputs', name],
    message: `sets an option of the output "${name}", which does not exist${text}`,
    ...(suggestion !== undefined
      ? { suggestion }
      : { fix: 'To create an output this way, set its "type" as well.' }),
    span: key,
  };
}

function textOf(node: Node | undefined): string {
  return node?.kind === 'scalar' && !node.secret && typeof node.value === 'string' ? node.value : '';
}

/** A member that is a plain word and may be shown. */
function scalarAt(map: MapNode, name: string): string | undefined {
  const text = textOf(map.entries.get(name)?.value);
  return /^[A-Za-z][\w-]*$/.test(text) ? text : undefined;
}
