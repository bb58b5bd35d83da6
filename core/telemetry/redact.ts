import { withoutSecret } from '../sdk/http/transport/redact.ts';

/** Replaces a secret. */
export const REDACTED = '[redacted]';

/** Shorter values are not redacted: they are no secrets, and they occur in many words. */
const SHORTEST = 4;

/**
 * Makes a function that redacts secrets in a text in all encodings: as they are, escaped in JSON (also twice: JSON in a
 * JSON text), encoded in a URL, in base64. A secret that is a word of the framework's own sentences stays there.
 *
 * @param secrets the values; those shorter than 4 characters are ignored
 * @example createRedactor(['s3cret'])('token=s3cret') // 'token=[redacted]'
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const spellings = secrets.filter((secret) => secret.length >= SHORTEST).flatMap(spellingsOf);
  // Longest first: a secret may be part of another.
  const ordered = [...new Set(spellings)].sort((a, b) => b.length - a.length);
  if (ordered.length === 0) return (text) => text;
  return (text) => ordered.reduce((result, secret) => withoutSecret(result, secret, REDACTED), text);
}

function spellingsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    encodeURIComponent(Buffer.from(secret).toString()),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ].filter((spelling) => spelling.length >= SHORTEST);
}
