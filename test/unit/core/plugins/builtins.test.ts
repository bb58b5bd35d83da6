import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../../../core/plugins/check.ts';
import { createRegistry } from '../../../../core/plugins/registry.ts';
import { mappers } from '../../../../mappers/index.ts';
import { outputs } from '../../../../outputs/index.ts';

describe('what is built in', () => {
  const registry = createRegistry({ outputs, mappers });
  it.each([
    ...Object.keys(registry.outputs).map((type) => ['output', type] as const),
    ...Object.keys(registry.mappers).map((type) => ['mapper', type] as const),
  ])('%s %s is held to what plugins are held to', async (kind, type) => {
    const builtIn = (kind === 'output' ? registry.outputs : registry.mappers)[type]!;
    const definition = await builtIn.load();
    expect(checkDefinition(kind, definition)).toEqual([]);
    expect(definition.type).toBe(type);
    expect(definition.stability).toBeDefined();
    if (kind === 'output') expect(definition).toHaveProperty('category');
    expect(builtIn.module).toMatch(/\/dist\/(outputs|mappers)\/.*\.js$/);
  });
});
