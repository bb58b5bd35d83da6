import { STATUS_CODES } from 'node:http';
import { FAILURE_TEXTS } from './failure.ts';

/** Sentences of the HTTP client that more than one place needs. */
export const NO_REDIRECTS =
  'redirects are not followed: write the address it points to into the configuration';
export const NO_ANSWER = 'no answer in time';
export const CHECK_PROXY = 'check user name and password in the address of the proxy';

/** What is to be done about the statuses that mean the same whatever the method. */
export const STATUS_ADVICE: Readonly<Record<number, string>> = {
  401: 'the credentials are missing or wrong: check auth, headers and the address',
  403: 'the credentials may not do this: check auth, headers, the address and the rights of the account',
  407: `the proxy demands other credentials: ${CHECK_PROXY}`,
  502: 'the service behind the address is not available',
  503: 'the service behind the address is not available',
  504: 'the service behind the address is not available',
};

const SENTENCES: readonly string[] = [
  ...FAILURE_TEXTS,
  ...Object.values(STATUS_ADVICE),
  ...Object.entries(STATUS_CODES).map(([status, phrase]) => `answered ${status} ${phrase}`),
  NO_REDIRECTS,
  NO_ANSWER,
  CHECK_PROXY,
  'the connection was closed without an answer',
  'which may have answered itself',
  'the answer cannot be read',
  'no credentials in time',
  'gave no token',
  'answered without an access_token: check auth.oauth2.token_url',
  'check auth.oauth2',
  'auth.bearer.token_file',
  ...['basic', 'bearer', 'header', 'oauth2', 'gcp', 'azure', 'aws'].map((kind) => `auth.${kind}`),
];

/** The longest first: a sentence may begin with another. */
const PATTERN = new RegExp(
  [...new Set(SENTENCES)]
    .sort((a, b) => b.length - a.length)
    .map((sentence) => sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|'),
  'g',
);

/**
 * Where a text says what the framework says by itself. A secret that is a word of such a sentence (a password `there`, a path
 * `/token`) is not shown by it, and taking it out would make the sentence unreadable.
 *
 * @returns start and end of each place, in characters
 */
export function ownWordsIn(text: string): readonly (readonly [start: number, end: number])[] {
  return Array.from(text.matchAll(PATTERN), ({ 0: { length }, index }) => [index, index + length] as const);
}
