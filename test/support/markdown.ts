/** A fenced block of a Markdown page. */
export interface CodeBlock {
  readonly language: string;
  /** From ```` ```js file=tickets.js ````. */
  readonly file?: string;
  readonly text: string;
  readonly line: number;
}

/** Every fenced block of a page, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const fence = /^```(\w*)([^\n]*)\n(.*?)^```$/gms;
  return [...markdown.matchAll(fence)].map((match) => {
    const [, language = '', details = '', text = ''] = match;
    const file = /file=(\S+)/.exec(details)?.[1];
    const line = markdown.slice(0, match.index).split('\n').length;
    return { language, text, line, ...(file !== undefined && { file }) };
  });
}

/** The commands of a shell block: comments and line continuations taken away. */
export function commands(text: string): string[] {
  return text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter(Boolean);
}

/** What a link into a page can name: its headings, as GitHub derives anchors from them, and explicit anchors. */
export function anchorsOf(markdown: string): Set<string> {
  const prose = markdown.replace(/^```.*?^```$/gms, '');
  const anchors = new Set<string>();
  for (const [, text] of prose.matchAll(/^#{1,6} +(.*?)(?: +#+)?$/gm)) {
    const slug = text!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  for (const [, id] of prose.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id!);
  return anchors;
}
