import { describe, expect, it } from 'vitest';
import { createRowChecker } from '../../../../../outputs/aws-security-lake/inspect/rows.ts';
import { DAY, row } from './row.ts';

/** What a checker of one row says, `rule: detail` without the row's number. */
function faultsOf(...rows: readonly Record<string, unknown>[]): string[] {
  const checker = createRowChecker('20260102');
  for (const one of rows) checker.add(one);
  return checker
    .report()
    .violations.map(({ rule, detail }) => `${rule}: ${detail.replace(/^row \d+: /, '')}`);
}

describe('what is wrong with a row', () => {
  const iso = (time: number) => new Date(time).toISOString();

  it.each<[Record<string, unknown>, string]>([
    [{ class_name: 'x' }, 'caption: class_name is "x", not "Detection Finding"'],
    [{ category_uid: 3 }, 'caption: category_uid is 3, not 2'],
    [{ category_uid: 3n }, 'caption: category_uid is "3", not 2'],
    [{ category_name: null }, 'caption: category_name is null, not "Findings"'],
    [{ category_name: 'x' }, 'caption: category_name is "x", not "Findings"'],
    [{ activity_name: 'x' }, 'caption: activity_name is "x", not "Create"'],
    [{ activity_name: 'Update' }, 'caption: activity_name is "Update", not "Create"'],
    [{ type_uid: 200402 }, 'caption: type_uid is 200402, not 200401'],
    [{ type_name: 'x' }, 'caption: type_name is "x", not "Detection Finding: Create"'],
    [{ severity: 'Low' }, 'caption: severity is "Low", not "Medium"'],
    [{ severity_id: 7 }, 'caption: severity_id 7'],
    [{ class_uid: null }, 'required: no class_uid'],
    [{ category_uid: null }, 'required: no category_uid'],
    [{ activity_id: null }, 'required: no activity_id'],
    [{ type_uid: null }, 'required: no type_uid'],
    [{ severity_id: null }, 'required: no severity_id'],
    [{ metadata: { product: {} } }, 'required: no metadata.version'],
    [{ metadata: null }, 'required: no metadata.version'],
    [{ finding_info: null }, 'required: no finding_info'],
    [{ class_uid: 2001, class_name: null, type_uid: 200101, type_name: null }, 'required: no finding'],
    [{ class_uid: 6003 }, 'class: class_uid 6003'],
    [{ metadata: { version: '1.4.0' } }, 'version: metadata.version 1.4.0'],
    [{ time: null }, 'time: no time'],
    [{ time_dt: new Date(DAY + 1) }, 'time_dt: is another instant'],
    [{ time: DAY - 1, time_dt: null }, `day: ${iso(DAY - 1)}, the key says 20260102`],
    [{ time: DAY + 86_400_000, time_dt: null }, `day: ${iso(DAY + 86_400_000)}, the key says 20260102`],
    [{ time: 1e17, time_dt: null }, 'day: 100000000000000000, the key says 20260102'],
  ])('finds what is wrong with %o', (more, fault) => {
    expect(faultsOf(row(DAY, more))).toEqual([fault]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing more', {}],
    ['the end of the day', { time: DAY + 86_399_999, time_dt: null }],
    [
      'columns of captions that are absent',
      { class_name: null, activity_name: null, type_name: null, severity: null },
    ],
    ['bigints', { class_uid: 2004n, category_uid: 2n, activity_id: 1n, type_uid: 200401n, severity_id: 3n }],
    ['other severities', { severity_id: 99, severity: 'whatever' }],
    ['an activity of no caption', { activity_id: 99, type_uid: 200499, activity_name: 'x', type_name: 'x' }],
    [
      'another activity',
      { activity_id: 2, type_uid: 200402, activity_name: 'Update', type_name: 'Detection Finding: Update' },
    ],
    [
      'a Security Finding of Falcosidekick',
      {
        class_uid: 2001,
        class_name: 'Security Finding',
        type_uid: 200101,
        type_name: 'Security Finding: Generate',
        activity_name: 'Generate',
        finding: { uid: 'f' },
        finding_info: null,
      },
    ],
    ['a date', { time: new Date(DAY), time_dt: new Date(DAY) }],
  ])('nothing: %s', (_, more) => {
    expect(faultsOf(row(DAY, more))).toEqual([]);
  });

  it('compares rows with the one before and with each other', () => {
    expect(faultsOf(row(DAY), row(DAY), row(DAY + 1))).toEqual([]);
    expect(faultsOf(row(DAY + 2), row(DAY + 1), row(DAY + 1))).toEqual([
      `order: ${iso(DAY + 1)} comes after ${iso(DAY + 2)}`,
    ]);
    const other = { class_uid: 2001, class_name: null, type_uid: 200101, type_name: null, finding: {} };
    expect(faultsOf(row(DAY), row(DAY, other))).toEqual(['class: classes 2004, 2001']);
    expect(faultsOf(row(DAY), row(DAY, { metadata: { version: '1.3.0' } }))).toEqual([
      'version: 1.1.0, 1.3.0',
    ]);
  });

  it('reports times, severities, classes and versions, without a day too', () => {
    const checker = createRowChecker(undefined);
    checker.add(row(DAY));
    checker.add(row(DAY + 86_400_000, { severity_id: 99 }));
    checker.add(row(DAY + 86_400_001, { severity_id: 7 }));
    checker.add(row(DAY + 86_400_002, { severity_id: 3 }));
    const { first, last, severities, classes, versions, violations } = checker.report();
    expect({ first, last, severities, classes, versions }).toEqual({
      first: DAY,
      last: DAY + 86_400_002,
      severities: { Medium: 2, Other: 1, 7: 1 },
      classes: [2004],
      versions: ['1.1.0'],
    });
    expect(violations).toEqual([{ rule: 'caption', detail: 'row 2: severity_id 7' }]);
    expect(createRowChecker(undefined).report()).toMatchObject({ severities: {}, violations: [] });
  });
});

describe('createRowChecker', () => {
  it('tells of each rule once, and how many rows break it', () => {
    const checker = createRowChecker('20260102');
    for (let i = 0; i < 1000; i++) checker.add(row(DAY + 86_400_000));
    const { violations } = checker.report();
    expect(violations).toEqual([{ rule: 'day', detail: expect.stringContaining('(1000 rows)') }]);
  });
});
