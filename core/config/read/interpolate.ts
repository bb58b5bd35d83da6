import { resolve } from 'node:path';
import type { Fault, Path } from '../explain/errors.ts';
import { didYouMean } from '../explain/suggest.ts';
import { mapScalars, type Node, offsetInSource, type ScalarNode } from './tree.ts';

/** The sources of the values of `${…}`. */
export interface Lookup {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file as text. */
  readFile(path: string): Promise<string>;
}

/** `${env:NAME}`, `${env:NAME:-default}` or `${file:path}` in a text; `$${` is a literal `${`. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g;

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}` and `${file:path}` in the values of a tree. It runs after parsing, so that a
 * value cannot change the structure. Inserted values are marked secret; for `:-` an empty variable counts as not set.
 */
export async function interpolate(root: Node, lookup: Lookup): Promise<{ root: Node; faults: Fault[] }> {
  const faults: Fault[] = [];
  const change = async (scalar: ScalarNode, path: Path): Promise<Node> => {
    if (typeof scalar.value !== 'string' || !scalar.value.includes('${')) return scalar;
    const { text, outside } = await fill(scalar, scalar.value, path, lookup, faults);
    return { ...stripPosition(scalar), value: text, isText: outside, secret: scalar.secret || outside };
  };
  return { root: await mapScalars(root, change), faults };
}

function stripPosition({ textStart: _, ...scalar }: ScalarNode): ScalarNode {
  return scalar;
}

async function fill(
  scalar: ScalarNode,
  value: string,
  path: Path,
  lookup: Lookup,
  faults: Fault[],
): Promise<{ text: string; outside: boolean }> {
  let text = '';
  let at = 0;
  let outside = false;
  for (const match of value.matchAll(REFERENCE)) {
    text += value.slice(at, match.index);
    at = match.index + match[0].length;
    if (match[0] === '$${') {
      text += '${';
      continue;
    }
    outside = true;
    const filled = await resolveReference(match[1], scalar, lookup);
    if (typeof filled === 'string') text += filled;
    else {
      const from = offsetInSource(scalar, match.index);
      const end = from === undefined ? scalar.span.end : from + match[0].length;
      faults.push({
        code: 'TIERCEL_CFG_INTERPOLATION',
        path,
        span: { ...scalar.span, start: from ?? scalar.span.start, end },
        ...filled,
      });
    }
  }
  return { text: text + value.slice(at), outside };
}

async function resolveReference(
  reference: string | undefined,
  scalar: ScalarNode,
  lookup: Lookup,
): Promise<string | { message: string; fix?: string; suggestion?: string }> {
  if (reference === undefined) return { message: '"${" is not closed', fix: 'Write $${ for a literal "${".' };
  const [, kind, rest] = /^([a-z]+):(.*)$/s.exec(reference) ?? [];
  if (kind === 'env') return fromEnvironment(rest!, lookup);
  if (kind === 'file') return fromFile(rest!, scalar, lookup);
  // `${NAME}`, `${NAME:-default}` and `${NAME-default}` of shells; `${env.NAME}` and `${ENV:NAME}` of other programs.
  const [, prefix = '', name, fallback] =
    /^(env[.:])?([A-Za-z_][A-Za-z0-9_]*)(:?-.*)?$/is.exec(reference) ?? [];
  // The default after ":-" may be a password.
  const otherwise = fallback === undefined ? '' : ':-…';
  return {
    message:
      name === undefined
        ? `unknown kind of reference "\${…}"`
        : `"\${${prefix}${name}${otherwise}}" has no source; did you mean "\${env:${name}${otherwise}}"?`,
    fix: `Use \${env:NAME}, \${env:NAME:-default} or \${file:path}; write $\${ for a literal "\${".`,
  };
}

function fromEnvironment(
  text: string,
  { env }: Lookup,
): string | { message: string; fix?: string; suggestion?: string } {
  const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(text) ?? [];
  if (name === undefined)
    return {
      message: 'the name of an environment variable consists of letters, digits and "_"',
      fix: `Write \${env:NAME}, or \${env:NAME:-default}.`,
    };
  const value = env[name];
  if (value !== undefined && (value !== '' || fallback === undefined)) return value;
  if (fallback !== undefined) return fallback;
  const { text: hint, suggestion } = didYouMean(name, Object.keys(env));
  return {
    message: `the environment variable ${name} is not set${hint}`,
    fix: `Set it, or add a default: \${env:${name}:-default}.`,
    ...(suggestion && { suggestion }),
  };
}

async function fromFile(
  path: string,
  scalar: ScalarNode,
  lookup: Lookup,
): Promise<string | { message: string; fix?: string }> {
  if (path === '') return { message: `"\${file:}" has no path` };
  const file = resolve(scalar.span.source.dir, path);
  try {
    // Files of secrets often end in a newline that is not part of the secret.
    return (await lookup.readFile(file)).replace(/\r?\n$/, '');
  } catch (error) {
    return { message: `the file ${path} cannot be read: ${describeFileError(error)}` };
  }
}

/** A file system error in words, without its code and path. */
export function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text; save it as UTF-8';
  return message;
}
