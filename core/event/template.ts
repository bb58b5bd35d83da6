import { createRequire } from 'node:module';
import type { Liquid, Template } from 'liquidjs';
import type { Event, FieldValue } from './event.ts';

/** Limits of rendering one template: allocations and milliseconds. */
const LIMITS = { memoryLimit: 1_000_000, renderLimit: 100 };

/** Renders the templated fields of an event. */
export type Renderer = (event: Event, fields: Readonly<Record<string, FieldValue>>) => Record<string, string>;

/**
 * Compiles Liquid templates over an event: `id`, `rule`, `priority`, `source`, `hostname`, `output`, `time` (text),
 * `tags`, `fields`. They reach nothing else: no files, no prototypes.
 *
 * The field of a template that fails or renders to an empty text is left out; `report` is called once per field that fails.
 *
 * @throws Error naming the field when a template does not parse
 */
export function createRenderer(
  templates: Readonly<Record<string, string>>,
  report: (message: string) => void,
): Renderer {
  const liquid = createLiquid();
  const compiled = Object.entries(templates).map(([field, text]) => {
    return [field, compile(liquid, field, text)] as const;
  });
  const reported = new Set<string>();

  return (event, fields) => {
    const { id, rule, priority, source, hostname, output, timeText, tags } = event;
    const scope = { id, rule, priority, source, hostname, output, time: timeText, tags, fields };
    const rendered: Record<string, string> = Object.create(null);
    for (const [field, template] of compiled) {
      try {
        const value = render(liquid, template, scope);
        if (value !== '') rendered[field] = value;
      } catch (error) {
        if (reported.has(field)) continue;
        reported.add(field);
        report(`templated field ${field} is left out where it fails: ${(error as Error).message}`);
      }
    }
    return rendered;
  };
}

function createLiquid(): Liquid {
  // Loaded here and not above: it slows down the start, and few configurations have templates (bench/cases/start.ts).
  const { Liquid } = createRequire(import.meta.url)('liquidjs') as typeof import('liquidjs');
  // `templates: {}` takes the place of the file system for include and render.
  return new Liquid({ templates: {}, ownPropertyOnly: true, strictFilters: true, parseLimit: 100_000 });
}

/** The names that a template may use. */
const NAMES = ['id', 'rule', 'priority', 'source', 'hostname', 'output', 'time', 'tags', 'fields'];

/**
 * Checks the syntax of a template and the names that it uses: an unknown name would always be empty.
 *
 * @returns what is wrong, completing `"…" …`; undefined when nothing is
 */
export function templateProblem(text: string): string | undefined {
  const liquid = createLiquid();
  try {
    for (const path of liquid.globalVariableSegmentsSync(liquid.parse(text))) {
      const [name, ...rest] = path.map(String);
      if (!NAMES.includes(name!)) return `has the unknown name "${name}"; known are ${NAMES.join(', ')}`;
      const isDotted = name === 'fields' && rest.length > 1 && path.every((part) => typeof part === 'string');
      if (isDotted) return `has a field with dots, which stands in brackets: fields["${rest.join('.')}"]`;
    }
    return undefined;
  } catch (error) {
    return `is not a valid Liquid template: ${(error as Error).message}`;
  }
}

/** Retried once after a timeout: the process may have been paused, and a replay must render the same. */
function render(liquid: Liquid, template: Template[], scope: object): string {
  try {
    return String(liquid.renderSync(template, scope, LIMITS));
  } catch (error) {
    if (!(error as Error).message.includes('render limit')) throw error;
    return String(liquid.renderSync(template, scope, LIMITS));
  }
}

function compile(liquid: Liquid, field: string, text: string): Template[] {
  try {
    return liquid.parse(text);
  } catch (error) {
    throw new Error(`templated field ${field}: ${(error as Error).message}`, { cause: error });
  }
}
