import assert from 'node:assert/strict';

/** Asserts that no text holds a secret. */
export function assertNoSecret(texts: readonly string[], secrets: readonly string[]): void {
  const text = texts.join('\n');
  for (const secret of secrets)
    assert.ok(!text.includes(secret), 'a secret option, or a part of it, is in a reason or in the log');
}
