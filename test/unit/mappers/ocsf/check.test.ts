import { describe, expect, it } from 'vitest';
import { finisher } from '../../../../mappers/ocsf/check/check.ts';
import { mappingOf } from '../../../../mappers/ocsf/finding/mapping.ts';
import ocsf from '../../../../mappers/ocsf/index.ts';
import { decoded } from '../../../support/decoded.ts';
import { alert, mapper } from './support.ts';

const mapping = mappingOf(decoded(ocsf, {}));
const strict = finisher(mapping, 'strict');
const repair = finisher(mapping, 'repair');

const fresh = () => {
  const record = mapping.map(
    alert({ 'proc.name': 'sh', 'proc.pid': 7, 'fd.name': '/etc/shadow', 'container.id': 'abc' }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: these records are wrong on purpose.
  return record as any;
};

// biome-ignore lint/suspicious/noExplicitAny: these records are wrong on purpose.
const CORPUS: [string, (record: any) => void][] = [
  [
    'attribute_required_missing',
    (r) => {
      r.finding_info.title = undefined;
    },
  ],
  [
    'attribute_unknown at region',
    (r) => {
      r.region = 'eu-west-1';
    },
  ],
  [
    'attribute_unknown at evidences[0].file.colour',
    (r) => {
      r.evidences[0].file.colour = 'red';
    },
  ],
  [
    'attribute_wrong_type at message',
    (r) => {
      r.message = 5;
    },
  ],
  [
    'attribute_wrong_type at time',
    (r) => {
      r.time = '2026-01-01';
    },
  ],
  [
    'attribute_enum_value_unknown at severity_id',
    (r) => {
      r.severity_id = 42;
    },
  ],
  [
    'attribute_enum_sibling_incorrect at severity',
    (r) => {
      r.severity = 'Fatal';
    },
  ],
  [
    'attribute_enum_sibling_incorrect at evidences[0].file.type',
    (r) => {
      r.evidences[0].file.type = 'Pipe';
    },
  ],
  [
    'attribute_value_exceeds_max_len at message',
    (r) => {
      r.message = 'x'.repeat(65_536);
    },
  ],
  [
    'attribute_value_exceeds_range at evidences[0].actor.process.pid',
    (r) => {
      r.evidences[0].actor.process.pid = 2 ** 31;
    },
  ],
  [
    'attribute_value_regex_not_matched at device.hostname',
    (r) => {
      r.device.hostname = 'a_b';
    },
  ],
  [
    'class_uid_unknown at class_uid',
    (r) => {
      r.class_uid = 2002;
    },
  ],
  [
    'type_uid_incorrect at type_uid',
    (r) => {
      r.type_uid = 200402;
    },
  ],
  [
    'attribute_enum_value_unknown at type_uid',
    (r) => {
      r.type_uid = 200404;
    },
  ],
  [
    'profile_unknown at metadata.profiles[1]',
    (r) => {
      r.metadata.profiles[1] = 'osint';
      r.device = undefined;
      r.observables = undefined;
    },
  ],
  [
    'attribute_unknown at device',
    (r) => {
      r.metadata.profiles = ['datetime', 'container'];
    },
  ],
  [
    'attribute_unknown at evidences[0].actor.process.container',
    (r) => {
      r.metadata.profiles = ['datetime', 'host'];
    },
  ],
  [
    'attribute_required_missing at cloud',
    (r) => {
      r.metadata.profiles.push('cloud');
    },
  ],
  [
    'constraint_failed at evidences[0].actor.process',
    (r) => {
      r.evidences[0].actor.process.pid = undefined;
    },
  ],
  [
    'constraint_failed at resources',
    (r) => {
      r.resources = [];
    },
  ],
  [
    'observable_name_invalid_reference at observables[0]',
    (r) => {
      r.observables[0].name = 'host.name';
    },
  ],
  [
    'version_incompatible at metadata.version',
    (r) => {
      r.metadata.version = '1.3.0';
    },
  ],
];

/** An event that no repair makes a finding of: what OCSF requires does not fit its column. */
const hopeless = alert({}, { rule: 'r'.repeat(70_000) });

describe('an event that cannot be made valid', () => {
  it.each(['repair', 'strict'] as const)('is refused with the reason: %s', (validation) => {
    const result = mapper({ validation }).map(hopeless);
    expect(!result.ok && result.reason).toMatch(/attribute_value_exceeds_max_len at finding_info.title/);
  });

  it('goes through where nobody looks', () => {
    expect(mapper({ validation: 'off' }).map(hopeless)).toMatchObject({ ok: true });
  });
});

describe('the check of a record', () => {
  it('finds nothing wrong with what the mapper makes', () => {
    expect(strict(fresh())).toMatchObject({ ok: true });
  });

  it.each(CORPUS)('refuses with %s when strict, and repairs or refuses otherwise', (code, spoil) => {
    const record = fresh();
    spoil(record);
    const refused = strict(record);
    expect(refused).toMatchObject({ ok: false });
    expect(!refused.ok && refused.reason).toContain(code);
    const again = fresh();
    spoil(again);
    const repaired = repair(again);
    if (repaired.ok) expect(strict(repaired.record)).toMatchObject({ ok: true });
    else expect(repaired.reason).toMatch(/^not valid OCSF: /);
  });

  it('keeps in unmapped what it takes out', () => {
    const record = fresh();
    record.device.hostname = 'a_b';
    const result = repair(record);
    if (!result.ok) throw new Error(result.reason);
    expect(result.record.unmapped).toMatchObject({ 'device.hostname': 'a_b', 'device.os.name': 'Linux' });
    expect(result.record.metadata).toMatchObject({ profiles: ['datetime', 'container'] });
  });
});

describe('the reason of a refusal', () => {
  const mapping = mappingOf(decoded(ocsf, {}));
  /** What is said of a record with so many attributes that there are not. */
  const refusal = (count: number) => {
    const unknown = Object.fromEntries(Array.from({ length: count }, (_, n) => [`no_such_${n}`, 1]));
    const result = finisher(mapping, 'strict')(Object.assign(mapping.map(alert({})), unknown));
    return result.ok ? [] : result.reason.replace('not valid OCSF: ', '').split(', ');
  };

  it.each([
    [0, 0],
    [1, 1],
    [10, 10],
    [11, 11],
    [14, 11],
  ])('names ten faults and counts the rest: of %i', (count, named) => {
    const faults = refusal(count);
    expect(faults).toHaveLength(named);
    expect(new Set(faults).size).toBe(named);
    expect(faults.slice(0, 10).every((text) => text.includes('no_such_'))).toBe(true);
    expect(faults[10]).toBe(count > 10 ? `and ${count - 10} more` : undefined);
  });
});
