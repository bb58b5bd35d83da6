import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { testMapper, testOutput } from '../../core/testing/index.ts';
import falco from '../../mappers/falco.ts';
import file from '../../outputs/file.ts';
import webhook from '../../outputs/webhook.ts';

testOutput(webhook, {
  test,
  options: ({ url }) => ({ url: `${url}/hook`, bearer_token: 'a-very-secret-token' }),
});

testOutput(file, {
  test,
  http: false,
  options: ({ directory }) => ({ path: join(directory, 'events.ndjson') }),
  arrived: ({ directory }) => readFile(join(directory, 'events.ndjson'), 'utf8'),
});

testMapper(falco, { test });
