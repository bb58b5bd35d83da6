import { expect, it } from 'vitest';
import { FALCO_FIELDS } from '../../../../../core/config/check/falco-fields.ts';

const CLASSES = ['proc', 'thread', 'user', 'group', 'fd', 'fs', 'evt', 'container', 'k8s', 'ka', 'ct'];

it.each([
  'proc.name',
  'proc.exe_ino.ctime_duration_pidns_start',
  'thread.cap_effective',
  'user.loginuid',
  'group.gid',
  'fd.sip.name',
  'fs.path.name',
  'fs.path.targetraw',
  'evt.time.iso8601',
  'container.image.repository',
  'k8s.ns.name',
  'ka.target.resource',
  'ct.user.identitytype',
])('knows %s', (name) => {
  expect(FALCO_FIELDS.has(name)).toBe(true);
});

it('knows fields of each class, and each has a class and a name', () => {
  const classes = new Set([...FALCO_FIELDS].map((field) => field.slice(0, field.indexOf('.'))));
  expect([...classes]).toEqual(CLASSES);
  for (const field of FALCO_FIELDS) expect(field).toMatch(/^[a-z0-9]+(\.[a-z0-9_]+)+$/);
  const count = (name: string) => [...FALCO_FIELDS].filter((field) => field.startsWith(`${name}.`)).length;
  expect(CLASSES.filter((name) => count(name) < 2)).toEqual([]);
});
