import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, megabytes, ratios, spread } from '../lib/report.ts';
import { bare } from './ingest.ts';

const STDOUT = 'outputs:\n  console: { type: stdout }\n';
const COUNTER = fileURLToPath(new URL('../lib/count-imports.js', import.meta.url));

const subject: Case = {
  title: 'Start and size',
  about:
    '`tiercel run` with nothing but `stdout`, from the start of the process until it takes events; the baseline is a bare Hono server. The import graph is counted by a loader hook; the size is that of the package and its dependencies, without optional peers.',
  run: (report, { rounds }) =>
    withFolder(async (folder) => {
      const ours: number[] = [];
      const baseline: number[] = [];
      let rss = 0;
      for (let round = 0; round < rounds + 2; round++) {
        const hono = await bare('hono');
        baseline.push(hono.ready);
        await hono.kill();
        const server = await startTiercel(folder, STDOUT);
        ours.push(server.ready);
        rss = (await server.probe()).rss;
        await server.stop();
      }
      report({
        what: 'ready, no backlog',
        value: `${spread(ours).median.toFixed(0)} ms, ${megabytes(rss)}`,
        against: `bare Hono (${spread(baseline).median.toFixed(0)} ms)`,
        ratio: ratios(ours, baseline),
        figure: spread(ours).median,
        target: { bound: 'at most', value: 500, unit: ' ms' },
      });

      const counts = join(folder, 'imports');
      process.env.BENCH_IMPORTS = counts;
      const counted = await startTiercel(folder, STDOUT, { node: ['--import', COUNTER] });
      // An answer tells that the start is over, and with it that the program ends in order.
      await counted.probe();
      await counted.stop();
      const modules = [...new Set(readFileSync(counts, 'utf8').split('\n').filter(Boolean))];
      const packages = new Map<string, number>();
      for (const url of modules) {
        const name =
          /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
          (url.includes('/dist/') ? 'tiercel' : undefined);
        if (name !== undefined) packages.set(name, (packages.get(name) ?? 0) + 1);
      }
      const most = [...packages].sort((a, b) => b[1] - a[1]).slice(0, 8);
      report({
        what: 'modules imported',
        value: `${modules.length} of ${packages.size} packages: ${most.map(([name, count]) => `${name} ${count}`).join(', ')}`,
      });

      const own = sizeOf(join(ROOT, 'dist'));
      const dependencies = installed();
      const bytes = dependencies.reduce((sum, path) => sum + sizeOf(join(ROOT, path)), 0);
      report({
        what: 'install size',
        value: `${megabytes(own)} and ${megabytes(bytes)} of ${dependencies.length} dependencies`,
      });
    }),
};

export default subject;

/** The folders of what `npm install tiercel` brings with it, by the lock file. */
function installed(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; peer?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(
      ([path, { dev, optional, peer, devOptional }]) =>
        path !== '' && !dev && !optional && !peer && !devOptional,
    )
    .map(([path]) => path);
}

function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    // Nested dependencies stand in the lock file by themselves.
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? sizeOf(path) : statSync(path).size;
  }
  return bytes;
}
