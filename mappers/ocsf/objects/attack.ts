import { ATTACK_VERSION } from '../../falco-fields/attack/tactics.ts';
import { attacksOf as taggedAttacks } from '../../falco-fields/attack/tags.ts';
import type { Attack } from '../schema/objects/rule.ts';

/** The ATT&CK classification of the rule's tags as OCSF's `attacks`. */
export function attacksOf(tags: readonly string[]): Attack[] | undefined {
  return taggedAttacks(tags)?.map(({ tactic, technique, subTechnique }) => ({
    tactic,
    technique,
    sub_technique: subTechnique,
    version: ATTACK_VERSION,
  }));
}
