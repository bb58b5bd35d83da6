import { type Event, type Logger, textTemplate } from '../../core/sdk/index.ts';

/** The elements of STRUCTURED-DATA by SD-ID, each with the templates of its parameters by name. */
export type StructuredData = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** SD-NAME of RFC 5424: printable ASCII without `=`, space, `]` and `"`. */
const NAME = /^[!#-<>-\\^-~]{1,32}$/;
/** An SD-ID that somebody may choose, `falco@32473`: the number is a private enterprise number, with numbers below it. */
const OWN_ID = /^[^@]+@\d+(?:\.\d+)*$/;
/** The SD-IDs that IANA has registered. */
const REGISTERED = [
  'timeQuality',
  'origin',
  'meta',
  'snmp',
  'alarm',
  'ssign',
  'ssign-cert',
  'PCNNode',
  'PCNTerm',
];

/**
 * Checks the names of the elements and of their parameters.
 *
 * @throws Error naming the option, the name and what it must look like
 */
export function checkStructuredData(data: StructuredData): void {
  for (const [id, parameters] of Object.entries(data)) {
    const isId = NAME.test(id) && (OWN_ID.test(id) || REGISTERED.includes(id));
    if (!isId) {
      throw new Error(
        `structured_data: "${id}" is not an SD-ID. Use NAME@NUMBER with your private enterprise number, like "falco@32473", in at most 32 characters.`,
      );
    }
    for (const name of Object.keys(parameters)) {
      if (!NAME.test(name)) {
        throw new Error(
          `structured_data: "${name}" in "${id}" is not a parameter name. Use at most 32 characters of printable ASCII, without space, "=", "]" and double quotes.`,
        );
      }
    }
  }
}

/**
 * Writes STRUCTURED-DATA of an event; nil when there are no elements.
 *
 * @throws Error when a template does not parse
 * @example structuredDataOf({ 'falco@32473': { rule: '{{ rule }}' } }, log)(event) // '[falco@32473 rule="Terminal shell"]'
 */
export function structuredDataOf(data: StructuredData, log: Logger): (event: Event) => string {
  const elements = Object.entries(data).map(([id, parameters]) => {
    const values = Object.entries(parameters).map(
      ([name, text]) => [name, textTemplate(`structured_data.${id}.${name}`, text, log)] as const,
    );
    return (event: Event) =>
      `[${id}${values.map(([name, value]) => ` ${name}="${escapeValue(value(event))}"`).join('')}]`;
  });
  return (event) => elements.map((element) => element(event)).join('') || '-';
}

/** A control character becomes a space: it has no escape, and receivers that read lines would end the message there. */
function escapeValue(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
  return text.replace(/["\\\]]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, ' ');
}
