import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import { mappers } from '../../../mappers/index.ts';
import { inspectCommand } from '../../../outputs/aws-security-lake/inspect/command.ts';
import { outputs } from '../../../outputs/index.ts';
import { faultOf } from '../../../outputs/shared/lake/store/s3-errors.ts';

const FILE = fileURLToPath(new URL('../../../docs/security-lake.md', import.meta.url));
const text = readFileSync(FILE, 'utf8');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) => block!);

describe('docs/security-lake.md', () => {
  const ours = blocks('yaml').filter((yaml) => !yaml.startsWith('# falco.yaml'));

  it.each(ours.map((yaml, index) => [index, yaml]))('configuration %i is valid', async (_, yaml) => {
    const result = await loadConfig({
      text: yaml,
      file: '/etc/tiercel/tiercel.yaml',
      env: { LAKE_EXTERNAL_ID: 'x' },
      registry: createRegistry({ outputs, mappers }),
    });
    expect(result.ok ? [] : result.errors).toEqual([]);
  });

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\((\.[^)#]+)/g)].map(([, link]) => resolve(dirname(FILE), link!));
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((link) => !existsSync(link))).toEqual([]);
  });

  it('names the commands and options that there are', () => {
    expect(text).toContain(`tiercel ${inspectCommand.name} `);
    expect(inspectCommand.options.some(({ flags }) => flags.startsWith('--region'))).toBe(true);
  });

  it('quotes what the log says', () => {
    const place = { bucket: 'b', region: 'eu-west-1' };
    const line = (name: string, more = {}) =>
      faultOf(Object.assign(new Error(name), { name, ...more }), place).line;
    const said = [
      line('AccessDenied', { $metadata: { httpStatusCode: 403 } }),
      line('PermanentRedirect', { Region: 'us-east-1' }),
      line('NoSuchBucket'),
      line('ExpiredToken'),
      line('RequestTimeTooSkewed'),
    ];
    const quotes = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, quote]) => quote!);
    expect(quotes.length).toBeGreaterThan(said.length);
    for (const one of said) {
      const found = quotes.filter((quote) => quote.split('…').every((part) => one.includes(part.trim())));
      expect(found, one).toHaveLength(1);
    }
  });
});
