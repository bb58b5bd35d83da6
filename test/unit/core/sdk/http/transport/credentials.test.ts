import { expect, it } from 'vitest';
import {
  basicAuth,
  basicAuthOf,
  credentialsOf,
  headerForms,
} from '../../../../../../core/sdk/http/transport/credentials.ts';

const BASIC = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;

it('encodes a user name and a password', () => {
  expect(basicAuth('ann', 'p@ss')).toBe(BASIC);
  expect(basicAuth('', '')).toBe('Basic Og==');
});

it.each([
  ['https://ann:p%40ss@h.example', BASIC],
  ['https://h.example', undefined],
  ['https://:x@h.example', undefined],
  ['https://ann@h.example', basicAuth('ann', '')],
  ['https://100%:100%@h.example', basicAuth('100%', '100%')],
])('takes the credentials of %s', (url, header) => {
  expect(basicAuthOf(new URL(url))).toBe(header);
});

it('lists every form of the credentials of an address', () => {
  const encoded = BASIC.slice('Basic '.length);
  expect(credentialsOf(new URL('https://ann:p%40ss@h.example'))).toEqual([
    'ann',
    'p%40ss',
    'ann',
    'p@ss',
    BASIC,
    encoded,
  ]);
  expect(credentialsOf(new URL('https://h.example'))).toEqual(['', '', '', '']);
});

it('gives a header value with and without its scheme', () => {
  expect(headerForms('Bearer a b')).toEqual(['Bearer a b', 'a b']);
  expect(headerForms('token')).toEqual(['token', 'token']);
  expect(headerForms(undefined)).toEqual([]);
});
