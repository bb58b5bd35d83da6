import type { TObject } from '../../../core/sdk/index.ts';
import type { Finding } from '../schema/finding.ts';
import type { Node } from '../schema/trim.ts';
import type { Fault } from './fault.ts';

type Json = Record<string, unknown>;

/** A node of the record definition that has something to check, directly or below. */
interface Watch {
  /** Enumerations with the attribute that holds their caption. */
  readonly captions: readonly {
    readonly id: string;
    readonly caption: string;
    readonly captions: Readonly<Record<string, string>>;
  }[];
  /** Attributes that belong to a profile. */
  readonly profiles: readonly { readonly name: string; readonly profile: string }[];
  readonly children: readonly { readonly name: string; readonly below: Watch }[];
}

/** The profiles that the record definitions have attributes of, in the order in which they are declared. */
const PROFILES = ['datetime', 'host', 'container', 'cloud', 'linux/linux_users'];

/**
 * Compiles the checks that JSON Schema cannot express: `type_uid` is of its class and activity, captions are those
 * of their ids, observables point at attributes, profiles are declared when their attributes are used.
 */
export function semanticCheck(schema: TObject): (record: Finding) => Fault[] {
  const root = watch(schema as Node) ?? { captions: [], profiles: [], children: [] };
  const paths = new Set<string>();
  collectPaths(schema as Node, '', paths);
  return (record) => {
    const faults: Fault[] = [];
    if (record.type_uid !== record.class_uid * 100 + record.activity_id) {
      faults.push({ code: 'type_uid_incorrect', path: ['type_uid'] });
    }
    const metadata = record.metadata as { profiles?: string[] };
    const declared = metadata.profiles ?? [];
    declared.forEach((profile, index) => {
      if (!PROFILES.includes(profile))
        faults.push({ code: 'profile_unknown', path: ['metadata', 'profiles', index] });
    });
    if (declared.includes('cloud') && !('cloud' in record && record.cloud !== undefined)) {
      faults.push({ code: 'attribute_required_missing', path: ['cloud'] });
    }
    inspect(record as Json, root, [], declared, faults);
    record.observables?.forEach(({ name }, index) => {
      if (!paths.has(name)) {
        faults.push({ code: 'observable_name_invalid_reference', path: ['observables', index] });
      }
    });
    return faults;
  };
}

/**
 * The profiles whose attributes a record uses, in a fixed order.
 *
 * @example profilesOf(schema)(record) // ['datetime', 'host', 'container']
 */
export function usedProfiles(schema: TObject): (record: Finding) => string[] {
  const root = watch(schema as Node);
  return (record) => {
    const used = new Set<string>();
    if (root !== undefined) collectProfiles(record as Json, root, used);
    return PROFILES.filter((profile) => used.has(profile));
  };
}

function watch(node: Node): Watch | undefined {
  const target = node.items ?? node;
  if (target.properties === undefined) return undefined;
  const captions: Watch['captions'][number][] = [];
  const profiles: Watch['profiles'][number][] = [];
  const children: Watch['children'][number][] = [];
  for (const [name, child] of Object.entries(target.properties)) {
    const caption = name.endsWith('_uid') ? name.replace(/_uid$/, '_name') : name.replace(/_id$/, '');
    const sibling = [caption, `${caption}_name`].find((each) => each in target.properties! && each !== name);
    if (child.captions !== undefined && sibling !== undefined) {
      captions.push({ id: name, caption: sibling, captions: child.captions });
    }
    if (child.profile !== undefined) profiles.push({ name, profile: child.profile });
    const below = watch(child);
    if (below !== undefined) children.push({ name, below });
  }
  if (captions.length + profiles.length + children.length === 0) return undefined;
  return { captions, profiles, children };
}

/** @param path where `value` is; one array for the whole walk, copied when there is a fault */
function inspect(
  value: Json,
  at: Watch,
  path: (string | number)[],
  declared: readonly string[],
  faults: Fault[],
): void {
  for (const { id, caption, captions } of at.captions) {
    const text = value[caption];
    // 99 is Other: its caption is the source's own word.
    if (text !== undefined && value[id] !== 99 && captions[value[id] as number] !== text) {
      faults.push({ code: 'attribute_enum_sibling_incorrect', path: [...path, caption] });
    }
  }
  for (const { name, profile } of at.profiles) {
    if (value[name] !== undefined && !declared.includes(profile)) {
      faults.push({ code: 'attribute_unknown', path: [...path, name] });
    }
  }
  for (const { name, below } of at.children) {
    const child = value[name];
    if (child === undefined) continue;
    path.push(name);
    if (!Array.isArray(child)) inspect(child as Json, below, path, declared, faults);
    else {
      for (let i = 0; i < child.length; i++) {
        path.push(i);
        inspect(child[i], below, path, declared, faults);
        path.pop();
      }
    }
    path.pop();
  }
}

function collectProfiles(value: Json, at: Watch, used: Set<string>): void {
  for (const { name, profile } of at.profiles) if (value[name] !== undefined) used.add(profile);
  for (const { name, below } of at.children) {
    const child = value[name];
    if (child === undefined) continue;
    if (!Array.isArray(child)) collectProfiles(child as Json, below, used);
    else for (const item of child) collectProfiles(item as Json, below, used);
  }
}

/** Paths as observables name them: `evidences[].file.name`. */
function collectPaths(node: Node, prefix: string, into: Set<string>): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const path = `${prefix}${name}${child.items === undefined ? '' : '[]'}`;
    into.add(path);
    collectPaths(child.items ?? child, `${path}.`, into);
  }
}
