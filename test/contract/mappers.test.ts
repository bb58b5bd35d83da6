import { test } from 'vitest';
import { testMapper } from '../../core/testing/index.ts';
import { mappers } from '../../mappers/index.ts';
import { composedEvents, sampleEvents } from '../support/corpus.ts';

for (const { load } of Object.values(mappers))
  testMapper(await load(), { test, events: [...sampleEvents(), ...composedEvents()] });
