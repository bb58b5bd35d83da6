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
