import type { Attack } from '../schema/objects.ts';
import { ATTACK_VERSION, TACTICS, TECHNIQUES } from './attack.ts';

/** `mitre_defense_evasion` to `TA0005`; the misspelling was shipped in Falco's rules for years. */
const TACTIC_TAGS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(TACTICS).map(
    ([id, name]) => [`mitre_${name.toLowerCase().replaceAll(' ', '_')}`, id] as const,
  ),
  ['mitre_defense_evation', 'TA0005'],
]);

/** `T1059`, `T1059.004`, `TA0011`, and the long forms `T1562-impair-defenses`, `TA0005-defense-evasion`. */
const ID = /^(?:(TA\d{4})|(T\d{4})(\.\d{3})?)(?:-.*)?$/;

/**
 * The ATT&CK classification that a rule's tags hold. Tactics and techniques come unpaired: one tactic goes with
 * each technique, of several nobody knows which goes with which, so they stand apart.
 *
 * @returns undefined when no tag is of ATT&CK
 * @example attacksOf(['mitre_execution', 'T1059.004'])
 */
export function attacksOf(tags: readonly string[]): Attack[] | undefined {
  const tactics = new Set<string>();
  const techniques = new Map<string, string>();
  for (const tag of tags) {
    const named = TACTIC_TAGS.get(tag);
    if (named !== undefined) tactics.add(named);
    if (tag.charCodeAt(0) !== 0x54) continue;
    const [, tactic, technique, sub = ''] = ID.exec(tag) ?? [];
    // The tactics are a closed list: an id that is not in it (TA0111) is a slip of the rule's author.
    if (tactic !== undefined && TACTICS[tactic] !== undefined) tactics.add(tactic);
    if (technique !== undefined) techniques.set(technique + sub, technique);
  }
  if (tactics.size === 0 && techniques.size === 0) return undefined;
  const version = ATTACK_VERSION;
  const pairs = tactics.size === 1 && techniques.size > 0;
  const shared = pairs ? tacticOf([...tactics][0]!) : undefined;
  const attacks: Attack[] = pairs ? [] : [...tactics].map((id) => ({ tactic: tacticOf(id), version }));
  for (const [id, technique] of techniques) {
    attacks.push({
      tactic: shared,
      technique: named(technique),
      sub_technique: id === technique ? undefined : named(id),
      version,
    });
  }
  return attacks;
}

function tacticOf(uid: string) {
  return { name: TACTICS[uid], uid };
}

function named(uid: string) {
  return { name: TECHNIQUES[uid], uid };
}
