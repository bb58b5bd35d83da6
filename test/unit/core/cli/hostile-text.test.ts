import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderErrors } from '../../../../core/config/explain/render.ts';
import { code, heading, text as textBlock } from '../../../../core/docs/page.ts';
import { toTerminal } from '../../../../core/docs/terminal.ts';
import { printable } from '../../../../core/sdk/contract/printable.ts';
import { runHere } from '../../../support/cli.ts';
import { expectHarmless, HOSTILE, hostileEvent } from '../../../support/hostile-text.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-hostile-'));
  write('event.ndjson', `${hostileEvent()}\n{"rule":${JSON.stringify(HOSTILE)},"priority":"\u202eloud"}\n`);
  write('tiercel.yaml', CONFIG);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const here = (...args: string[]) => runHere(args, dir);

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

const QUOTED = JSON.stringify(HOSTILE);
const CONFIG = `
outputs:
  archive: { type: file, path: ./archive.ndjson, match: { rules: [${QUOTED}] } }
  oncall: { type: slack, webhook_url: "https://127.0.0.1:1/" }
  hook: { type: webhook, url: "https://127.0.0.1:1/", when: 'hostname == "other"' }
tests:
  - name: ${QUOTED}
    event: { rule: ${QUOTED}, priority: critical, hostname: ${QUOTED} }
    expect:
      not_outputs: [archive]
      outputs: [hook]
      records: { archive: { rule: ${JSON.stringify(`${HOSTILE}!`)} } }
`;

describe('text that others wrote', () => {
  it.each([
    ['explain', 'event.ndjson'],
    ['explain', 'event.ndjson', '--output', 'oncall'],
    ['test'],
    ['doctor'],
    ['print-config'],
    ['validate'],
  ])('cannot fool a terminal through %s %s %s %s', async (...args) => {
    const { stdout, stderr } = await here(...args.filter(Boolean));
    expectHarmless(stdout);
    expectHarmless(stderr);
    if (args[0] === 'explain' || args[0] === 'test') expect(stdout).toContain('\\u{202e}');
  });

  it('is in JSON exactly as it was', async () => {
    const { stdout } = await here('explain', 'event.ndjson', '--json');
    expectHarmless(stdout);
    const [explained] = stdout.split('\n');
    const { rule, outputs } = JSON.parse(explained!);
    expect(rule).toBe(HOSTILE);
    const record = outputs.find(({ output }: { output: string }) => output === 'archive').record;
    expect(record).toEqual(JSON.parse(hostileEvent()));
    const tested = await here('test', '--json');
    expectHarmless(tested.stdout);
    expect(JSON.parse(tested.stdout).tests[0].name).toBe(HOSTILE);
  });

  it('keeps the caret below what is wrong in the configuration', async () => {
    write(
      'broken.yaml',
      'outputs:\n  lake: { type: file, path: "\u202e\u200b", nowhere: "\u202e\u001b[2J" }\n',
    );
    const { stdout, stderr } = await here('validate', '-c', 'broken.yaml');
    expectHarmless(stdout + stderr);
    const lines = stderr.split('\n');
    const caret = lines.findIndex((line) => /\| *\^+$/.test(line));
    const [start, end] = [lines[caret]!.indexOf('^'), lines[caret]!.lastIndexOf('^') + 1];
    expect(lines[caret - 1]!.slice(start, end)).toBe('nowhere');
    const json = await here('validate', '-c', 'broken.yaml', '--json');
    expectHarmless(json.stdout);
    expect(JSON.parse(json.stdout).errors[0].place.excerpt.text).toContain('\u202e\u200b');
  });

  it('has no colours of its own where the program writes in colour', () => {
    const red = '\u001b[41mFORGED\u001b[0m';
    const place = { source: red, line: 1, column: 1, excerpt: { text: red, start: 0, length: 5 } };
    const error = {
      code: 'TIERCEL_CFG_VALUE',
      path: red,
      message: red,
      fix: red,
      place,
      other: place,
    } as const;
    const page = [heading(1, red), textBlock(red), code('yaml', red)];
    for (const text of [renderErrors([error], { color: true }), toTerminal(page, { color: true })]) {
      const shown = printable(text, { styled: true });
      expect(shown).toContain('\u001b[');
      expect(shown).not.toContain('\u001b[41m');
      expect(shown).toContain('\\u{1b}[41m');
    }
  });

  it('is harmless in paths, arguments and the names of files', async () => {
    const name = '\u202e\u001b[2J';
    const bad = [
      ['validate', '-c', `${name}.yaml`],
      ['explain', `${name}.json`],
      [name],
      ['list', `--${name}`],
      ['describe', name],
      ['init', '--output', name],
      ['create', 'output', name],
      ['inspect', name],
    ];
    for (const args of bad) {
      const { status, stdout, stderr } = await here(...args);
      expect(status, args.join(' ')).not.toBe(0);
      expectHarmless(stdout + stderr);
    }
    write(`lake/${name.replace('/', '')}\nFORGED.parquet`, 'PAR1');
    const { stdout, stderr } = await here('inspect', './lake');
    expectHarmless(stdout + stderr);
    expect(stdout).toContain('\\u{202e}');
    const [json] = (await here('inspect', './lake', '--json')).stdout.split('\n');
    expectHarmless(json!);
    expect(JSON.parse(json!).file).toContain(name);
  });
});
