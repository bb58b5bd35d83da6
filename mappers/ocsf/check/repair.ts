import type { FieldValue } from '../../../core/sdk/index.ts';
import { addUnmapped } from '../../falco-fields/fields.ts';
import type { Finding } from '../schema/finding.ts';
import { type Fault, pathText } from './fault.ts';

type Container = Record<string | number, unknown>;

/**
 * Takes what offends out of a record, and keeps it in `unmapped` under its path. Objects and lists that get empty
 * go too. Changes the record.
 *
 * @returns false when nothing can be taken: the fault is of the record as a whole
 */
export function repair(record: Finding, { path }: Fault): boolean {
  if (path.length === 0 || path[0] === 'unmapped') return false;
  const chain: Container[] = [record as unknown as Container];
  for (const key of path.slice(0, -1)) chain.push(chain.at(-1)![key] as Container);
  const offending = chain.at(-1)![path.at(-1)!];
  if (offending === undefined) return false;
  record.unmapped ??= Object.create(null) as Record<string, string>;
  keep(record.unmapped, path, offending);
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const container = chain[depth]!;
    const key = path[depth]!;
    if (Array.isArray(container)) container.splice(key as number, 1);
    else delete container[key];
    if (Object.values(container).some((value) => value !== undefined)) break;
  }
  return true;
}

/** Every single value below, under its own path. */
function keep(unmapped: Record<string, string>, path: Fault['path'], value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) {
    addUnmapped(unmapped, pathText(path), value as FieldValue);
    return;
  }
  const list = Array.isArray(value);
  for (const [key, member] of Object.entries(value)) {
    keep(unmapped, [...path, list ? Number(key) : key], member);
  }
}
