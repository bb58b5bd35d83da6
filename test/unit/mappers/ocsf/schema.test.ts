import { describe, expect, it } from 'vitest';
import { type Column, columnsOf } from '../../../../core/sdk/index.ts';
import { schema as ecs } from '../../../../mappers/ecs/schema.ts';
import { mappingOf } from '../../../../mappers/ocsf/finding/mapping.ts';
import ocsf from '../../../../mappers/ocsf/index.ts';
import { VERSIONS } from '../../../../mappers/ocsf/schema/objects/types.ts';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { decoded } from '../../../support/decoded.ts';

/** The path of each column, groups included; `[]` behind a list. */
function pathsOf(columns: readonly Column[], prefix = ''): string[] {
  return columns.flatMap(({ name, shape }) => {
    const isList = shape.kind === 'list';
    const path = `${prefix}${name}${isList ? '[]' : ''}`;
    const inner = isList ? shape.element : shape;
    return [path, ...(inner.kind === 'group' ? pathsOf(inner.columns, `${path}.`) : [])];
  });
}

const columns = (options: Partial<OcsfOptions>) =>
  pathsOf(columnsOf(mappingOf(decoded(ocsf, options)).schema));

const KINDS: Partial<OcsfOptions>[] = VERSIONS.flatMap((version) => [
  { version },
  { version, class: 'security_finding' as const },
  { version, class: 'security_finding' as const, mode: 'falcosidekick' as const },
]);

/** Deprecated at 1.3, or before. */
const DEPRECATED =
  /(^metadata\.extension|\.related_analytics|\.tactics|\.invoked_by|\.imei|^evidence)(\[\])?(\.|$)/;
/** Deprecated since 1.4 or 1.6, of what the records have or had. */
const SINCE_1_4 = /\.(lineage|project_uid|product_uid)|image\.tag$/;
const SINCE_1_6 = /process\.tid$/;

describe('the columns', () => {
  it.each(KINDS)('are of all levels: %j', (options) => {
    const all = columns(options);
    expect(all).toEqual(
      expect.arrayContaining(['time', 'metadata', 'metadata.product.name', 'observables[].name']),
    );
    expect(all.length).toBeGreaterThan(30);
  });

  it.each(KINDS)('have no attribute that OCSF has deprecated: %j', (options) => {
    const all = columns(options);
    const { version = '' } = options;
    expect(all.filter((path) => DEPRECATED.test(path))).toEqual([]);
    if (version >= '1.4.0') expect(all.filter((path) => SINCE_1_4.test(path))).toEqual([]);
    if (version >= '1.6.0') expect(all.filter((path) => SINCE_1_6.test(path))).toEqual([]);
  });

  it.each(KINDS)('can be written as Parquet, and none is a partition key: %j', (options) => {
    const names = columnsOf(mappingOf(decoded(ocsf, options)).schema).map(({ name }) => name);
    expect(names).not.toEqual(expect.arrayContaining(['region']));
    for (const key of ['region', 'accountId', 'eventDay']) expect(names).not.toContain(key);
  });
});

/** A node of a JSON Schema, as far as it is looked at. */
interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
}

/** The paths of what has a description that says nothing. */
function silent(node: Described, path = ''): string[] {
  const inner = [
    ...Object.entries(node.properties ?? {}),
    ...(node.items === undefined ? [] : [['[]', node.items] as const]),
  ];
  const own = node.description !== undefined && node.description.trim().length < 3 ? [path] : [];
  return [...own, ...inner.flatMap(([name, child]) => silent(child, `${path}.${name}`))];
}

describe('descriptions', () => {
  it.each(KINDS)('of the attributes say something: %j', (options) => {
    expect(silent(mappingOf(decoded(ocsf, options)).schema as Described)).toEqual([]);
  });

  it('of the fields of ECS say something', () => {
    expect(silent(ecs as Described)).toEqual([]);
  });
});
