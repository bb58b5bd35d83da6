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

  it('keeps the zone of Falco out of another region', () => {
    const record = mapped(alert({ 'ct.region': 'us-east-1' }), { cloud });
    expect(record.cloud).toMatchObject({ region: 'us-east-1', account: { uid: '123456789012' } });
    expect(record.cloud.zone).toBeUndefined();
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
