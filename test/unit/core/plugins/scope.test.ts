import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  createScope,
  inScope,
  type PluginScope,
  scopedMapper,
  scopedOutput,
  scopesOf,
} from '../../../../core/plugins/scope.ts';
import type { DiagnoseOptions, Output } from '../../../../core/sdk/contract/output.ts';

const scopeOf = (output: string, ...modules: string[]): PluginScope =>
  createScope({ output, modules, usesPackages: true, onRejection() {} });
/** The outputs that a rejection would belong to here and now. */
const here = () => scopesOf(undefined).map(({ output }) => output);
const signal = new AbortController().signal;

describe('a scope', () => {
  it('holds for all that its code starts, and for nothing outside', async () => {
    const seen = await inScope(scopeOf('lake'), async () => {
      const before = here();
      await sleep(1);
      const timer = await new Promise((resolve) => setTimeout(() => resolve(here()), 1));
      const then = await Promise.resolve().then(here);
      return [before, here(), timer, then];
    });
    expect(seen).toEqual([['lake'], ['lake'], ['lake'], ['lake']]);
    expect(here()).toEqual([]);
  });

  it('holds in every method of an output, which keeps its `this` and what it lacks', async () => {
    class Plugin implements Output {
      #calls: string[] = [];
      note(name: string) {
        this.#calls.push(`${name} ${here()}`);
      }
      async start() {
        this.note('start');
      }
      partition() {
        this.note('partition');
        return 'key';
      }
      async deliver() {
        await sleep(1);
        this.note('deliver');
        return { status: 'delivered' as const };
      }
      async *diagnose({ write }: DiagnoseOptions) {
        this.note(`diagnose ${write}`);
        yield { status: 'ok' as const, what: 'first', line: '' };
        await sleep(1);
        this.note('diagnose again');
        yield { status: 'ok' as const, what: 'second', line: '' };
      }
      async stop() {
        this.note('stop');
      }
      get calls() {
        return this.#calls;
      }
    }
    const plugin = new Plugin();
    const output = scopedOutput(plugin, scopeOf('lake')) as Output;
    await output.start?.(signal);
    expect(output.partition?.(undefined as never)).toBe('key');
    expect(await output.deliver(undefined as never, signal)).toEqual({ status: 'delivered' });
    const found: string[] = [];
    for await (const { what } of output.diagnose!({ write: true } as DiagnoseOptions, signal)) {
      found.push(what);
      expect(here()).toEqual([]);
    }
    await output.stop?.(signal);
    expect(found).toEqual(['first', 'second']);
    expect(plugin.calls).toEqual([
      'start lake',
      'partition lake',
      'deliver lake',
      'diagnose true lake',
      'diagnose again lake',
      'stop lake',
    ]);
    expect(Object.keys(output)).not.toContain('check');
    expect(Object.keys(output)).not.toContain('preview');
  });

  it('ends what looks at a destination when nobody wants more', async () => {
    let ended = '';
    const output = scopedOutput(
      {
        async deliver() {
          return { status: 'delivered' as const };
        },
        async *diagnose() {
          try {
            yield { status: 'ok' as const, what: 'first', line: '' };
            yield { status: 'ok' as const, what: 'second', line: '' };
          } finally {
            ended = `in ${here()}`;
          }
        },
      },
      scopeOf('lake'),
    );
    for await (const _ of output.diagnose!({} as DiagnoseOptions, signal)) break;
    expect(ended).toBe('in lake');
  });

  it('costs the program itself nothing where following promises does', () => {
    const own = new URL('../../../../', import.meta.url).href;
    const make = (module: string, usesPackages: boolean) =>
      createScope({
        output: 'x',
        modules: [`${own}mappers/event.js`, module],
        usesPackages,
        onRejection() {},
      });
    const isFree = Number.parseInt(process.versions.node, 10) >= 24;
    expect(make(`${own}outputs/webhook.js`, false).followed).toBe(isFree);
    expect(make(`${own}outputs/kafka.js`, true).followed).toBe(true);
    expect(make('file:///opt/tickets.js', false).followed).toBe(true);
    const scope = { ...make(`${own}outputs/webhook.js`, false), followed: false };
    expect(inScope(scope, here)).toEqual([]);
  });

  it('holds in a mapper, whose records keep their shape', () => {
    const record = { type: 'object' } as const;
    const mapper = { record, map: () => ({ ok: true as const, record: here() }) };
    const scoped = scopedMapper(mapper, scopeOf('lake'));
    expect(scoped.record).toBe(record);
    expect(scoped.map(undefined as never)).toEqual({ ok: true, record: ['lake'] });
    expect(scopedMapper({ map: mapper.map }, scopeOf('lake'))).not.toHaveProperty('record');
  });
});

describe('a rejection outside of every scope', () => {
  const at = (...frames: string[]) => ({
    stack: ['Error: x', ...frames.map((frame) => `    at f (${frame})`)].join('\n'),
  });
  const named = (reason: unknown) => scopesOf(reason).map(({ output }) => output);
  const own = new URL('../../../../core/', import.meta.url).href;

  it('belongs to the outputs whose module the stack names, as a path or a URL', () => {
    scopeOf('a', 'file:///opt/my%20plugins/tickets.js', `${own}mappers/event.js`);
    scopeOf('b', 'file:///opt/my%20plugins/tickets.js');
    scopeOf('c', 'file:///opt/my%20plugins/tickets.jsx');
    scopeOf('d', 'file:///opt/other/index.js');
    scopeOf('e', 'file:///srv/node_modules/@acme/pager/dist/lib/main.js');
    scopeOf('f', `${own}outputs/webhook.js`);
    expect(named(at('/opt/my plugins/tickets.js:3:4'))).toEqual(['a', 'b']);
    expect(named(at('/srv/node_modules/lib/i.js:1:1', 'file:///opt/my%20plugins/tickets.js:3:4'))).toEqual([
      'a',
      'b',
    ]);
    expect(named(at('/opt/other/deep/helper.js:1:1'))).toEqual(['d']);
    expect(named(at('/srv/node_modules/@acme/pager/dist/util.js:1:1'))).toEqual(['e']);
    expect(named(at(`${own}outputs/webhook.js:1:1`))).toEqual(['f']);
    expect(named(at(`${own}mappers/event.js:1:1`))).toEqual(['a']);
  });

  it('belongs to none where the stack names none', () => {
    scopeOf('a', 'file:///opt/tickets.js');
    scopeOf('f', `${own}outputs/webhook.js`);
    const hostile = {
      get stack() {
        throw new Error('never');
      },
    };
    for (const reason of [
      undefined,
      null,
      'text',
      {},
      hostile,
      { stack: 1 },
      at(`${own}delivery/loop.js:1:1`),
    ])
      expect(named(reason)).toEqual([]);
  });

  it('does not take the whole program for the package of a built-in', () => {
    // As `npx` installs it: the program itself is in a node_modules.
    scopeOf('g', 'file:///x/node_modules/lib/main.js');
    expect(named(at('/x/node_modules/other/main.js:1:1'))).toEqual([]);
  });
});
