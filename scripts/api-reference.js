// Reads the public API from the sources and writes docs/api: a page for each entry point of package.json. The TypeScript compiler
// tells what is exported and which type a function returns where the source leaves it out; all other text is that of the sources.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The entry points of package.json: what is imported, its source and its page. */
const ENTRIES = Object.entries(manifest.exports)
  .filter(([, target]) => target.types !== undefined)
  .map(([path, { types }]) => ({
    module: path.replace('.', 'tiercel'),
    source: types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts'),
    page: path === '.' ? 'tiercel' : path.slice(2),
  }));

/** `TypeFormatFlags.InTypeAlias | NoTruncation`: what an alias stands for, and not its name. */
const IN_TYPE_ALIAS = (1 << 23) | 1;

const AROUND =
  'The examples compile as they stand, with the imports of this page. `context`, `options`, `signal`, `event`, `records`, `log` and the like ' +
  'are what an output or a mapper is given.';

const GENERATED = '<!-- Written by scripts/generate-docs.js from the sources; do not edit. -->\n\n';

/**
 * @typedef {object} Export
 * @property {string} name
 * @property {'function' | 'constant' | 'class' | 'type'} kind
 * @property {string} signature the declaration without its body
 * @property {string} file the source, from the root
 * @property {string} text the docstring before its tags, as Markdown
 * @property {{ name: string, text: string }[]} params
 * @property {string} [returns]
 * @property {string[]} throws
 * @property {string[]} examples
 *
 * @typedef {object} Entry
 * @property {string} module what is imported: `tiercel/lake`
 * @property {string} source its index file, from the root
 * @property {string} page
 * @property {string} text what the head of the index says
 * @property {{ title: string, exports: Export[] }[]} groups by the comments of the index
 */

/**
 * Everything that the entry points export, by the headings of their index files.
 *
 * @returns {Entry[]}
 */
export function readApi() {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] });
    const [project] = snapshot.getProjects();
    const exported = new Set(ENTRIES.flatMap(({ source }) => namesIn(source)));
    return ENTRIES.map(({ module, source, page }) => {
      const text = readFileSync(join(root, source), 'utf8');
      const head = commentOf(/^\/\*\*.*?\*\//s.exec(text)?.[0] ?? '');
      const groups = groupsOf(text).map(({ title, names }) => ({
        title,
        exports: names
          .map(({ name, from }) =>
            readExport(project, name, join(dirname(join(root, source)), from), exported),
          )
          .sort((a, b) => Number(a.kind === 'type') - Number(b.kind === 'type')),
      }));
      return {
        module,
        source,
        page,
        text: head.text,
        groups: groups.filter(({ exports }) => exports.length > 0),
      };
    });
  } finally {
    api.close();
  }
}

/** The names of an index file in its order, below the comment that stands before them. */
function groupsOf(text) {
  const groups = [{ title: '', names: [] }];
  const pattern = /^\/\/ (?<title>.+)$|^export (?:type )?\{(?<names>[^}]*)\} from '(?<from>[^']+)';/gm;
  for (const { groups: found } of text.matchAll(pattern)) {
    if (found.title !== undefined) groups.push({ title: found.title.replace(/\.$/, ''), names: [] });
    // What other packages declare has its documentation there.
    else if (found.from.startsWith('.'))
      for (const name of found.names.split(',').map((one) => one.trim()))
        if (name !== '') groups.at(-1).names.push({ name, from: found.from });
  }
  return groups;
}

function namesIn(source) {
  return groupsOf(readFileSync(join(root, source), 'utf8')).flatMap(({ names }) =>
    names.map(({ name }) => name),
  );
}

/** @returns {Export} */
function readExport(project, name, path, exported) {
  const file = project.program.getSourceFile(path);
  const statements = file.statements.filter((statement) => namesOf(statement).includes(name));
  if (statements.length === 0) throw new Error(`${path} does not declare ${name}`);
  // The docstring of an overloaded function is that of its first declaration.
  const [first] = statements;
  const doc = commentOf(docCommentOf(file, first));
  const declarations =
    statements.length > 1 ? statements.filter(({ body }) => body === undefined) : statements;
  return {
    name,
    kind: kindOf(first),
    signature: [
      ...declarations.map((statement) => signatureOf(project, file, statement, name)),
      ...privateTypes(file, declarations, exported),
    ].join('\n'),
    file: relative(root, path).split(sep).join('/'),
    ...doc,
  };
}

/** The types of the same file that the declarations mention and nothing exports: their members are part of the API, too. */
function privateTypes(file, declarations, exported) {
  const done = new Set(declarations);
  const found = [];
  const look = (text) => {
    const words = new Set(withoutComments(text).match(/\b[A-Z]\w*/g));
    for (const statement of file.statements) {
      const [name] = namesOf(statement);
      const isType =
        statement.kind === SyntaxKind.InterfaceDeclaration ||
        statement.kind === SyntaxKind.TypeAliasDeclaration;
      if (!isType || !words.has(name) || exported.has(name) || done.has(statement)) continue;
      done.add(statement);
      const code = file.text
        .slice(statement.pos, statement.end)
        .trim()
        .replace(/^export /m, '');
      found.push(`\n${code}`);
      look(code);
    }
  };
  for (const { pos, end, body } of declarations) look(file.text.slice(pos, body?.pos ?? end));
  return found;
}

function withoutComments(text) {
  return text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
}

function namesOf(statement) {
  if (statement.declarationList !== undefined)
    return statement.declarationList.declarations.map((declaration) => declaration.name.text);
  return statement.name === undefined ? [] : [statement.name.text];
}

function kindOf(statement) {
  if (statement.kind === SyntaxKind.FunctionDeclaration) return 'function';
  if (statement.kind === SyntaxKind.ClassDeclaration) return 'class';
  if (statement.declarationList === undefined) return 'type';
  const [{ initializer }] = statement.declarationList.declarations;
  return initializer?.kind === SyntaxKind.ArrowFunction ? 'function' : 'constant';
}

/** The declaration as it stands in the source, without its docstring and without its body. */
function signatureOf({ checker }, file, statement, name) {
  const source = (from, to) => file.text.slice(from, to);
  const code = (from, to) =>
    withoutLeadingComments(source(from, to))
      .replace(/^export (default )?(declare )?/, '')
      .trim();
  if (statement.kind === SyntaxKind.FunctionDeclaration) {
    const text = code(statement.pos, statement.body?.pos ?? statement.end).replace(/;$/, '');
    if (statement.type !== undefined) return text;
    const returned = checker.getReturnTypeOfSignature(checker.getSignatureFromDeclaration(statement));
    return `${text}: ${brief(checker.typeToString(returned))}`;
  }
  if (statement.kind === SyntaxKind.ClassDeclaration)
    return code(statement.pos, statement.members.pos).replace(/\s*\{$/, '');
  // `keyof typeof X` of what nothing exports: the words themselves.
  if (
    statement.kind === SyntaxKind.TypeAliasDeclaration &&
    /\btypeof\b/.test(code(statement.pos, statement.end))
  )
    return `type ${name} = ${checker.typeToString(checker.getTypeAtLocation(statement.name), undefined, IN_TYPE_ALIAS)};`;
  if (statement.declarationList === undefined) return code(statement.pos, statement.end);
  const declaration = statement.declarationList.declarations.find((one) => one.name.text === name);
  if (declaration.type !== undefined)
    return `const ${name}: ${source(declaration.type.pos, declaration.type.end).trim()}`;
  const type = checker.getTypeAtLocation(declaration.name);
  // The types of options are long and say less than their names; the pages of the outputs have the rest.
  if (declaration.initializer?.kind === SyntaxKind.ObjectLiteralExpression)
    return `const ${name}: { ${checker
      .getPropertiesOfType(type)
      .map((one) => one.name)
      .join(', ')} }`;
  return `const ${name}: ${brief(checker.typeToString(type))}`;
}

/** A type that the compiler worked out; of a long one the name is left. */
function brief(type) {
  return type.length <= 100 ? type : type.replace(/<.*>/s, '<…>');
}

/** The docstring that stands before a statement. */
function docCommentOf(file, statement) {
  const text = file.text.slice(statement.pos, statement.end);
  const lead = text.slice(0, text.length - withoutLeadingComments(text).length);
  return lead.match(/\/\*\*.*?\*\//gs)?.at(-1) ?? '';
}

function withoutLeadingComments(text) {
  return text.replace(/^(?:\s+|\/\/[^\n]*\n|\/\*.*?\*\/)+/s, '');
}

/** The parts of a docstring; paragraphs are joined to one line each, lists, tables and examples stay as they are. */
function commentOf(comment) {
  const lines = comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''));
  const [text = '', ...tags] = lines.join('\n').split(/^\s*@(?=[a-z])/m);
  const doc = { text: paragraphs(text), params: [], throws: [], examples: [] };
  for (const tag of tags) {
    const [, name, rest] = /^([a-z]+)\b\s?(.*)$/s.exec(tag);
    if (name === 'param') {
      const [, param, about] = /^(\S+)\s*(.*)$/s.exec(rest);
      doc.params.push({ name: param, text: paragraphs(about) });
    } else if (name === 'returns') doc.returns = paragraphs(rest);
    else if (name === 'throws') doc.throws.push(paragraphs(rest));
    else if (name === 'example') doc.examples.push(withoutIndentation(rest));
  }
  return doc;
}

function paragraphs(text) {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((part) => (/^\s*[|*-] ?/m.test(part) ? part : part.replace(/\s*\n\s*/g, ' ').trim()))
    .join('\n\n');
}

function withoutIndentation(text) {
  const lines = text
    .replace(/^[ \t]*\n/, '')
    .trimEnd()
    .split('\n');
  const filled = lines.filter((line) => line.trim() !== '');
  const least = Math.min(...filled.map((line) => line.length - line.trimStart().length));
  return lines
    .map((line) => line.slice(Math.min(least, line.length)))
    .join('\n')
    .trim();
}

/**
 * The pages of docs/api by their path from the root.
 *
 * @returns {Map<string, string>}
 */
export function apiPages(entries = readApi()) {
  const targets = linkTargets(entries);
  const files = new Map([['docs/api/README.md', GENERATED + indexPage(entries, targets)]]);
  for (const entry of entries) files.set(`docs/api/${entry.page}.md`, GENERATED + entryPage(entry, targets));
  return files;
}

/** Where each name is documented: the page and the anchor that GitHub gives its heading. */
function linkTargets(entries) {
  const targets = new Map();
  for (const { page, groups, module } of entries) {
    const seen = new Map();
    const anchorOf = (heading) => {
      const slug = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-');
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    };
    anchorOf(module);
    for (const { title, exports } of groups) {
      if (title !== '') anchorOf(title);
      for (const { name } of exports) targets.set(name, { page, anchor: anchorOf(name) });
    }
  }
  return targets;
}

function indexPage(entries, targets) {
  const parts = [
    '# The API',
    'What outputs, mappers and their tests import. Each page is written from the docstrings of the sources. To begin, read ' +
      '[write an output](../write-an-output.md) or [write a mapper](../write-a-mapper.md).',
  ];
  for (const { module, page, groups, text } of entries) {
    parts.push(`## [\`${module}\`](${page}.md)`, firstParagraph(text));
    for (const { title, exports } of groups) {
      if (title !== '') parts.push(`### ${title}`);
      const rows = exports.map(({ name, text }) => {
        const { anchor } = targets.get(name);
        return `| [\`${name}\`](${page}.md#${anchor}) | ${cell(linked(firstSentence(text), targets, ''))} |`;
      });
      parts.push(['| name | what it is |', '| --- | --- |', ...rows].join('\n'));
    }
  }
  return `${parts.join('\n\n')}\n`;
}

function entryPage({ module, page, text, groups }, targets) {
  const [first] = groups[0].exports;
  const parts = [
    `# ${module}`,
    linked(text, targets, page),
    fence(`import { ${first.name} } from '${module}';`),
    AROUND,
  ];
  for (const { title, exports } of groups) {
    if (title !== '') parts.push(`## ${title}`);
    for (const one of exports) parts.push(...exportParts(one, targets, page));
  }
  return `${parts.join('\n\n')}\n`;
}

function exportParts({ name, signature, text, params, returns, throws, examples, file }, targets, page) {
  const markdown = (words) => linked(words, targets, page);
  const details = [
    ...params.map((param) => `- \`${param.name}\`: ${markdown(param.text)}`),
    ...(returns === undefined ? [] : [`- Returns ${markdown(returns)}`]),
    ...throws.map((reason) => `- Throws ${markdown(reason)}`),
  ];
  return [
    `### ${name}`,
    ...(text === '' ? [] : [markdown(text)]),
    fence(signature.replace(/\{@link (\w+)\}/g, '$1')),
    ...(details.length > 0 ? [details.join('\n')] : []),
    ...examples.flatMap((example) => ['Example:', fence(example)]),
    `<sub>${sourceLink(file, manifest.repository)}</sub>`,
  ];
}

/**
 * The source of an export: a link to the repository, or only its path where package.json names none. The package holds no
 * sources, so a relative link would be dead there.
 *
 * @param {string} file from the root
 * @param {string | { url: string } | undefined} repository of package.json
 */
export function sourceLink(file, repository) {
  const address = typeof repository === 'string' ? repository : repository?.url;
  const page = address
    ?.replace(/^(?:github:)?([\w.-]+\/[\w.-]+)$/, 'https://github.com/$1')
    .replace(/^(?:git\+)?(?:https|ssh|git):\/\/(?:[^@/]+@)?/, 'https://')
    .replace(/\.git$/, '');
  return page?.startsWith('https://') ? `[${file}](${page}/blob/HEAD/${file})` : `\`${file}\``;
}

function fence(text) {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/** `{@link name}` as a link to where the name is documented. */
function linked(text, targets, page) {
  return text.replace(/\{@link (\w+)\}/g, (_, name) => {
    const target = targets.get(name);
    if (target === undefined) return `\`${name}\``;
    const file = target.page === page ? '' : `${target.page}.md`;
    return `[\`${name}\`](${file}#${target.anchor})`;
  });
}

function firstParagraph(text) {
  return text.split('\n\n')[0];
}

function firstSentence(text) {
  return /^.*?[.:](?=\s|$)/s.exec(firstParagraph(text))?.[0].replace(/:$/, '.') ?? firstParagraph(text);
}

function cell(text) {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}
