import { createEnricher, noDecodeOptions } from '../event/decode.ts';
import { compileRoute, type RouteError, type RouteSpec } from '../routing/route.ts';
import type { OutputConfig } from './config.ts';
import { formatDuration } from './duration.ts';
import type { Fault, Path } from './errors.ts';
import type { ConfigSections } from './schema.ts';
import { formatSize } from './size.ts';
import type { Span } from './source.ts';
import { didYouMean } from './suggest.ts';
import { find, type Node, spanOf } from './tree.ts';

/** What one setting says about another; asked when each by itself is right. */
export interface Whole {
  readonly root: Node;
  /** Those in which nothing is wrong. */
  readonly sections: Partial<ConfigSections>;
  /** Those with nothing wrong. */
  readonly outputs: readonly OutputConfig[];
  /** Of all outputs. */
  readonly routes: readonly { readonly name: string; readonly route: RouteSpec }[];
}

/** The third phase: everything that more than one place decides. */
export function crossCheck(whole: Whole): Fault[] {
  const { sections, root } = whole;
  return [
    ...checkNames(whole),
    ...whole.routes.flatMap((output) => checkRoute(output, root)),
    ...whole.outputs.flatMap((output) => [...checkLimits(output, whole), ...checkBounds(output, whole)]),
    ...checkClaims(whole),
    ...checkSections(sections, root),
    ...checkTemplates(sections, root),
    ...checkTests(sections, whole),
  ];
}

function checkNames({ routes, outputs, root }: Whole): Fault[] {
  const names = routes.map(({ name }) => name);
  if (names.length === 0) {
    const message = 'no output is configured: events would go nowhere';
    const fix = 'Add one, such as  outputs: { screen: { type: stdout } }';
    return [
      { code: 'TIERCEL_CFG_NO_OUTPUTS', path: ['outputs'], message, fix, span: spanOf(root, ['outputs']) },
    ];
  }
  if (outputs.length === names.length && outputs.every((output) => !output.enabled)) {
    const message = 'all outputs are disabled: events would go nowhere';
    return [{ code: 'TIERCEL_CFG_NO_OUTPUTS', path: ['outputs'], message, span: spanOf(root, ['outputs']) }];
  }
  const seen = new Map<string, string>();
  return names.flatMap((name): Fault[] => {
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? name);
    if (first === undefined) return [];
    const message = `is the same name as "${first}": upper and lower case do not tell outputs apart`;
    const [span, other] = [keyOf(root, ['outputs', name]), keyOf(root, ['outputs', first])];
    return [{ code: 'TIERCEL_CFG_DUPLICATE_OUTPUT', path: ['outputs', name], message, span, other }];
  });
}

function checkRoute({ name, route }: Whole['routes'][number], root: Node): Fault[] {
  const compiled = compileRoute(route);
  return compiled.ok ? [] : compiled.errors.map((error) => routeFault(error, ['outputs', name], root));
}

function routeFault(error: RouteError, base: Path, root: Node): Fault {
  const path = [...base, ...error.path];
  const { node } = find(root, path);
  const hint = error.word && error.candidates ? didYouMean(error.word, error.candidates) : { text: '' };
  const isWhen = error.path[0] === 'when';
  const isHidden = node.kind === 'scalar' && node.secret;
  return {
    code: isWhen
      ? 'TIERCEL_CFG_WHEN'
      : error.path[1] === 'priorities'
        ? 'TIERCEL_CFG_PRIORITY'
        : 'TIERCEL_CFG_ROUTE',
    path,
    message: isHidden
      ? 'is not valid (its text comes from outside and is not shown)'
      : error.message + unlessSaid(error.message, hint.text),
    ...(hint.suggestion !== undefined && { suggestion: hint.suggestion }),
    ...(hint.suggestion === undefined &&
      error.candidates && { fix: `Known are ${error.candidates.join(', ')}.` }),
    span: within(node, error, spanOf(root, path)),
  };
}

function unlessSaid(message: string, hint: string): string {
  return /did you mean/i.test(message) ? '' : hint;
}

/** The stretch of an expression at fault, where the text of the file and the value run side by side. */
function within(node: Node, { offset, length }: RouteError, span: Span): Span {
  if (offset === undefined || node.kind !== 'scalar' || node.textStart === undefined) return span;
  const start = node.textStart + offset;
  return { ...span, start, end: Math.min(start + Math.max(length ?? 1, 1), span.end) };
}

function checkLimits({ name, batch, policy }: OutputConfig, { sections, root }: Whole): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const path = ['outputs', name];
  const faults: Fault[] = [];
  const room = sections.journal?.max_size;
  // With `batch.events` the size is seldom what closes a batch.
  const bySize = batch.events === undefined ? batch.size : undefined;
  if (room !== undefined && bySize !== undefined && bySize > room) {
    const message = `a batch of ${formatSize(bySize)} does not fit into the journal, whose max_size is ${formatSize(room)}`;
    faults.push({
      code,
      path: [...path, 'batch', 'size'],
      message,
      span: spanOf(root, [...path, 'batch', 'size']),
      other: spanOf(root, ['journal', 'max_size']),
    });
  }
  for (const [section, { initial, max }] of [
    ['retry', policy.retry] as const,
    ['breaker', policy.breaker] as const,
  ]) {
    if (initial <= max) continue;
    const message = 'is longer than "max"';
    faults.push({
      code,
      path: [...path, section, 'initial'],
      message,
      span: spanOf(root, [...path, section, 'initial']),
    });
  }
  return faults;
}

/** What the type of an output allows for its batches. */
function checkBounds({ name, type, batch, definition }: OutputConfig, { root }: Whole): Fault[] {
  const { every, size } = definition.batchBounds ?? {};
  const limits = [
    { limit: 'every', value: batch.every, bounds: every, format: formatDuration },
    { limit: 'size', value: batch.size, bounds: size, format: formatSize },
  ] as const;
  return limits.flatMap(({ limit, value, bounds, format }): Fault[] => {
    if (value === undefined || bounds === undefined) return [];
    const [least, most] = bounds;
    if (value >= least && value <= most) return [];
    const path = ['outputs', name, 'batch', limit];
    const message = `must be between ${format(least)} and ${format(most)} for an output of the type ${type}`;
    return [{ code: 'TIERCEL_CFG_LIMITS', path, message, span: spanOf(root, path) }];
  });
}

function checkClaims({ outputs, root }: Whole): Fault[] {
  const owners = new Map<string, string>();
  return outputs
    .filter((output) => output.enabled)
    .flatMap(({ name, definition, options }): Fault[] => {
      let claims: readonly string[];
      try {
        claims = definition.claims?.(options as never) ?? [];
      } catch (error) {
        const path = ['outputs', name];
        const message = withoutSecrets((error as Error).message, find(root, path).node);
        return [{ code: 'TIERCEL_CFG_VALUE', path, message, span: keyOf(root, path) }];
      }
      return claims.flatMap((claim): Fault[] => {
        const owner = owners.get(claim);
        owners.set(claim, owner ?? name);
        if (owner === undefined || owner === name) return [];
        const message = `would write to the same place as the output "${owner}"`;
        const [span, other] = [keyOf(root, ['outputs', name]), keyOf(root, ['outputs', owner])];
        return [{ code: 'TIERCEL_CFG_CLAIM', path: ['outputs', name], message, span, other }];
      });
    });
}

/** The message of an output may quote an option that came from outside. */
function withoutSecrets(message: string, node: Node): string {
  if (node.kind === 'scalar') {
    const text = String(node.value ?? '');
    return node.secret && text !== '' ? message.replaceAll(text, '***') : message;
  }
  const inner = node.kind === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value);
  return inner.reduce(withoutSecrets, message);
}

function checkSections({ server, journal }: Partial<ConfigSections>, root: Node): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const faults: Fault[] = [];
  if (journal && journal.segment_size > journal.max_size) {
    const path = ['journal', 'segment_size'];
    const message = `is larger than journal.max_size, ${formatSize(journal.max_size)}`;
    faults.push({ code, path, message, span: spanOf(root, path) });
  }
  if (server && journal && server.max_body > journal.max_size) {
    const path = ['server', 'max_body'];
    const message = `is larger than journal.max_size, ${formatSize(journal.max_size)}: such a body could never be taken`;
    faults.push({ code, path, message, span: spanOf(root, path) });
  }
  if (server && server.admin_listen === server.listen) {
    const path = ['server', 'admin_listen'];
    const message = 'is the same address as server.listen';
    faults.push({ code, path, message, fix: 'Leave it out to serve both there.', span: spanOf(root, path) });
  }
  return faults;
}

function checkTemplates({ enrich }: Partial<ConfigSections>, root: Node): Fault[] {
  return Object.entries(enrich?.templated_fields ?? {}).flatMap(([field, text]): Fault[] => {
    try {
      createEnricher({ ...noDecodeOptions, templatedFields: { [field]: text } });
      return [];
    } catch (error) {
      const path = ['enrich', 'templated_fields', field];
      const { node } = find(root, path);
      const reason =
        node.kind === 'scalar' && node.secret
          ? ''
          : `: ${String((error as Error).message).replace(/^templated field .*?: /, '')}`;
      return [
        {
          code: 'TIERCEL_CFG_TEMPLATE',
          path,
          message: `is not a valid Liquid template${reason}`,
          span: spanOf(root, path),
        },
      ];
    }
  });
}

function checkTests({ tests = [] }: Partial<ConfigSections>, { routes, root }: Whole): Fault[] {
  const names = routes.map(({ name }) => name);
  return tests.flatMap(({ expect }, index) => {
    const at: Path = ['tests', index, 'expect'];
    const lists = (['outputs', 'not_outputs'] as const).flatMap((key) =>
      (expect[key] ?? []).map((name, position) => ({ name, path: [...at, key, position] })),
    );
    const records = Object.keys(expect.records ?? {}).map((name) => ({
      name,
      path: [...at, 'records', name],
    }));
    return [...lists, ...records]
      .filter(({ name }) => !names.includes(name))
      .map(({ name, path }): Fault => {
        const { node } = find(root, path);
        const isHidden = node.kind === 'scalar' && node.secret;
        const { text, suggestion } = didYouMean(name, names);
        const span = path.includes('records') ? keyOf(root, path) : spanOf(root, path);
        return {
          code: 'TIERCEL_CFG_UNKNOWN_OUTPUT',
          path,
          message: isHidden ? 'there is no such output' : `there is no output "${name}"${text}`,
          ...(suggestion && { suggestion }),
          span,
        };
      });
  });
}

function keyOf(root: Node, path: Path): Span {
  return find(root, path).key ?? spanOf(root, path);
}
