import type { Mapped } from '../../../core/sdk/index.ts';
import type { Mapping } from '../finding/mapping.ts';
import type { Finding } from '../schema/finding.ts';
import { describeFault, type Fault } from './fault.ts';
import { repair } from './repair.ts';
import { schemaCheck } from './schema.ts';
import { semanticCheck, usedProfiles } from './semantic.ts';

/** More rounds than any record needs: each removes an attribute. */
const MAX_ROUNDS = 10_000;

/** How a record is checked: `repair`, `strict`, `off`. */
export type Validation = 'repair' | 'strict' | 'off';

/** Checks a record as `validation` says. A repair also updates the profiles: it may remove the last attribute of one. */
export function finisher(mapping: Mapping, validation: Validation): (record: Finding) => Mapped<Finding> {
  const schema = schemaCheck(mapping.schema);
  const semantic = semanticCheck(mapping.schema);
  const used = usedProfiles(mapping.schema);

  const declare = (record: Finding): void => {
    // A repair may have taken it: then the record is refused.
    if (record.metadata === undefined) return;
    if (!mapping.compatible) (record.metadata as { profiles?: string[] }).profiles = used(record);
  };
  // Falcosidekick's observables name fields, not attributes: that is what the mode is for.
  const meaning = (record: Finding): Fault[] => (mapping.compatible ? [] : semantic(record));
  const find = (record: Finding): Fault | undefined => schema.first(record)[0] ?? meaning(record)[0];

  return (record) => {
    if (validation === 'off') return { ok: true, record };
    let fault = find(record);
    if (fault === undefined) return { ok: true, record };
    const faults = validation === 'strict' ? allFaults(record) : [];
    for (let round = 0; validation === 'repair' && fault !== undefined && round < MAX_ROUNDS; round++) {
      faults.push(fault);
      if (!repair(record, fault)) break;
      declare(record);
      fault = find(record);
    }
    if (validation === 'repair' && fault === undefined) return { ok: true, record };
    return { ok: false, reason: reasonOf(faults) };
  };

  function allFaults(record: Finding): Fault[] {
    const found = schema.all(record);
    return found.length > 0 ? found : meaning(record);
  }
}

/** Faults as one line: each code once a place, the first ten. */
function reasonOf(faults: readonly Fault[]): string {
  const texts = [...new Set(faults.map(describeFault))];
  const more = texts.length > 10 ? `, and ${texts.length - 10} more` : '';
  return `not valid OCSF: ${texts.slice(0, 10).join(', ')}${more}`;
}
