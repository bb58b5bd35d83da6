import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deriveId } from '../../../../core/event/parse.ts';

it('is a UUID of version 8 that holds the start of the SHA-256', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (raw) => {
      const hex = createHash('sha256').update(raw).digest('hex');
      const id = deriveId(raw);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const digits = id.replaceAll('-', '');
      expect(digits.slice(0, 12) + digits.slice(13, 16) + digits.slice(17)).toBe(
        hex.slice(0, 12) + hex.slice(13, 16) + hex.slice(17, 32),
      );
      // Of the two variable bits of the variant's digit nothing is lost.
      expect(Number.parseInt(digits[16]!, 16) & 3).toBe(Number.parseInt(hex[16]!, 16) & 3);
    }),
  );
});

it('never changes: destinations recognize an event by it', () => {
  expect(deriveId(Buffer.from('{"rule":"x"}'))).toBe('4737a0a0-3d18-8f63-86e7-75577f29787a');
});
