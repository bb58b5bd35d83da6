import { TECHNIQUES } from './techniques.ts';

/** The version of MITRE ATT&CK for Enterprise that the names of tactics and techniques are from. */
export const ATTACK_VERSION = '18.1';

/** The tactics by id. Source: as for `techniques.ts`. */
const TACTICS: Readonly<Record<string, string>> = {
  TA0001: 'Initial Access',
  TA0002: 'Execution',
  TA0003: 'Persistence',
  TA0004: 'Privilege Escalation',
  TA0005: 'Defense Evasion',
  TA0006: 'Credential Access',
  TA0007: 'Discovery',
  TA0008: 'Lateral Movement',
  TA0009: 'Collection',
  TA0010: 'Exfiltration',
  TA0011: 'Command and Control',
  TA0040: 'Impact',
  TA0042: 'Resource Development',
  TA0043: 'Reconnaissance',
};

/** A tactic, technique or sub-technique; one that ATT&CK does not have (any more) has an id alone. */
export interface Named {
  readonly uid: string;
  readonly name: string | undefined;
}

/** A tactic, a technique, or a technique with the tactic that it goes with. */
export interface Attack {
  readonly tactic: Named | undefined;
  readonly technique: Named | undefined;
  readonly subTechnique: Named | undefined;
}

/** `mitre_defense_evasion` to `TA0005`; the misspelling was shipped in Falco's rules for years. */
const TACTIC_TAGS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(TACTICS).map(
    ([id, name]) => [`mitre_${name.toLowerCase().replaceAll(' ', '_')}`, id] as const,
  ),
  ['mitre_defense_evation', 'TA0005'],
]);

/** `T1059`, `T1059.004`, `TA0011`, and the long forms `T1562-impair-defenses`, `TA0005-defense-evasion`. */
const ID = /^(?:(TA\d{4})|(T\d{4})(\.\d{3})?)(?:-.*)?$/;
const T = 'T'.charCodeAt(0);

/**
 * The ATT&CK classification that a rule's tags hold. Tactics and techniques come unpaired: one tactic goes with
 * each technique; with several tactics it is not known which goes with which, so they stand apart.
 *
 * @returns undefined when no tag is of ATT&CK
 * @example attacksOf(['mitre_execution', 'T1059.004'])
 */
export function attacksOf(tags: readonly string[]): Attack[] | undefined {
  const tactics = new Set<string>();
  const techniques = new Map<string, string>();
  for (const tag of tags) {
    const tacticId = TACTIC_TAGS.get(tag);
    if (tacticId !== undefined) tactics.add(tacticId);
    if (tag.charCodeAt(0) !== T) continue;
    const [, tactic, technique, sub = ''] = ID.exec(tag) ?? [];
    // The tactics are a closed list: an id that is not in it (TA0111) is a slip of the rule's author.
    if (tactic !== undefined && TACTICS[tactic] !== undefined) tactics.add(tactic);
    if (technique !== undefined) techniques.set(technique + sub, technique);
  }
  if (tactics.size === 0 && techniques.size === 0) return undefined;
  const named = [...tactics].map((uid): Named => ({ uid, name: TACTICS[uid] }));
  const paired = tactics.size === 1 && techniques.size > 0;
  const attacks: Attack[] = paired
    ? []
    : named.map((tactic) => ({ tactic, technique: undefined, subTechnique: undefined }));
  for (const [id, technique] of techniques) {
    attacks.push({
      tactic: paired ? named[0] : undefined,
      technique: techniqueOf(technique),
      subTechnique: id === technique ? undefined : techniqueOf(id),
    });
  }
  return attacks;
}

function techniqueOf(uid: string): Named {
  return { uid, name: TECHNIQUES[uid] };
}
