import { expect, it } from 'vitest';
import { Problem } from '../../../../core/http/problem.ts';
import { createStrangers } from '../../../../core/http/strangers.ts';
import { recordingLogger } from '../../outputs/support.ts';

const problem = (code: 'unauthorized' | 'certificate_required' | 'invalid_event') =>
  new Problem(401, { code, reason: `no ${code}`, hint: 'do this' });

it('counts every stranger, logs one a minute, and nobody else', () => {
  let counted = 0;
  let at = 0;
  const log = recordingLogger();
  const note = createStrangers({ count: () => counted++, log, now: () => at });
  note(problem('invalid_event'), '10.0.0.1');
  expect([counted, log.lines.length]).toEqual([0, 0]);
  for (at = 0; at < 60_000; at += 10_000) note(problem('unauthorized'), '10.0.0.9');
  expect([counted, log.lines.length]).toEqual([6, 1]);
  note(problem('certificate_required'), '10.0.0.8');
  expect(counted).toBe(7);
  expect(log.lines.map(({ details }) => details)).toEqual([
    { client: '10.0.0.9', reason: 'no unauthorized', others_since: 0 },
    { client: '10.0.0.8', reason: 'no certificate_required', others_since: 5 },
  ]);
});
