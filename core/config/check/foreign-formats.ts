import type { Fault } from '../explain/errors.ts';
import type { Entry, MapNode } from '../read/tree.ts';
import { FALCOSIDEKICK } from '../schema/falcosidekick.ts';

/**
 * Recognizes configuration in the format of another program: outputs as top-level keys, as in Falcosidekick; a Kubernetes
 * manifest that contains the configuration; the whole configuration under one key.
 *
 * @param types the built-in types of outputs
 * @returns the configuration without these parts, and an error for each
 */
export function extractForeignFormats(
  root: MapNode,
  sections: readonly string[],
  types: readonly string[],
): { root: MapNode; faults: Fault[] } {
  const kind = root.entries.get('kind');
  const manifest = root.entries.get('apiVersion');
  if (manifest !== undefined && kind !== undefined) {
    const fault = unknown('apiVersion', manifest, {
      message: 'this is a Kubernetes manifest, not a configuration',
      fix: 'The configuration is the text under "data" of a ConfigMap: write that text to a file.',
    });
    return { root: { ...root, entries: new Map() }, faults: [fault] };
  }
  const entries = new Map(root.entries);
  const faults: Fault[] = [];
  for (const [name, entry] of root.entries) {
    if (sections.includes(name)) continue;
    const found = explain(name, entry, sections, types);
    if (found.length === 0) continue;
    faults.push(...found);
    entries.delete(name);
  }
  return { root: { ...root, entries }, faults };
}

function explain(name: string, entry: Entry, sections: readonly string[], types: readonly string[]): Fault[] {
  const { value } = entry;
  const gone = FALCOSIDEKICK.gone[name.toLowerCase()];
  if (gone !== undefined)
    return [unknown(name, entry, { message: `unknown option "${name}" of Falcosidekick`, fix: gone })];
  if (value.kind === 'scalar' && /\.ya?ml$/.test(name) && /^outputs:/m.test(String(value.value)))
    return [
      {
        ...unknown(name, entry, {
          message: `"${name}" is a key of a ConfigMap, not an option`,
          fix: `The configuration is the text under "${name}": write that text to a file.`,
        }),
        // The dot is part of the name.
        path: [],
      },
    ];
  if (value.kind !== 'map') return [];
  if (value.entries.has('outputs')) {
    const known = [...value.entries.keys()].filter((key) => sections.includes(key));
    const fix = `Remove "${name}:" and its indentation: ${known.map((key) => `"${key}"`).join(', ')} must be top-level keys.`;
    return [unknown(name, entry, { message: `unknown option "${name}"`, fix })];
  }
  const type = typeFor(name, types);
  if (value.entries.has('type') || type !== undefined) return [atTheMargin(name, entry, name, type)];
  const below = [...value.entries].filter(
    ([key, inner]) => inner.value.kind === 'map' && typeFor(name + key, types),
  );
  if (below.length > 0)
    return below.map(([key, inner]) => atTheMargin(`${name}.${key}`, inner, key, typeFor(name + key, types)));
  if (!FALCOSIDEKICK.outputs.includes(name.toLowerCase())) return [];
  return [
    unknown(name, entry, {
      message: `"${name}" is an output of Falcosidekick that is not built in`,
      fix: 'Use an output of type "webhook" (with "body: event" it sends one event per request), or write your own output: docs/write-an-output.md',
    }),
  ];
}

function atTheMargin(path: string, entry: Entry, name: string, type = '…'): Fault {
  return unknown(path, entry, {
    message: `"${path}" is a top-level key; outputs belong under "outputs:" and need a "type"`,
    fix: `Write  outputs: { ${name}: { type: ${type}, … } }  (from Falcosidekick: docs/from-falcosidekick.md)`,
    suggestion: `outputs.${name}`,
  });
}

function typeFor(name: string, types: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  return types.find((type) => plain(type) === plain(name));
}

function unknown(name: string, { key }: Entry, said: Pick<Fault, 'message' | 'fix' | 'suggestion'>): Fault {
  return { code: 'TIERCEL_CFG_UNKNOWN_OPTION', path: name.split('.').slice(0, -1), span: key, ...said };
}
