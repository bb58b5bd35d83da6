import type { TObject, TSchema } from '../../../core/sdk/index.ts';
import type { OcsfVersion } from './objects/types.ts';

/** A schema node as plain JSON Schema with this mapper's notes. */
export interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly patternProperties?: unknown;
  readonly items?: Node;
  readonly enum?: readonly unknown[];
  readonly since?: OcsfVersion;
  readonly until?: OcsfVersion;
  readonly sinceById?: Readonly<Record<string, OcsfVersion>>;
  readonly profile?: string;
  readonly captions?: Readonly<Record<string, string>>;
}

/**
 * The record definition as one OCSF version has it: without the attributes, and the ids of enumerations, that
 * came later, without those that are deprecated by then, and without those of profiles that nobody asked for.
 */
export function trim(schema: TSchema, version: OcsfVersion, without: ReadonlySet<string>): TObject {
  return trimNode(schema as Node, version, without) as TObject;
}

function trimNode(node: Node, version: OcsfVersion, without: ReadonlySet<string>): Node {
  if (node.items !== undefined) return { ...node, items: trimNode(node.items, version, without) };
  if (node.sinceById !== undefined) {
    const { sinceById, captions = {}, ...rest } = node;
    const known = (id: unknown) => (sinceById[String(id)] ?? version) <= version;
    return {
      ...rest,
      enum: node.enum!.filter(known),
      captions: Object.fromEntries(Object.entries(captions).filter(([id]) => known(id))),
    };
  }
  if (node.properties === undefined) return node;
  const kept = Object.entries(node.properties).filter(
    ([, child]) =>
      (child.since ?? version) <= version &&
      (child.until === undefined || version < child.until) &&
      !without.has(child.profile ?? ''),
  );
  const versioned = (name: string, child: Node): Node =>
    name === 'metadata' || name !== 'version' || child.enum === undefined
      ? child
      : { ...child, enum: [version] };
  return {
    ...node,
    properties: Object.fromEntries(
      kept.map(([name, child]) => [name, trimNode(versioned(name, child), version, without)]),
    ),
  };
}
