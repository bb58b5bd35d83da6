import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findPackage } from '../../../../core/plugins/find-package.ts';
import {
  isRange,
  packageFindings,
  packageStates,
  packageWarnings,
} from '../../../../core/plugins/package-versions.ts';

const folder = () => realpathSync(mkdtempSync(join(tmpdir(), 'tiercel-versions-')));
function install(where: string, name: string, version: string, called = name): void {
  const target = join(where, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name: called, version }));
}

describe('the packages of an output', () => {
  const [program, configDir] = [folder(), folder()];
  const place = { module: pathToFileURL(join(program, 'dist/outputs/nats.js')).href, configDir };
  install(program, 'near', '3.4.5');
  install(program, 'both', '1.0.0');
  install(configDir, 'both', '2.0.0');
  install(configDir, 'beside', '1.1.0');
  install(configDir, 'old', '1.9.9');

  it('are looked up from the module of the output, then beside the configuration', async () => {
    const packages = { near: '^3.0.0', both: '^1.0.0', beside: '~1.1.0', old: '^2.0.0', none: '^1.0.0' };
    expect(await packageStates(packages, place)).toEqual([
      { name: 'near', range: '^3.0.0', version: '3.4.5', fits: true },
      { name: 'both', range: '^1.0.0', version: '1.0.0', fits: true },
      { name: 'beside', range: '~1.1.0', version: '1.1.0', fits: true },
      { name: 'old', range: '^2.0.0', version: '1.9.9', fits: false },
      { name: 'none', range: '^1.0.0', fits: false },
    ]);
  });

  it('are a warning at the start only in a version that is not declared', async () => {
    expect(await packageWarnings({ near: '^3.0.0', old: '^2.0.0', none: '^1.0.0' }, place)).toEqual([
      `old 1.9.9 is installed; the output is made for ^2.0.0: run  npm install "old@^2.0.0"  in ${configDir}`,
    ]);
    expect(await packageWarnings(undefined, place)).toEqual([]);
  });

  it('are findings of the doctor', async () => {
    const findings = await packageFindings({ near: '^3.0.0', old: '^2.0.0', none: '^1.0.0' }, place);
    expect(findings.map(({ status, line }) => [status, line])).toEqual([
      ['ok', 'near 3.4.5'],
      ['warning', expect.stringContaining('old 1.9.9 is installed; the output is made for ^2.0.0')],
      ['failed', `none ^1.0.0 is not installed: run  npm install "none@^1.0.0"  in ${configDir}`],
    ]);
  });

  it('are not taken for others of the same folder', () => {
    install(configDir, 'alias', '1.0.0', 'another-name');
    expect(findPackage('alias', configDir)).toBeUndefined();
  });
});

it.each([
  ['^1.2.3', '1.2.3', true],
  ['^1.2.3', '1.2.2', false],
  ['^1.2.3', '1.10.0', true],
  ['^1.2.3', '2.0.0', false],
  ['^0.2.3', '0.2.9', true],
  ['^0.2.3', '0.3.0', false],
  ['~1.2.3', '1.2.9', true],
  ['~1.2.3', '1.3.0', false],
  ['>=3.1169.0 <=3.1175.0', '3.1169.0', true],
  ['>=3.1169.0 <=3.1175.0', '3.1175.0', true],
  ['>=3.1169.0 <=3.1175.0', '3.1175.1', false],
  ['^5.9.3 || ^6.0.0', '6.4.0', true],
  ['^5.9.3 || ^6.0.0', '5.9.2', false],
  ['^1.0.0', 'workspace', false],
])('the range %s and the version %s: %s', async (range, version, expected) => {
  const configDir = folder();
  install(configDir, 'some', version);
  expect(isRange(range)).toBe(true);
  const [state] = await packageStates({ some: range }, { module: 'data:none', configDir });
  expect(state).toMatchObject({ version, fits: expected });
});

it('knows what is a range', () => {
  for (const range of [
    '^1.0.0',
    '~1.2',
    '1.2.3',
    '>=1.0.0 <2.0.0',
    '1.0.0 - 1.5.0',
    '^1.0.0 || ^2.0.0',
    '>= 1.0.0',
    '1.x',
    '^1.0.0-rc.1',
  ])
    expect([range, isRange(range)]).toEqual([range, true]);
  for (const range of ['', ' ', '*', 'latest', 'git+https://example.com/x.git', '^one'])
    expect([range, isRange(range)]).toEqual([range, false]);
});
