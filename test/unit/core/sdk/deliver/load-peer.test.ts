import { describe, expect, it } from 'vitest';
import { loadPeer } from '../../../../../core/sdk/index.ts';

describe('loadPeer', () => {
  it('says what to install when the package is absent, and nothing else', async () => {
    const name = 'a-package-that-is-not-there';
    const absent = Object.assign(new Error(`Cannot find package '${name}'`), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(loadPeer(name, () => Promise.reject(absent))).rejects.toThrow(`npm install ${name}`);
    await expect(loadPeer(name, () => Promise.reject(new Error('broken')))).rejects.toThrow(/^broken$/);
    expect(await loadPeer(name, async () => 1)).toBe(1);
  });
});
