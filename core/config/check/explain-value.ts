import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Fault } from '../explain/errors.ts';
import { didYouMean } from '../explain/suggest.ts';
import type { Node, ScalarNode } from '../read/tree.ts';
import { FORMATS, type Format } from '../schema/formats.ts';
import { branches, type JsonSchema, knownNames, typesOf } from '../schema/json-schema.ts';
import { formatSize } from '../schema/size.ts';
import { mappingExample } from './example.ts';

/** An error about a value, without its position. */
export type Explanation = Pick<Fault, 'code' | 'message' | 'fix' | 'suggestion'>;

/**
 * Explains which values an option takes.
 *
 * @param shown the value, if it may be shown
 */
export function explainValue(
  error: ErrorObject,
  schema: JsonSchema,
  node: Node,
  shown: unknown,
): Explanation {
  const { params } = error;
  const code = 'TIERCEL_CFG_VALUE';
  switch (error.keyword) {
    case 'type':
      return explainType(error, schema, node, shown);
    case 'format': {
      const format = FORMATS[String(params.format)];
      if (format === undefined) return { code, message: `must be a ${params.format}` };
      return {
        code: format.code,
        message: formatMessage(format, node, shown),
        ...(format.fix && { fix: format.fix }),
      };
    }
    case 'enum':
    case 'const':
      return explainChoice(error, node, shown);
    case 'minimum':
    case 'formatMinimum':
      return { code, message: `must be at least ${params.limit ?? schema.formatMinimum}` };
    case 'maximum':
    case 'formatMaximum':
      return { code, message: `must be at most ${params.limit ?? schema.formatMaximum}` };
    case 'minLength':
      return {
        code,
        message: params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`,
      };
    case 'minItems':
      return {
        code,
        message: 'must not be an empty list',
        fix: 'Add an entry, or remove the option if it is not required.',
      };
    case 'minProperties':
      return { code, message: `requires one of ${knownNames(schema).join(', ')}` };
    case 'maxProperties': {
      const given = node.kind === 'map' ? [...node.entries.keys()] : [];
      const fix = 'Remove all but one of them.';
      return { code: 'TIERCEL_CFG_TOGETHER', message: `must have only one of ${given.join(', ')}`, fix };
    }
    case 'maxItems':
      return { code, message: `must have at most ${params.limit} entries` };
    case 'uniqueItems':
      return {
        code,
        message: `has duplicate entries: entries ${params.j + 1} and ${params.i + 1} are equal`,
      };
    case 'maxLength':
      return { code, message: `must have at most ${params.limit} characters` };
    case 'pattern': {
      const example = schema.examples?.[0] ?? schema.default;
      const about = [schema.description, example !== undefined && `For example: ${String(example)}`];
      const fix = about.filter(Boolean).join(' ');
      return { code, message: `must match ${params.pattern}`, ...(fix && { fix }) };
    }
    case 'needs':
      return { code: 'TIERCEL_CFG_TOGETHER', message: `requires "${params.other}"` };
    case 'excludes':
      return {
        code: 'TIERCEL_CFG_TOGETHER',
        message: `cannot be combined with "${params.other}"`,
        fix: 'Remove one of them.',
      };
    case 'anyOf':
    case 'oneOf': {
      const choices = branches(schema).flatMap((branch) => ('const' in branch ? [branch.const] : []));
      if (choices.length === branches(schema).length)
        return explainChoice({ ...error, keyword: 'enum', params: { allowedValues: choices } }, node, shown);
      if (!typesOf(schema).has(jsonType(node))) return explainType(error, schema, node, shown);
      return {
        code: 'TIERCEL_CFG_TYPE',
        message: `must be ${kinds(typesOf(schema))} in one of the documented forms`,
      };
    }
    default:
      return { code, message: error.message ?? 'is not valid' };
  }
}

/** Does not quote a secret, and gives the reason only where that reveals nothing about it. */
function formatMessage(format: Format, node: Node, shown: unknown): string {
  const text = node.kind === 'scalar' && format.isDiscreet === true ? node.value : shown;
  const parsed = typeof text === 'string' ? format.parse(text) : undefined;
  if (parsed === undefined || parsed.ok) return `must be ${format.kind}`;
  return shown === undefined
    ? `must be ${format.kind}; this value ${parsed.reason}`
    : `${quoted(String(shown))} ${parsed.reason}`;
}

/** In quotes, with line breaks as escapes. */
function quoted(text: string): string {
  return /[\r\n]/.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function explainChoice({ keyword, params }: ErrorObject, node: Node, shown: unknown): Explanation {
  const allowed = (keyword === 'enum' ? params.allowedValues : [params.allowedValue]) as unknown[];
  const words = allowed.map(String);
  const written = node.kind === 'scalar' && shown !== undefined ? node.written : '';
  // A number that is a valid choice in quotes.
  if (words.includes(written))
    return {
      code: 'TIERCEL_CFG_TYPE',
      message: 'must be a string',
      fix: `Write it in quotes: "${written}".`,
    };
  const list = `must be ${allowed.length > 1 ? 'one of ' : ''}${words.join(', ')}`;
  const { text, suggestion } = didYouMean(written, words);
  return { code: 'TIERCEL_CFG_VALUE', message: list + text, ...(suggestion && { suggestion }) };
}

function explainType(
  { instancePath }: ErrorObject,
  schema: JsonSchema,
  node: Node,
  shown: unknown,
): Explanation {
  const types = typesOf(schema);
  const format = schema.format === undefined ? undefined : FORMATS[schema.format];
  const wanted = format?.kind ?? kinds(types);
  const code = format?.code ?? 'TIERCEL_CFG_TYPE';
  const message = `must be ${wanted}, not ${kindOf(node, shown)}`;
  const given = node.kind === 'scalar' ? scalarFix(schema, node, shown) : collectionFix(types, node);
  const fix =
    given ?? (types.has('object') ? mappingExample(instancePath.split('/').at(-1)!, schema) : undefined);
  return { code, message, ...(fix !== undefined && { fix }) };
}

/** What to write instead of a scalar. */
function scalarFix(schema: JsonSchema, node: ScalarNode, shown: unknown): string | undefined {
  const types = typesOf(schema);
  if (schema.format !== undefined && typeof shown === 'number') return withUnit(schema.format, shown);
  const isText = typeof shown === 'string';
  if (isText && node.isText && /^\s*[[{]/.test(shown) && (types.has('array') || types.has('object')))
    return 'The text in the brackets is not valid YAML.';
  if (types.has('string')) {
    if (typeof node.value === 'string') return undefined;
    return `Write it in quotes${shown === undefined ? '' : `: "${node.written}"`}.`;
  }
  if (types.has('array')) {
    if (shown === undefined) return 'Put it in brackets.';
    // As written: "!x" and "@x" need their quotes in brackets, too.
    const written = node.span.source.text.slice(node.span.start, node.span.end) || String(shown);
    if (/^-\S.*\n/.test(written)) return 'Add a space after each dash.';
    return `Put it in brackets: [${written}].`;
  }
  if (isText && types.has('object') && /^[\w.]+:[^\s:]+$/.test(shown) && !shown.includes('//'))
    return 'Add a space after the colon.';
  if (isText && types.has('boolean')) return booleanFix(shown);
  if (isText && /^-?\d+(\.\d+)?$/.test(shown) && (types.has('integer') || types.has('number')))
    return `Write it without quotes: ${shown}.`;
  return undefined;
}

function booleanFix(shown: string): string | undefined {
  const word = shown.toLowerCase();
  if (['true', 'yes', 'on', 'y'].includes(word)) return 'Write true, without quotes.';
  if (['false', 'no', 'off', 'n'].includes(word)) return 'Write false, without quotes.';
  return undefined;
}

function withUnit(format: string, shown: number): string | undefined {
  if (format === 'address') return `Write it as ":${shown}".`;
  // Not with its digits: YAML reads 0640 as 640, and 416 may mean 0640.
  if (format === 'file-mode') return 'Write it in quotes, in octal: "0640".';
  if (!Number.isInteger(shown) || shown <= 0) return undefined;
  if (format === 'duration') return `Add a unit: ${shown}s or ${shown}ms.`;
  // A number this large is probably in bytes.
  if (format === 'size')
    return `Add a unit, for example ${shown >= 65_536 ? formatSize(shown) : `${shown}MiB`}.`;
  return undefined;
}

/** What to write instead of a mapping or a list. */
function collectionFix(types: ReadonlySet<string>, node: Exclude<Node, ScalarNode>): string | undefined {
  if (node.kind === 'list') {
    if (types.has('object') && node.items.length > 0 && node.items.every(({ kind }) => kind === 'map'))
      return 'Remove the dashes.';
    return types.has('string') && !types.has('object') ? 'Use a single value.' : undefined;
  }
  return types.has('array')
    ? 'Write a list: [a, b], or one entry per line that begins with "- ".'
    : undefined;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  null: 'empty',
};

function kinds(types: ReadonlySet<string>): string {
  return [...types].map((type) => WORDS[type] ?? type).join(' or ') || 'something else';
}

function kindOf(node: Node, shown: unknown): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'empty';
  if (typeof node.value === 'boolean') return `${node.value}`;
  if (typeof shown === 'number' && !Number.isInteger(shown)) return `${shown}`;
  return `a ${typeof node.value === 'bigint' ? 'number' : typeof node.value}`;
}

function jsonType(node: Node): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'object' : 'array';
  if (node.value === null) return 'null';
  return typeof node.value === 'bigint' ? 'number' : typeof node.value;
}
