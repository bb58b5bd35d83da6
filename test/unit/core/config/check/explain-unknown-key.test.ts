import { expect, it } from 'vitest';
import { explainUnknownKey } from '../../../../../core/config/check/explain-unknown-key.ts';
import type { JsonSchema } from '../../../../../core/config/schema/json-schema.ts';

const verify: JsonSchema = { type: 'boolean', falcosidekick: ['tickets.checkcert'] };
const explain = (insecure: JsonSchema, missing?: string) => {
  const schema = { type: 'object', properties: { insecure }, additionalProperties: false };
  const key = { name: 'checkcert', path: [], schema, around: [], ...(missing && { missing }) };
  const { message, suggestion, fix } = explainUnknownKey(key);
  return { message, suggestion, fix };
};

it('suggests the option that a key of Falcosidekick is here', () => {
  expect(explain(verify)).toEqual({
    message: 'unknown option "checkcert", as Falcosidekick calls it; here it is "insecure"',
    suggestion: 'insecure',
    fix: undefined,
  });
  expect(explain(verify, 'insecure').suggestion).toBe('insecure');
});

it.each([undefined, 'insecure'])('suggests no option that means the opposite (missing: %s)', (missing) => {
  const inverted = { ...verify, falcosidekick: [{ key: 'tickets.checkcert', inverted: true }] };
  expect(explain(inverted, missing)).toEqual({
    message:
      'unknown option "checkcert", as Falcosidekick calls it; here it is "insecure", with the opposite meaning',
    suggestion: undefined,
    fix: '"checkcert: true" is "insecure: false" here; "checkcert: false" is "insecure: true".',
  });
});
