import { createHash } from 'node:crypto';

/**
 * An id for an event that brought none: a UUID of version 8 (RFC 9562: free form) whose bits are the start of the
 * SHA-256 of the raw bytes. The same bytes give the same id, so the copies that an HTTP client makes can be told.
 */
export function deriveId(raw: Uint8Array): string {
  const digest = createHash('sha256').update(raw).digest();
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
