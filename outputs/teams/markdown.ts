/**
 * A text of an event that Teams shows as it is. Cards understand Markdown, entities of HTML (message cards also some of its elements)
 * and `{{DATE(…)}}`: an event must not be able to write a link, a list or a format.
 *
 * @example plain('*x* [y](https://z)') // '\\*x\\* \\[y\\](https://z)'
 */
export function plain(text: string): string {
  return (
    text
      .replace(/[\\`*[\]]/g, '\\$&')
      // Within a word it is no format.
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replace(/\{\{(?=(?:DATE|TIME)\()/gi, '{ {')
      .replace(/^(\s*)([-+#>])/gm, '$1\\$2')
      .replace(/^(\s*\d+)([.)])(?=\s)/gm, '$1\\$2')
  );
}
