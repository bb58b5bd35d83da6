import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../../core/plugins/check.ts';
import type { AnyOutputDefinition, Event } from '../../../core/sdk/index.ts';
import ocsf from '../../../mappers/ocsf/index.ts';
import { outputs } from '../../../outputs/index.ts';
import { decoded } from '../../support/decoded.ts';
import { contextOf, jsonTextMapper, neverAborts, recordingLogger } from './support.ts';

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };
const mapperOf = ({ mapper }: AnyOutputDefinition, options: Record<string, unknown>) => {
  const type = typeof mapper === 'function' ? mapper(options).type : mapper;
  if (type === 'ocsf') return ocsf.create(decoded(ocsf, {}), { log: recordingLogger() });
  return type === 'event' ? events : jsonTextMapper;
};

describe.each(Object.entries(outputs))('the definition of %s', (type, { load }) => {
  it('is complete, and says what is retried and what is set aside', async () => {
    const definition: AnyOutputDefinition = await load();
    expect(definition.type).toBe(type);
    expect(checkDefinition('output', definition)).toEqual([]);
    expect(definition.notes).toMatch(/retried/i);
  });

  it('has examples that are right, and can be started from them', async () => {
    const definition: AnyOutputDefinition = await load();
    expect(definition.examples.length).toBeGreaterThan(0);
    for (const { options } of definition.examples) {
      const given = decoded(definition, options) as Record<string, unknown>;
      const output = definition.create(given, contextOf<unknown>(mapperOf(definition, given)));
      await output.stop?.(neverAborts());
    }
  });
});
