/**
 * Text for terminals. Events, paths and answers of destinations are written by others: a control character moves the
 * cursor, U+202E turns the text round, and an invisible character makes two different names look alike.
 */

/** Controls, formats (bidirectional ones too), line separators, halves of characters, and what has no glyph at all. */
const UNSAFE = /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** A colour or weight: the only sequences that this program writes inside of texts. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
const STYLE = /(\u001b\[[0-9;]*m)/;

/**
 * Shows what a terminal would obey or hide as `\u{202e}`. Line feeds and tabs stay: they lay out the text.
 *
 * @param options.styled the text has colours of this program, and what others wrote in it has been through here before
 * @example printable('a\u001b[2Jb') // 'a\\u{1b}[2Jb'
 */
export function printable(text: string, { styled = false }: { readonly styled?: boolean } = {}): string {
  if (!styled) return text.replace(UNSAFE, escapeCharacter);
  return text
    .split(STYLE)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

/**
 * The same for JSON: such characters become `\u` escapes, so that a parser returns the same values.
 *
 * @param json valid JSON, or lines of it
 * @example
 * process.stdout.write(`${printableJson(JSON.stringify({ rule: event.rule }))}\n`);
 */
export function printableJson(json: string): string {
  // Between the members a carriage return is white space, and inside of strings JSON has none.
  return json.replaceAll('\r', ' ').replace(UNSAFE, escapeUnits);
}

/** Text from outside on one line of a terminal. */
export function oneLine(text: string): string {
  return printable(text.replace(/[ \t\r\n]+/g, ' '));
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
