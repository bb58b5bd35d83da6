/** A piece of a page of documentation. Texts are Markdown; a page becomes a file or is shown on a terminal. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | {
      readonly kind: 'table';
      readonly header: readonly string[];
      /** The last cell of a row is the longest: what it is about. */
      readonly rows: readonly (readonly string[])[];
    };

/** A page of documentation as data. */
export type Page = readonly Block[];

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ kind: 'heading', level, text });
export const text = (words: string): Block => ({ kind: 'text', text: words });
export const code = (language: string, words: string): Block => ({
  kind: 'code',
  language,
  text: words.trimEnd(),
});
export const table = (header: readonly string[], rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  header,
  rows,
});

/** @returns the page as a Markdown file. */
export function toMarkdown(page: Page): string {
  return `${page.map(markdown).join('\n\n')}\n`;
}

function markdown(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${block.text}`;
    case 'text':
      return block.text;
    case 'code':
      return `\`\`\`${block.language}\n${block.text}\n\`\`\``;
    case 'table':
      return [block.header, block.header.map(() => '---'), ...block.rows].map(markdownRow).join('\n');
  }
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
}
