import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERSIONS } from '../../../../mappers/ocsf/schema/objects/types.ts';
import { checked } from './checked.ts';
import { alert } from './support.ts';

const FIXTURES = new URL('../../../fixtures/ocsf/', import.meta.url);

describe('the schemas of OCSF that the tests hold records against', () => {
  it.each(readdirSync(FIXTURES))('%s says which version it is, and of which commit', (name) => {
    const { origin } = JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8'));
    const version = name.split('-')[0]!.replaceAll('.', '\\.');
    expect(origin).toMatch(new RegExp(`^ocsf/ocsf-schema ${version} at [0-9a-f]{40} \\(Apache-2\\.0\\)$`));
  });
});

describe.each(VERSIONS)('a record of OCSF %s', (version) => {
  const fields = {
    'proc.name': 'sh',
    'proc.cwd': '/root/',
    'thread.tid': 8,
    'container.id': 'ee97d9c4186f',
    'container.image.repository': 'alpine',
    'container.image.tag': '3.20',
  };

  it('says what it is of, and holds the attributes that the version has in place of deprecated ones', () => {
    const record = checked(alert(fields), { version });
    const current = version >= '1.4.0';
    expect(record.metadata.version).toBe(version);
    expect(record.is_alert).toBe(current ? true : undefined);
    const { tid, ptid, working_directory, container } = record.evidences[0].actor.process;
    expect([tid, ptid]).toEqual(version >= '1.6.0' ? [undefined, 8] : [8, undefined]);
    expect(container.image).toEqual({
      uid: 'alpine:3.20',
      name: 'alpine',
      ...(current ? { labels: ['3.20'] } : { tag: '3.20' }),
    });
    expect(working_directory).toBe(current ? '/root/' : undefined);
    expect(record.unmapped['proc.cwd']).toBe(current ? undefined : '/root/');
  });

  it('names the product of a related event', () => {
    const record = checked(alert({ 'ct.id': 'e-1' }, { source: 'aws_cloudtrail' }), { version });
    expect(record.finding_info.related_events).toEqual([
      version >= '1.4.0'
        ? { uid: 'e-1', product: { uid: 'CloudTrail' } }
        : { uid: 'e-1', product_uid: 'CloudTrail' },
    ]);
  });

  it('is no alert of class 2001, which has no attribute for it', () => {
    expect(checked(alert(fields), { version, class: 'security_finding' })).not.toHaveProperty('is_alert');
  });
});
