import { describe, expect, it } from 'vitest';
import { alert, mapped, mapper } from './support.ts';

const cloud = { account_id: '123456789012', region: 'eu-west-1', zone: 'eu-west-1a' };

describe('the cloud of a record', () => {
  it('is what the configuration says, and declares its profile', () => {
    const record = mapped(alert({}), { cloud, cluster_name: 'blue' });
    expect(record.cloud).toEqual({
      provider: 'AWS',
      region: 'eu-west-1',
      zone: 'eu-west-1a',
      account: { uid: '123456789012', type: 'AWS Account', type_id: 10 },
    });
    expect(record.metadata.profiles).toEqual(['datetime', 'host', 'cloud']);
    expect(record.resources).toEqual([{ type: 'KubernetesCluster', name: 'blue' }]);
  });

  it('is absent where nobody knows the provider, which OCSF wants', () => {
    const record = mapped(alert({}), { cloud: { account_id: 'external_x', region: 'r' } });
    expect(record.cloud).toBeUndefined();
    expect(record.metadata.profiles).toEqual(['datetime', 'host']);
  });

  it.each([
    [{ 'ct.region': 'us-east-1' }, { provider: 'AWS', region: 'us-east-1' }],
    [{ 'ct.name': 'x' }, { provider: 'AWS' }],
    [{ 'okta.evt.type': 'x' }, { provider: 'AWS', region: 'eu-west-1', zone: 'eu-west-1a' }],
    [{ 'github.user': 'ann' }, { provider: 'AWS', region: 'eu-west-1', zone: 'eu-west-1a' }],
    [{ 'gcp.user': 'ann' }, { provider: 'GCP' }],
  ])('leaves the account empty, where that of Falco would be a guess: %j', (fields, expected) => {
    const of = alert(fields, { source: 'any' });
    expect(mapped(of, { cloud: { ...cloud, account_name: 'shop' } }).cloud).toEqual(expected);
  });

  it('names the account where the configuration does', () => {
    const named = { ...cloud, account_name: 'shop' };
    const account = { uid: '123456789012', name: 'shop', type: 'AWS Account', type_id: 10 };
    const of = (fields: object, more: object = {}) =>
      mapped(alert(fields), { cloud: { ...named, ...more }, account_id_from: 'ct.recipientaccountid' }).cloud
        .account;
    expect(of({})).toEqual(account);
    expect(of({ 'ct.recipientaccountid': '123456789012' })).toEqual(account);
    expect(of({ 'ct.recipientaccountid': '210987654321' })).toEqual({
      ...account,
      uid: '210987654321',
      name: undefined,
    });
    expect(of({}, { account_id: undefined, provider: 'Azure' })).toEqual({ name: 'shop' });
  });

  it('has the Google Cloud project as what the version calls it', () => {
    const of = alert({ 'gcp.projectId': 'p-1', 'json.value[/resource/labels/project_id]': 'p-1' });
    expect(mapped(of, { version: '1.3.0' }).cloud).toEqual({ provider: 'GCP', project_uid: 'p-1' });
    const account = { uid: 'p-1', type: 'GCP Project', type_id: 11 };
    const record = mapped(of, { version: '1.5.0' });
    expect(record.cloud).toEqual({ provider: 'GCP', account });
    expect(record.unmapped).toEqual({ priority: 'Notice' });
    const owned = mapped(alert({ 'gcp.projectId': 'p-1', owner: 'external_x' }), {
      version: '1.5.0',
      account_id_from: 'owner',
    });
    expect(owned.cloud.account).toEqual({ uid: 'x' });
    expect(owned.unmapped).toMatchObject({ 'gcp.projectId': 'p-1' });
  });

  const account = (value: unknown) =>
    mapped(alert({ owner: value }), { cloud, account_id_from: 'owner' }) as {
      cloud: { account?: { uid: string; type?: string } };
      unmapped: Record<string, string>;
    };

  it.each([
    ['210987654321', '210987654321', 'AWS Account'],
    ['external_acme', 'acme', undefined],
    [null, '123456789012', 'AWS Account'],
    ['<NA>', '123456789012', 'AWS Account'],
  ])('has the account of a field: %s', (value, uid, type) => {
    expect(account(value).cloud.account).toMatchObject({ uid });
    expect(account(value).cloud.account?.type).toBe(type);
  });

  it.each([
    '12345678901',
    '1234567890123',
    'acme',
    'external_',
    'external-x',
    'external_a/b',
    ['210987654321'],
  ])('has no account where the field holds what is none, rather than another one: %j', (value) => {
    const { cloud: told, unmapped } = account(value);
    expect(told.account).toBeUndefined();
    expect(unmapped.owner).toBe(typeof value === 'string' ? value : JSON.stringify(value));
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'is not misled by a field called %s',
    (account_id_from) => {
      expect(mapper({ cloud, account_id_from }).map(alert({}))).toMatchObject({ ok: true });
    },
  );
});
