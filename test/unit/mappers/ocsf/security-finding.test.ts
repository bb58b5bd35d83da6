import { describe, expect, it } from 'vitest';
import { MAX_TEXT } from '../../../../mappers/ocsf/schema/objects/types.ts';
import { goldenOf } from '../../../support/golden.ts';
import { alert, mapped } from './support.ts';

const fields = {
  'proc.name': 'sh',
  'proc.pid': 7,
  'fd.name': '/etc/shadow',
  'container.id': 'ee97d9c4186f',
  'evt.type': 'openat',
  'user.name': 'root',
};

describe('a Security Finding', () => {
  it('has all that the class has room for', () => {
    const of = alert(fields, { tags: ['mitre_execution', 'T1059'] });
    const record = mapped(of, { class: 'security_finding' });
    expect(record).toMatchObject({
      class_uid: 2001,
      type_uid: 200101,
      activity_name: 'Create',
      state_id: 1,
      state: 'New',
      message: 'something happened',
      finding: { title: 'A rule', types: ['syscall'] },
      analytic: { name: 'A rule', type_id: 1 },
      attacks: [{ technique: { uid: 'T1059' } }],
      data_sources: ['syscall'],
      process: { name: 'sh', pid: 7, user: { name: 'root' }, container: { uid: 'ee97d9c4186f' } },
      metadata: { profiles: ['datetime', 'container'], product: { vendor_name: 'The Falco Project' } },
    });
    // The class has no status of its own kind, no device and no evidences.
    for (const name of ['status', 'status_id', 'device', 'evidences'])
      expect(record).not.toHaveProperty(name);
    expect(record.resources).toContainEqual({ type: 'Host', name: 'node-1' });
    expect(record.unmapped).toEqual({ 'fd.name': '/etc/shadow', priority: 'Notice' });
  });
});

describe('a finding as Falcosidekick writes it', () => {
  it('has the host name and every single value as an observable', () => {
    const record = mapped(alert({ ...fields, list: ['a'], none: null }, { priority: 'Alert' }), {
      class: 'security_finding',
      mode: 'falcosidekick',
    });
    expect(record).toMatchObject({
      activity_name: 'Generate',
      type_name: 'Security Finding: Generate',
      severity_id: 6,
      severity: 'Fatal',
      status: 'Alert',
      metadata: { version: '1.1.0', product: { name: 'Falco', vendor_name: 'Falcosecurity' } },
    });
    expect(record.metadata.profiles).toBeUndefined();
    expect(
      record.observables.map(({ name, value }: { name: string; value: string }) => [name, value]),
    ).toEqual([
      ['hostname', 'node-1'],
      ...Object.entries(fields)
        .map(([name, value]) => [name, String(value)])
        .sort(),
    ]);
    expect(record.unmapped).toEqual({ list: '["a"]', time: '2026-07-11T09:44:58.682419669Z' });
  });

  it.each([MAX_TEXT, MAX_TEXT + 1])(
    'takes a text of %i characters as an observable if a column takes it',
    (length) => {
      const fits = length <= MAX_TEXT;
      const long = 'x'.repeat(length);
      const record = mapped(alert({ a: long, [long]: 'b' }, { hostname: long }), {
        class: 'security_finding',
        mode: 'falcosidekick',
      });
      const names = (record.observables ?? []).map(({ name }: { name: string }) => name);
      expect(names).toEqual(fits ? ['hostname', 'a', long] : []);
    },
  );

  it.each(goldenOf('securitylake'))(
    'is what Falcosidekick wrote for event $id, but for what is wrong with that',
    ({ event, text }) => {
      const theirs = JSON.parse(text);
      const raw = Buffer.from(event.raw).toString();
      const { unmapped, ...ours } = mapped(event, { class: 'security_finding', mode: 'falcosidekick' });
      // The version that they write is none of OCSF.
      theirs.metadata.version = '1.1.0';
      // They write the event anew, and its numbers as doubles.
      theirs.raw_data = raw;
      const given = JSON.parse(raw.replace('1507591916746609046', '"1507591916746609046"'));
      for (const observable of theirs.observables) {
        if (observable.name !== 'hostname') observable.value = String(given.output_fields[observable.name]);
      }
      // They pass over booleans.
      const booleans = Object.entries(given.output_fields).filter(([, value]) => typeof value === 'boolean');
      for (const [name, value] of booleans)
        theirs.observables.push({ name, type: 'Other', type_id: 0, value: String(value) });
      // An event without a uuid gets one; ours comes from its bytes.
      if (theirs.finding.uid === '') theirs.finding.uid = ours.finding.uid;
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      theirs.observables.sort(byName);
      ours.observables.sort(byName);
      expect(ours).toEqual(theirs);
    },
  );
});
