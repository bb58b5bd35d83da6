import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../../../core/sdk/contract/facts.ts';

describe('factsOf', () => {
  it('has defaults: no order, no harmless repetition, confirmed', () => {
    expect(factsOf({}, {})).toEqual({ ordering: 'none', idempotent: false, confirms: true });
  });

  it('takes what the definition says, or what it says of these options', () => {
    const definition = {
      ordering: 'partition',
      idempotent: ({ key }: { key?: string }) => key !== undefined,
      confirms: ({ qos }: { qos: number }) => qos > 0,
    } as const;
    expect(factsOf(definition, { qos: 0 })).toEqual({
      ordering: 'partition',
      idempotent: false,
      confirms: false,
    });
    expect(factsOf(definition, { qos: 1, key: 'id' })).toMatchObject({ idempotent: true, confirms: true });
  });

  it('refuses what is none of the values', () => {
    expect(() => factsOf({ ordering: (() => 'strict') as never }, {})).toThrow(
      'its ordering is "strict", not "none" or "partition"',
    );
    expect(() => factsOf({ confirms: 'no' as never }, {})).toThrow('its confirms is "no", not true or false');
  });
});
