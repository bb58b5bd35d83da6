import type { Fault, Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { hasCredentials } from '../../read/credentials-in-url.ts';
import { find, isNull, type MapNode, type Node } from '../../read/tree.ts';
import type { CrossContext } from './context.ts';

/** Options that hold credentials, in the outputs that there are and in those of others. */
const OPTIONS = new Set(['auth', 'username', 'user', 'password', 'token', 'credentials', 'sasl']);

/**
 * An output has one set of credentials: those in its URL, those of its options, or an `Authorization` header. With two of them
 * it is undefined which one the destination gets.
 */
export function checkCredentials({ nodes }: CrossContext): Fault[] {
  return nodes.flatMap(({ name, node }): Fault[] => {
    if (node.kind !== 'map') return [];
    const [first, second] = credentialsIn(node);
    if (first === undefined || second === undefined) return [];
    return [
      {
        code: 'TIERCEL_CFG_TOGETHER',
        path: ['outputs', name, ...second.path],
        message: `cannot be combined with ${first.what}`,
        fix: `Remove ${first.what}, or remove "${second.path.join('.')}".`,
        span: second.span,
        other: first.span,
      },
    ];
  });
}

interface Found {
  readonly what: string;
  readonly path: Path;
  readonly span: Span;
}

/** At most one of each kind: URL, header, options. */
function credentialsIn({ entries }: MapNode): Found[] {
  const members = [...entries].filter(([, { value }]) => !isNull(value));
  const inUrl = members.flatMap(([name, { key, value }]): Found[] =>
    hasUserInfo(value) ? [{ what: `the credentials in "${name}"`, path: [name], span: key }] : [],
  );
  const headers = entries.get('headers')?.value;
  const own = headerOf(entries.get('auth')?.value);
  const inHeader = (headers?.kind === 'map' ? [...headers.entries] : []).flatMap(
    ([name, { key }]): Found[] =>
      ['authorization', own].includes(name.toLowerCase())
        ? [{ what: `the header "${name}"`, path: ['headers', name], span: key }]
        : [],
  );
  const inOptions = members.flatMap(([name, { key }]): Found[] =>
    OPTIONS.has(name) ? [{ what: `"${name}"`, path: [name], span: key }] : [],
  );
  return [inUrl, inHeader, inOptions].flatMap(([first]) => first ?? []);
}

/** The header that `auth: { header: { name: X-Api-Key, … } }` sets, in lower case. */
function headerOf(auth: Node | undefined): string | undefined {
  const { node, exact } = auth === undefined ? {} : find(auth, ['header', 'name']);
  return exact && node?.kind === 'scalar' ? String(node.value).toLowerCase() : undefined;
}

/** A URL with a user name or password in it, or a list that holds one. */
function hasUserInfo(node: Node): boolean {
  if (node.kind === 'list') return node.items.some(hasUserInfo);
  return node.kind === 'scalar' && hasCredentials(node.value);
}
