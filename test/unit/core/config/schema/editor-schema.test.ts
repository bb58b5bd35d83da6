import { expect, it } from 'vitest';
import { writtenOutSchema } from '../../../../../core/config/schema/editor-schema.ts';
import type { JsonSchema } from '../../../../../core/config/schema/json-schema.ts';
import { mapSchemas, type Schema } from '../../../../../core/config/schema/map-schemas.ts';
import { createRegistry } from '../../../../../core/plugins/registry.ts';
import { mappers } from '../../../../../mappers/index.ts';
import { outputs } from '../../../../../outputs/index.ts';

it('requires no option that has a default, at any depth', async () => {
  const schema = await writtenOutSchema(createRegistry({ outputs, mappers }));
  const required: string[] = [];
  const wrong: string[] = [];
  const look = (one: Schema): Schema => {
    const { properties = {}, required: names = [] } = one as JsonSchema;
    for (const name of names) {
      required.push(name);
      if (properties[name]?.default !== undefined) wrong.push(name);
    }
    return mapSchemas(one, look);
  };
  look(schema);
  expect(wrong).toEqual([]);
  expect(required).toEqual(expect.arrayContaining(['type', 'path', 'queue_url', 'role_arn']));
});
