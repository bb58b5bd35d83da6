import type { Node } from './tree.ts';

/**
 * A message of a plugin's code without the values that came from outside: it may quote an option.
 *
 * @param node the options that it may quote
 */
export function withoutSecrets(message: string, node: Node): string {
  if (node.kind === 'scalar') {
    const text = String(node.value ?? '');
    return node.secret && text !== '' ? message.replaceAll(text, '***') : message;
  }
  const inner = node.kind === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value);
  return inner.reduce(withoutSecrets, message);
}
