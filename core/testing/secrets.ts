import assert from 'node:assert/strict';
import { redactor } from '../sdk/http/transport/redact.ts';

/** Asserts that no text holds a secret, other than as a word of the framework's own sentences. */
export function assertNoSecret(texts: readonly string[], secrets: readonly string[]): void {
  const text = texts.join('\n');
  for (const secret of secrets)
    assert.ok(
      redactor([secret])(text) === text,
      'a secret option, or a part of it, is in a reason or in the log',
    );
}
