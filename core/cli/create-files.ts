import type { PluginKind } from '../plugins/check.ts';
import { mapperFiles, outputFiles, type PackageNames } from './create-code.ts';

/** JavaScript that runs as it is, or TypeScript that is compiled: what is published must be JavaScript. */
export type PackageLanguage = 'js' | 'ts';

/** The files of a package that works at once, by their paths. */
export function packageFiles(
  kind: PluginKind,
  names: PackageNames,
  language: PackageLanguage,
): Record<string, string> {
  const code = kind === 'output' ? outputFiles(names) : mapperFiles(names);
  const isCompiled = language === 'ts';
  return {
    'package.json': manifest(kind, names, isCompiled),
    [`index.${language}`]: code.index,
    [`index.test.${language}`]: code.test,
    ...(isCompiled && { 'tsconfig.json': json(TSCONFIG) }),
    'tiercel.yaml': configOf(kind, names, isCompiled ? './dist/index.js' : './index.js'),
    'README.md': readme(kind, names),
    '.github/workflows/test.yml': CI,
    '.gitignore': `node_modules/\n${isCompiled ? 'dist/\n' : ''}data/\nlake/\n*.tgz\n`,
  };
}

function manifest(kind: PluginKind, { packageName, version }: PackageNames, isCompiled: boolean): string {
  return json({
    name: packageName,
    version: '0.1.0',
    description: `${kind === 'output' ? 'An output' : 'A mapper'} for Tiercel.`,
    keywords: ['tiercel', `tiercel-${kind}`, 'falco'],
    type: 'module',
    exports: isCompiled ? './dist/index.js' : './index.js',
    files: isCompiled ? ['dist', '!dist/*.test.*'] : ['index.js'],
    engines: { node: '>=20.19' },
    scripts: isCompiled
      ? { build: 'tsc', test: 'tsc && node --test dist/index.test.js', prepack: 'tsc' }
      : { test: 'node --test' },
    peerDependencies: { tiercel: `^${version}` },
    devDependencies: {
      tiercel: `^${version}`,
      ...(isCompiled && { '@types/node': '^20.19.0', typescript: '>=5.8' }),
    },
  });
}

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    outDir: 'dist',
    rootDir: '.',
    types: ['node'],
  },
  include: ['*.ts'],
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function configOf(kind: PluginKind, { type }: PackageNames, path: string): string {
  const output =
    kind === 'output'
      ? `  ${type}:\n    type: ${path}\n    url: http://127.0.0.1:9999/events`
      : `  # Parquet files below ./lake, one for each batch. Without batch.every a batch takes five minutes.
  lake:
    type: parquet_lake
    directory: ./lake
    batch: { every: 5s }
    mapper: { type: ${path}, fields: [proc.name] }
  # The same records as JSON lines.
  records:
    type: stdout
    mapper: { type: ${path}, fields: [proc.name] }`;
  return `# To try it out: npx tiercel run, then in another terminal: npx tiercel send
server: { listen: 127.0.0.1:2801 }
outputs:
${output}
`;
}

function readme(kind: PluginKind, { packageName, type }: PackageNames): string {
  const use =
    kind === 'output'
      ? `  ${type}:\n    type: "${packageName}"\n    url: https://example.com/events`
      : `  lake:\n    type: parquet_lake\n    directory: ./lake\n    mapper: { type: "${packageName}", fields: [proc.name] }`;
  return `# ${packageName}

${kind === 'output' ? 'An output' : 'A mapper'} for Tiercel, which delivers security events.

\`\`\`sh
npm install tiercel ${packageName}
npx tiercel describe ${packageName}
\`\`\`

\`\`\`yaml
outputs:
${use}
\`\`\`

## Develop

\`\`\`sh
npm install
npm test
npx tiercel validate
\`\`\`
`;
}

const CI = `name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        node: [20, 22, 24]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: \${{ matrix.node }}
      - run: npm install
      - run: npm test
      - run: npx tiercel validate
`;
