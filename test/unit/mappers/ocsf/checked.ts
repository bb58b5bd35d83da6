import { expect } from 'vitest';
import type { Event } from '../../../../core/sdk/index.ts';
import type { OcsfOptions } from '../../../../mappers/ocsf/schema/options.ts';
import { inventions, lostFields, unexplained, unobserved } from './accounting.ts';
import { mapper, officialErrors } from './support.ts';

/** The record of an event, once all is checked that holds for every record. */
// biome-ignore lint/suspicious/noExplicitAny: records of three classes.
export function checked(of: Event, options: Partial<OcsfOptions>): any {
  const result = mapper({ ...options, validation: 'strict' }).map(of);
  if (!result.ok) throw new Error(result.reason);
  const text = JSON.stringify(result.record);
  // A record that is valid is the same however it is looked at.
  for (const validation of ['repair', 'off'] as const) {
    expect(JSON.stringify(mapper({ ...options, validation }).map(of))).toBe(`{"ok":true,"record":${text}}`);
  }
  const record = JSON.parse(text);
  const configured = [...Object.values(options.cloud ?? {}), options.cluster_name ?? ''] as string[];
  expect(lostFields(of, result.record as object)).toEqual([]);
  expect(unexplained(of, (result.record as { unmapped: Record<string, string> }).unmapped)).toEqual([]);
  if (options.mode !== 'falcosidekick') {
    expect(inventions(of, result.record as object, configured)).toEqual([]);
    expect(record.metadata.profiles).toEqual(usedProfiles(record));
    expect(unobserved(record)).toEqual([]);
  }
  expect(officialErrors(record)).toEqual([]);
  return record;
}

/** The profiles whose attributes are in the record, found without the mapper's help. */
// biome-ignore lint/suspicious/noExplicitAny: records of three classes.
function usedProfiles(record: any): string[] {
  const process = record.process ?? record.evidences?.[0]?.actor?.process;
  const used: [string, unknown][] = [
    ['datetime', true],
    ['host', record.device],
    ['container', process?.container ?? process?.namespace_pid],
    ['cloud', record.cloud],
    ['linux/linux_users', process?.auid ?? process?.group],
  ];
  return used.filter(([, value]) => value !== undefined && value !== null).map(([profile]) => profile);
}
