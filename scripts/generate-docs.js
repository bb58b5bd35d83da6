// Writes docs/outputs, docs/mappers, docs/config.md, cli.md, errors.md, metrics.md, config.example.yaml and
// config.schema.json from the definitions, and docs/api from the sources. Runs on dist: build first (`npm run docs` does). `--check` writes nothing and fails when a file is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeCli } from '../dist/core/cli/index.js';
import { renderDocs } from '../dist/core/docs/index.js';
import { builtIns } from '../dist/distribution/built-ins.js';
import { apiPages } from './api-reference.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes('--check');
const files = new Map([...(await renderDocs(builtIns, await describeCli(builtIns))), ...apiPages()]);

const stale = [...files].filter(
  ([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text,
);
// A page of an output that is gone.
const left = ['docs/outputs', 'docs/mappers', 'docs/api']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
  .filter((path) => !files.has(path));

if (check) {
  for (const path of [...stale.map(([path]) => path), ...left])
    console.error(`${path} is stale: run npm run docs`);
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const path of left) rmSync(join(root, path));
}
process.exitCode = check && stale.length + left.length > 0 ? 1 : 0;
