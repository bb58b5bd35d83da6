import { describe, expect, it } from 'vitest';
import { attacksOf } from '../../../../mappers/falco-fields/attack/tags.ts';
import { TECHNIQUES } from '../../../../mappers/falco-fields/attack/techniques.ts';

/** Every technique that falcosecurity/rules and falcosecurity/plugins have tagged, now or in years past. */
const FALCO =
  `T1005 T1020 T1021.004 T1036.005 T1046 T1053.003 T1055.008 T1059 T1059.004 T1070 T1072 T1083 T1090 T1098
  T1098.004 T1132 T1190 T1195.002 T1204 T1205.001 T1210 T1212 T1222.002 T1485 T1490 T1496 T1498 T1505 T1505.003 T1543
  T1546.004 T1548.001 T1548.003 T1552 T1552.001 T1552.005 T1555 T1556 T1557.002 T1562 T1564.001 T1565 T1567 T1572 T1595
  T1610 T1611 T1620 T1622`.split(/\s+/);

const ids = (tags: readonly string[]) =>
  attacksOf(tags)?.map(({ tactic, technique, subTechnique }) =>
    [tactic?.uid, technique?.uid, subTechnique?.uid].map((id) => id ?? '-').join(' '),
  );

describe('ATT&CK tags', () => {
  it('are named, with the technique of a sub-technique', () => {
    expect(attacksOf(['mitre_execution', 'T1059.004', 'container'])).toEqual([
      {
        tactic: { name: 'Execution', uid: 'TA0002' },
        technique: { name: 'Command and Scripting Interpreter', uid: 'T1059' },
        subTechnique: { name: 'Unix Shell', uid: 'T1059.004' },
      },
    ]);
  });

  it('pair one tactic with each technique', () => {
    expect(ids(['mitre_execution', 'T1059', 'T1611', 'TA0002'])).toEqual([
      'TA0002 T1059 -',
      'TA0002 T1611 -',
    ]);
  });

  it('stand apart where there are several tactics, or no technique', () => {
    expect(ids(['mitre_execution', 'mitre_persistence', 'T1059'])).toEqual([
      'TA0002 - -',
      'TA0003 - -',
      '- T1059 -',
    ]);
    expect(ids(['mitre_impact'])).toEqual(['TA0040 - -']);
    expect(ids(['T1059.004'])).toEqual(['- T1059 T1059.004']);
  });

  it.each([
    ['the misspelling of years', 'mitre_defense_evation', 'TA0005 - -'],
    ['a long tactic', 'TA0005-defense-evasion', 'TA0005 - -'],
    ['a long technique', 'T1562-impair-defenses', '- T1562 -'],
    ['capitals behind it', 'T1498-DOS', '- T1498 -'],
    ['a tactic of three words', 'mitre_command_and_control', 'TA0011 - -'],
  ])('are read in the form of %s: %s', (_, tag, found) => expect(ids([tag])).toEqual([found]));

  it.each(['mitre_data_destruction', 'mitre_remote_service', 'TA0111', 'T10599', 'T105', 'impact', 'T1059x'])(
    'are not seen in %s',
    (tag) => expect(attacksOf([tag, 'container'])).toBeUndefined(),
  );

  it('keep the id of a technique that ATT&CK does not have', () => {
    expect(attacksOf(['T9999.001'])).toEqual([
      {
        tactic: undefined,
        technique: { uid: 'T9999', name: undefined },
        subTechnique: { uid: 'T9999.001', name: undefined },
      },
    ]);
  });

  it('have a name for every technique of the rules of Falco and its plugins', () => {
    expect(FALCO.filter((id) => TECHNIQUES[id] === undefined)).toEqual([]);
    for (const id in TECHNIQUES) {
      expect(id).toMatch(/^T\d{4}(\.\d{3})?$/);
      expect(TECHNIQUES[id.slice(0, 5)]).toBeTypeOf('string');
    }
  });
});
