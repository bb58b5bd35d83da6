import { expect, it } from 'vitest';
import type { JsonSchema } from '../../../../core/config/schema/json-schema.ts';
import { byNeed, commentedYaml } from '../../../../core/docs/commented-yaml.ts';
import { Type } from '../../../../core/sdk/index.ts';

const schema = Type.Object({
  rare: Type.Integer({ default: 1, advanced: true, description: 'Rare.' }),
  url: Type.String({ description: 'Where to.', examples: ['https://a.example'] }),
  pool: Type.Object(
    {
      depth: Type.Integer({ default: 2, advanced: true, description: 'Depth.' }),
      size: Type.Integer({ default: 3, description: 'Size.' }),
    },
    { default: {}, description: 'The pool.' },
  ),
}) as JsonSchema;

it('puts what is rarely needed after the rest, in sections too', () => {
  expect(byNeed(schema).map(([name]) => name)).toEqual(['url', 'pool', 'rare']);
  expect(commentedYaml(schema)).toBe(`# Where to.
# url: https://a.example
# The pool.
pool:
  # Size.
  size: 3
  # Depth.
  depth: 2
# Rare.
rare: 1
`);
});
