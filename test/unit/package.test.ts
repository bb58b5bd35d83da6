import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
const manifest = read('package.json') as {
  engines: { node: string };
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const lock = read('package-lock.json') as {
  packages: Record<string, { version?: string; dev?: boolean; engines?: { node?: string } }>;
};

const EXACT = /^\d+\.\d+\.\d+$/;
/** The newest release whose `engines` were looked up: see CONTRIBUTING.md. */
const NEWEST_CHECKED = '3.1175.0';

const isSdk = (name: string) => /^@(aws-sdk|smithy|aws)\//.test(name);
const sdkOf = (ranges: Record<string, string>) => Object.entries(ranges).filter(([name]) => isSdk(name));
const installed = Object.entries(lock.packages)
  .map(([path, entry]) => ({ name: path.split('node_modules/').at(-1)!, ...entry }))
  .filter(({ name }) => isSdk(name));
const numbersOf = (version: string) => version.split('.').map(Number) as [number, number, number];

/** Below zero when the first version is the older one. */
function compare(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : left[at]! - right[at]!;
}

/** Does `engines.node` of the form `>=20.0.0` admit the oldest Node that this package promises? */
function admitsOldest(engines: string | undefined): boolean {
  const [, least] = /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(engines ?? '') ?? [];
  const [, oldest] = /^>=(\d+\.\d+)$/.exec(manifest.engines.node)!;
  const pad = (version: string) => [...version.split('.'), '0', '0'].slice(0, 3).join('.');
  return least !== undefined && compare(pad(least), pad(oldest!)) <= 0;
}

describe('the AWS SDK, which drops Node 20 in January 2027', () => {
  it('has exact versions, and so have the packages that it needs by open ranges', () => {
    const pinned = sdkOf(manifest.dependencies);
    expect(pinned.length).toBeGreaterThan(2);
    for (const [name, range] of [...pinned, ...sdkOf(manifest.devDependencies)])
      expect(range, name).toMatch(EXACT);
    const wanted = installed.filter(({ dev }) => dev !== true).map(({ name, version }) => [name, version]);
    expect(Object.fromEntries(pinned)).toEqual(Object.fromEntries(wanted));
  });

  it('supports the oldest Node that is promised, in every version that is installed', () => {
    for (const { name, version, engines } of installed)
      expect([name, version, admitsOldest(engines?.node)]).toEqual([name, version, true]);
  });

  it('is admitted as a peer only in versions that were looked up', () => {
    const peers = sdkOf(manifest.peerDependencies);
    expect(peers.length).toBeGreaterThan(0);
    for (const [name, range] of peers) {
      const [, least = '', most = ''] = /^>=(\d+\.\d+\.\d+) <=(\d+\.\d+\.\d+)$/.exec(range) ?? [];
      expect(range, name).toBe(`>=${least} <=${most}`);
      expect(compare(most, NEWEST_CHECKED), name).toBeLessThanOrEqual(0);
      expect(compare(least, manifest.devDependencies[name]!), name).toBeLessThanOrEqual(0);
    }
  });
});

it('gives the build of the image all sources', () => {
  const file = new URL('../../deploy/Dockerfile.dockerignore', import.meta.url);
  const allowed = readFileSync(file, 'utf8').split('\n');
  const { include } = read('tsconfig.build.json') as { include: readonly string[] };
  expect(include.filter((path) => !allowed.includes(`!${path}`))).toEqual([]);
});
