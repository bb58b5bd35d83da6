import { credentialsOf } from './credentials.ts';

/** Shorter texts are no secrets, and taking them out would garble the sentence. */
const SHORTEST = 5;

/**
 * Makes a function that takes secrets out of a text: each is replaced by `***`, also where it stands
 * percent-encoded.
 */
export function redactor(secrets: Iterable<string | undefined>): (text: string) => string {
  const known = new Set<string>();
  for (const secret of secrets) {
    if (secret === undefined) continue;
    for (const form of [secret, encodeURIComponent(secret)]) if (form.length >= SHORTEST) known.add(form);
  }
  // The longest first: a secret may be part of another.
  const ordered = [...known].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((result, secret) => result.replaceAll(secret, '***'), text);
}

/** From this length on a part of a path may be a token; shorter ones are words (`services`, `_bulk`). */
const TOKEN = 12;

/** What an address may give away, in the forms an error or an echo would carry it. */
export function secretsOfUrl(url: URL): string[] {
  const path = url.pathname.length > 1 ? [url.pathname, url.pathname.slice(1)] : [];
  const tokens = url.pathname.split('/').filter(({ length }) => length >= TOKEN);
  const parameters = [...url.searchParams.values()];
  return [url.href, ...path, ...tokens, url.search, ...credentialsOf(url), ...parameters];
}
