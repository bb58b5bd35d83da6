import * as library from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../../core/testing/index.ts';
import { describeCode, faultOf, meaningOf } from '../../../../outputs/kafka/errors.ts';
import { partitionOf, topicName } from '../../../../outputs/kafka/message.ts';
import {
  addressOf,
  checkOptions,
  type KafkaOptions,
  nameOf,
  options,
} from '../../../../outputs/kafka/options.ts';
import { createSasl } from '../../../../outputs/kafka/sasl.ts';

describe('the error codes of Kafka', () => {
  it('sets records aside for no error that Kafka calls retriable', () => {
    for (const { id, code, canRetry } of Object.values(library.protocolErrors))
      if (canRetry) expect([id, meaningOf(code)]).toEqual([id, 'retry']);
  });

  it('names each code, and says what to do about the usual ones', () => {
    expect(describeCode(library, 3)).toMatch(/^UNKNOWN_TOPIC_OR_PARTITION: create the topic/);
    expect(describeCode(library, 44, 'not so')).toBe('POLICY_VIOLATION: not so');
    expect(describeCode(library, 9999)).toBe('error 9999');
  });

  it('finds the reason in the innermost error', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const network = new library.NetworkError('Connection to 127.0.0.1:9 failed.', { cause: refused });
    expect(faultOf(library, network)).toEqual({
      reason: 'Connection to 127.0.0.1:9 failed. ECONNREFUSED: nothing listens there',
      denied: false,
    });
    const response = new library.ResponseError(36, 2, { '/': [58, 'no such user'] }, {});
    const login = new library.NetworkError('Connection to a:1 failed.', {
      cause: new library.AuthenticationError('SASL authentication failed.', { cause: response }),
    });
    expect(faultOf(library, login)).toEqual({
      reason: 'Connection to a:1 failed. SASL_AUTHENTICATION_FAILED: no such user',
      denied: true,
      code: 58,
    });
    const noToken = new library.NetworkError('Connection to a:1 failed.', {
      cause: new library.AuthenticationError('The SASL/OAUTHBEARER token provider threw an error.', {
        cause: new Error('cannot assume the role'),
      }),
    });
    expect(faultOf(library, noToken)).toEqual({
      reason: 'Connection to a:1 failed. cannot assume the role',
      denied: false,
    });
    expect(faultOf(library, 'odd')).toEqual({ reason: 'odd', denied: false });
  });
});

describe('the parts of a message', () => {
  it('makes a name that Kafka allows of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const name = topicName(text);
        expect(name).toMatch(/^[a-zA-Z0-9._-]{1,249}$/);
        expect(['.', '..']).not.toContain(name);
        expect(topicName(name)).toBe(name);
      }),
    );
    expect(topicName('falco.alerts_1-a')).toBe('falco.alerts_1-a');
  });

  it('hashes keys as Kafka does, and stays within the partitions', () => {
    // UtilsTest.testMurmur2 of Kafka.
    const hashes = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    };
    for (const [key, hash] of Object.entries(hashes)) {
      expect([key, library.murmur2(Buffer.from(key))]).toEqual([key, hash]);
    }
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 500 }),
        (key, count) => {
          const partition = partitionOf(Buffer.from(key), count, library.murmur2);
          expect(partition).toBe((murmur2(key) & 0x7fffffff) % count);
        },
      ),
    );
  });
});

/** org.apache.kafka.common.utils.Utils.murmur2, with 32-bit integers. */
function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const whole = data.length >> 2;
  for (let i = 0; i < whole; i++) {
    let k = data[4 * i]! | (data[4 * i + 1]! << 8) | (data[4 * i + 2]! << 16) | (data[4 * i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = data.subarray(4 * whole);
  if (rest.length > 2) h ^= rest[2]! << 16;
  if (rest.length > 1) h ^= rest[1]! << 8;
  if (rest.length > 0) h = Math.imul(h ^ rest[0]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

describe('the options', () => {
  const given = (more: Partial<KafkaOptions>): KafkaOptions =>
    ({ brokers: ['kafka'], ...more }) as KafkaOptions;

  it('reads addresses, with and without a port', () => {
    expect(addressOf('kafka')).toEqual({ host: 'kafka', port: 9092 });
    expect(addressOf('kafka.example.com:9093')).toEqual({ host: 'kafka.example.com', port: 9093 });
    expect(addressOf('[2001:db8::1]:9093')).toEqual({ host: '2001:db8::1', port: 9093 });
    expect(nameOf(addressOf('[::1]'))).toBe('[::1]:9092');
    const pattern = new RegExp((options.properties.brokers.items as { pattern?: string }).pattern ?? '');
    for (const good of ['kafka', 'kafka:1', '10.0.0.1:9092', '[::1]:9092', '[::1]'])
      expect(good).toMatch(pattern);
    for (const bad of ['', 'a:', 'a:b', 'kafka://a:1', 'a b', '::1', 'a:123456'])
      expect(bad).not.toMatch(pattern);
  });

  it('refuses what cannot work, and says what to do', () => {
    const check =
      (more: Partial<KafkaOptions>, zstd = true) =>
      () =>
        checkOptions(given(more), zstd);
    expect(check({})).not.toThrow();
    expect(check({ compression: 'zstd' })).not.toThrow();
    expect(check({ compression: 'zstd' }, false)).toThrow(/use lz4/);
    expect(check({ brokers: ['a:70000'] })).toThrow(/brokers: "a:70000"/);
    expect(check({ sasl: { mechanism: 'PLAIN' } })).toThrow(/sasl\.username/);
    expect(check({ sasl: { mechanism: 'SCRAM-SHA-256', token: 'x' } })).toThrow(/sasl\.username/);
    expect(check({ sasl: { mechanism: 'OAUTHBEARER' } })).toThrow(/token_file/);
    expect(check({ sasl: { mechanism: 'OAUTHBEARER', token: 'x' } })).not.toThrow();
    const aws = { region: 'eu-west-1' };
    expect(check({ sasl: { mechanism: 'AWS_MSK_IAM' } })).toThrow(/requires sasl\.aws/);
    expect(check({ sasl: { mechanism: 'AWS_MSK_IAM', aws } })).toThrow(/requires tls/);
    expect(check({ sasl: { mechanism: 'AWS_MSK_IAM', aws }, tls: { insecure: false } })).not.toThrow();
    expect(check({ sasl: { mechanism: 'OAUTHBEARER', token: 'x', aws } })).toThrow(/AWS_MSK_IAM/);
  });

  it('hands credentials over as the library takes them', async () => {
    const saslOf = (sasl: KafkaOptions['sasl']) => createSasl({ sasl }, contextOf({ configDir: '/' }));
    expect(saslOf(undefined)).toBeUndefined();
    const login = { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p' } as const;
    expect(saslOf(login)?.options).toEqual(login);
    expect(saslOf({ mechanism: 'OAUTHBEARER', token: 't' })?.options).toMatchObject({ token: 't' });
    const { token } = saslOf({ mechanism: 'OAUTHBEARER', token_file: 'nowhere' })!.options;
    await expect((token as () => Promise<string>)()).rejects.toThrow(/nowhere/);
  });
});
