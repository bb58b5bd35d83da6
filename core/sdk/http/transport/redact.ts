import { credentialsOf } from './credentials.ts';
import { ownWordsIn } from './own-words.ts';

/** Shorter texts are no secrets, and taking them out would garble the sentence. */
const SHORTEST = 5;

/**
 * Makes a function that takes secrets out of a text: each is replaced by `***`, also where it stands
 * percent-encoded. A secret that is a word of the framework's own sentences stays there, and is replaced everywhere else.
 */
export function redactor(secrets: Iterable<string | undefined>): (text: string) => string {
  const known = new Set<string>();
  for (const secret of secrets) {
    if (secret === undefined) continue;
    for (const form of [secret, encodeURIComponent(secret)]) if (form.length >= SHORTEST) known.add(form);
  }
  // The longest first: a secret may be part of another.
  const ordered = [...known].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((result, secret) => withoutSecret(result, secret, '***'), text);
}

/** The text with a secret replaced, except inside the framework's own sentences. */
export function withoutSecret(text: string, secret: string, replacement: string): string {
  if (!text.includes(secret)) return text;
  const own = ownWordsIn(text);
  const isOwn = (at: number) => own.some(([start, end]) => start <= at && at + secret.length <= end);
  return text.replaceAll(secret, (found, at: number) => (isOwn(at) ? found : replacement));
}

/** From this length on a part of a path may be a token; shorter ones are words (`services`, `_bulk`). */
const TOKEN = 12;

/** A path of one short part that is a word, with a version at most: `/token`, `/oauth2`. */
const WORD = /^\/[a-z_-]{1,11}\d?\/?$/i;

/** What an address may give away, in the forms an error or an echo would carry it. */
export function secretsOfUrl(url: URL): string[] {
  const isWord = url.pathname.length <= 1 || WORD.test(url.pathname);
  const path = isWord ? [] : [url.pathname, url.pathname.slice(1)];
  const tokens = url.pathname.split('/').filter(({ length }) => length >= TOKEN);
  const parameters = [...url.searchParams.values()];
  return [url.href, ...path, ...tokens, url.search, ...credentialsOf(url), ...parameters];
}
