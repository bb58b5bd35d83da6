import { expect, it } from 'vitest';
import { explainUnknownKey } from '../../../../../core/config/check/explain-unknown-key.ts';
import type { JsonSchema } from '../../../../../core/config/schema/json-schema.ts';

const verify: JsonSchema = { type: 'boolean', falcosidekick: ['tickets.checkcert'] };
const explain = (insecure: JsonSchema, missing?: string) => {
  const schema = { type: 'object', properties: { insecure }, additionalProperties: false };
  const key = { name: 'checkcert', path: [], schema, around: [], ...(missing && { missing }) };
  const { code, suggestion, fix } = explainUnknownKey(key);
  return { code, suggestion, fix };
};

it('suggests the option that a key of Falcosidekick is here', () => {
  expect(explain(verify)).toEqual({
    code: 'TIERCEL_CFG_UNKNOWN_OPTION',
    suggestion: 'insecure',
    fix: undefined,
  });
  expect(explain(verify, 'insecure').suggestion).toBe('insecure');
});

it.each([undefined, 'insecure'])('suggests no option that means the opposite (missing: %s)', (missing) => {
  const inverted = { ...verify, falcosidekick: [{ key: 'tickets.checkcert', inverted: true }] };
  expect(explain(inverted, missing)).toEqual({
    code: 'TIERCEL_CFG_UNKNOWN_OPTION',
    suggestion: undefined,
    fix: '"checkcert: true" is "insecure: false" here; "checkcert: false" is "insecure: true".',
  });
});
