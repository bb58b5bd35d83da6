import { expect, it } from 'vitest';
import { suggest } from '../../../../core/config/suggest.ts';

it.each([
  ['buckt', ['bucket', 'region'], 'bucket'],
  ['maxBody', ['max_body'], 'max_body'],
  ['minimumpriority', ['minimum_priority'], 'minimum_priority'],
  ['regoin', ['region', 'reason'], 'region'],
  ['xyz', ['bucket', 'region'], undefined],
  ['on', ['or', 'off', 'in'], undefined],
  ['', ['a'], undefined],
])('%s among %j is %s', (word, candidates, expected) => {
  expect(suggest(word, candidates)).toBe(expected);
});
