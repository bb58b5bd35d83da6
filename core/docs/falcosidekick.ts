import { FALCOSIDEKICK, keysThere, valueChange } from '../config/schema/falcosidekick.ts';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import { OutputSchema } from '../config/schema/output.ts';
import { ConfigSchema } from '../config/schema/sections.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { type Block, heading, type Page, table, text } from './page.ts';

/** The page of Falcosidekick's keys and what they are here: what the options themselves say. */
export function falcosidekickPage(definitions: Readonly<Record<string, AnyOutputDefinition>>): Page {
  const sections = { ...(ConfigSchema as JsonSchema).properties };
  delete sections.outputs;
  return [
    heading(1, 'Falcosidekick’s keys'),
    text(
      'What each key of its configuration is called here. [From Falcosidekick](from-falcosidekick.md) says what else is different. What is not listed has no counterpart; `tiercel validate` names it with its place.',
    ),
    heading(2, 'For the whole program'),
    keyTable(renamed({ properties: sections })),
    heading(2, 'For every output'),
    text(
      'Under `outputs`, beside the `type` of each. `tls` and `headers` are of the outputs that have them.',
    ),
    keyTable([...renamed(OutputSchema as JsonSchema), ...shared(definitions)]),
    ...Object.entries(definitions).flatMap(([type, definition]): Block[] => {
      const rows = renamed(definition.options as JsonSchema).filter(([key]) => key!.includes('.'));
      const own = rows.filter(([key]) => !isShared(key!));
      // An output that Falcosidekick has, too: one of its keys is in a section of that name.
      const isThere = own.some(([key]) => sameName(key!.split('.').slice(0, -1).join(''), type));
      return isThere ? [heading(2, type), keyTable(own)] : [];
    }),
    heading(2, 'What is left out'),
    table(
      ['there', 'here'],
      Object.entries(FALCOSIDEKICK.gone).map(([key, advice]) => [`\`${key}\``, advice]),
    ),
  ];
}

function keyTable(rows: readonly (readonly string[])[]): Block {
  return table(
    ['there', 'here', 'what it is'],
    rows.map(([there, here, about]) => [`\`${there}\``, `\`${here}\``, about!]),
  );
}

/** Rows for every option that says what it was called: there, here, what it is. */
function renamed(schema: JsonSchema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]): string[][] => {
    const here = `${prefix}${name}`;
    const own = keysThere(option).map((there) => {
      const change = valueChange(there, { here, option, quote: '`' });
      return [there.key, here, [option.description, change?.rule].filter(Boolean).join(' ')];
    });
    return [...own, ...renamed(option, `${here}.`)];
  });
}

function sameName(a: string, b: string): boolean {
  return a.replaceAll('_', '') === b.replaceAll('_', '');
}

/** Keys that are no single output's: `customheaders`, `mutualtlsclient.certfile`, `aws.region`. */
function isShared(key: string): boolean {
  return /^(mutualtls|tlsclient|customheaders|checkcert)/.test(key);
}

/** What several types have from the framework, once. */
function shared(definitions: Readonly<Record<string, AnyOutputDefinition>>): string[][] {
  const rows = Object.values(definitions).flatMap(({ options }) => renamed(options as JsonSchema));
  const byKey = new Map(rows.filter(([key]) => isShared(key!)).map((row) => [row[0]!, row]));
  return [...byKey.values()];
}
