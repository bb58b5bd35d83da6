import { type SchemaNode, walk } from '../../shared/lake/inspect/index.ts';
import type { Violation } from './rules.ts';

const PARTITION_KEYS = new Set(['region', 'accountid', 'eventday']);

/** Judges the columns of a file. */
export function* checkColumns(schema: SchemaNode): Generator<Violation> {
  for (const { node, parent } of walk(schema)) {
    yield* checkShape(node, parent);
    yield* checkName(node, parent);
  }
  const top = new Map(schema.children.map((node) => [node.element.name, node]));
  yield* checkTimes(top);
  yield* checkUnmapped(top.get('unmapped'));
  for (const name of ['time', 'class_uid', 'metadata']) {
    if (!top.has(name)) yield { rule: 'required', detail: `there is no column ${name}` };
  }
}

/** What the columns of a file are, as one text: files of a source must agree in it. Their order does not matter. */
export function describeColumns(schema: SchemaNode): string {
  const lines = [...walk(schema)].map(({ node: { path, element } }) =>
    [path.join('.'), element.repetition_type, element.type ?? 'group', kindOf(element)].join(' '),
  );
  return lines.sort().join('\n');
}

function* checkShape({ element, children, path }: SchemaNode, parent: SchemaNode): Generator<Violation> {
  const name = path.join('.');
  if (element.type === undefined && children.length === 0) {
    yield { rule: 'group', detail: `${name} has no columns` };
  }
  if (isList(element) && !isThreeLevels(children)) {
    yield { rule: 'list', detail: `${name} is a list without its three levels (list.element)` };
  }
  if (element.repetition_type === 'REPEATED' && !isList(parent.element) && !isMap(parent.element)) {
    yield { rule: 'list', detail: `${name} is a bare REPEATED, which Athena does not read` };
  }
}

/** An annotated group, a REPEATED group in it, and one element in that. */
function isThreeLevels(children: readonly SchemaNode[]): boolean {
  const [middle] = children;
  return (
    children.length === 1 &&
    middle!.element.repetition_type === 'REPEATED' &&
    middle!.element.type === undefined &&
    middle!.children.length === 1 &&
    middle!.children[0]!.element.repetition_type !== 'REPEATED'
  );
}

function* checkName({ element, path }: SchemaNode, parent: SchemaNode): Generator<Violation> {
  const name = path.join('.');
  if (path.length === 1 && PARTITION_KEYS.has(element.name.toLowerCase())) {
    yield { rule: 'partition_column', detail: `${name} is a column` };
  }
  if (!/^[a-z_][a-z0-9_]*$/.test(element.name)) {
    yield { rule: 'name', detail: `${name} is not a name of OCSF` };
  }
  const same = parent.children.filter(
    (other) => other.element.name.toLowerCase() === element.name.toLowerCase(),
  );
  if (same.length > 1 && same[0]!.element === element) {
    yield { rule: 'name', detail: `${name} is there ${same.length} times to engines that fold names` };
  }
}

function* checkTimes(top: ReadonlyMap<string, SchemaNode>): Generator<Violation> {
  const time = top.get('time')?.element;
  if (time !== undefined && (time.type !== 'INT64' || kindOf(time) !== '')) {
    yield { rule: 'time', detail: `time is ${time.type ?? 'a group'} ${kindOf(time)}`.trim() };
  }
  const date = top.get('time_dt')?.element;
  if (date === undefined) return;
  const logical = date.logical_type;
  const isMillis =
    date.type === 'INT64' &&
    (logical?.type === 'TIMESTAMP'
      ? logical.unit === 'MILLIS' && logical.isAdjustedToUTC
      : date.converted_type === 'TIMESTAMP_MILLIS');
  if (!isMillis)
    yield { rule: 'time_dt', detail: `time_dt is ${date.type ?? 'a group'} ${kindOf(date)}`.trim() };
}

function* checkUnmapped(unmapped: SchemaNode | undefined): Generator<Violation> {
  if (unmapped === undefined) return;
  const entry = unmapped.children[0];
  const isTextMap =
    isMap(unmapped.element) &&
    entry?.element.repetition_type === 'REPEATED' &&
    entry.children.length === 2 &&
    entry.children.every(({ element }) => element.type === 'BYTE_ARRAY' && isText(element));
  if (!isTextMap)
    yield { rule: 'unmapped', detail: `unmapped is ${unmapped.element.type ?? 'another group'}` };
}

type Element = SchemaNode['element'];

/** The annotation of a column, in either of the two forms that files have. */
function kindOf({ logical_type: logical, converted_type: converted }: Element): string {
  return logical?.type === 'TIMESTAMP'
    ? `TIMESTAMP(${logical.unit}, ${logical.isAdjustedToUTC ? 'UTC' : 'local'})`
    : (logical?.type ?? converted ?? '');
}

const isList = ({ logical_type, converted_type }: Element) =>
  logical_type?.type === 'LIST' || converted_type === 'LIST';
const isMap = ({ logical_type, converted_type }: Element) =>
  logical_type?.type === 'MAP' || converted_type === 'MAP' || converted_type === 'MAP_KEY_VALUE';
const isText = ({ logical_type, converted_type }: Element) =>
  logical_type?.type === 'STRING' || converted_type === 'UTF8';
