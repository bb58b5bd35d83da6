import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetMetadataAsync, type SchemaElement } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../core/sdk/index.ts';
import { mappingOf } from '../../../../mappers/ocsf/finding/mapping.ts';
import ocsf from '../../../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../../../outputs/aws-security-lake/index.ts';
import { breakingChanges, schemaText } from '../../../../outputs/shared/lake/schema/compare.ts';
import { schemaElements } from '../../../../outputs/shared/lake/schema/elements.ts';
import { realEvents } from '../../../support/corpus.ts';
import { decoded } from '../../../support/decoded.ts';
import { query, readWithDuckDB, readWithHyparquet, scratch } from '../shared/lake/support.ts';
import { AT, compiledMapper, eventText, filesBelow, streamOf } from '../streams.ts';
import { contextOf, neverAborts, recordingLogger } from '../support.ts';

const RELEASED = fileURLToPath(new URL('../../../fixtures/security-lake-columns/', import.meta.url));

/** Writes each list of texts as an object of its own; gives their paths in that order. */
async function write(batches: readonly (readonly string[])[], more: object = {}): Promise<string[]> {
  const options = decoded(lake, {
    directory: scratch(),
    source: 'falco',
    region: 'eu-west-1',
    account_id: '123456789012',
    ...more,
  });
  const log = recordingLogger();
  const mapper = {
    type: 'ocsf',
    module: compiledMapper('ocsf/index.js'),
    options: decoded(ocsf, mapperOptions(options)),
  };
  const context = { ...contextOf<unknown>(ocsf.create(mapper.options, { log }), log), mapperRef: mapper };
  const output = lake.create(options, context);
  for (const [index, texts] of batches.entries()) {
    const batch = { ...streamOf(texts, '123456789012/20260102'), id: `b${index}` };
    expect(await output.deliver(batch, neverAborts())).toMatchObject({ status: 'delivered' });
  }
  await output.stop?.(neverAborts());
  return filesBelow(options.directory!)
    .sort()
    .map((name) => join(options.directory!, name));
}

/** The options behind the name of a released schema. */
function kindOf(file: string): Parameters<typeof mappingOf>[0] {
  const [, kind, mode, version] = /^(\w+)-(\w+)-(.+)\.txt$/.exec(file)!;
  return decoded(ocsf, { class: kind, mode, version });
}

const footer = async (path: string) => parquetMetadataAsync(await asyncBufferFromFile(path));

describe('falcosecurity/falcosidekick#728: lists that Athena cannot read', () => {
  it.each(readdirSync(RELEASED))('no column is a bare REPEATED: lists have three levels: %s', (name) => {
    expect(bareRepeated(schemaElements(columnsOf(mappingOf(kindOf(name)).schema)))).toEqual([]);
  });

  it('lists and maps come back from two other readers as they were written', async () => {
    const tags = ['mitre_execution', 'T1059', 'container'];
    const [path] = await write([[eventText(AT, { tags })]]);
    expect(bareRepeated((await footer(path!)).schema)).toEqual([]);
    const bytes = readFileSync(path!);
    const wanted = {
      finding_info: expect.objectContaining({
        types: expect.any(Array),
        attacks: [expect.objectContaining({ technique: expect.objectContaining({ uid: 'T1059' }) })],
      }),
    };
    const [byHyparquet] = await readWithHyparquet(bytes);
    const [byDuckDB] = await readWithDuckDB(bytes);
    expect(byHyparquet).toMatchObject(wanted);
    expect(byDuckDB).toMatchObject(wanted);
    const types = await query(`DESCRIBE SELECT finding_info.types AS types, unmapped FROM '${path}'`);
    expect(types.map(({ column_type }) => column_type)).toEqual(['VARCHAR[]', 'MAP(VARCHAR, VARCHAR)']);
  });
});

/** Repeated elements that are not the middle of a list or a map; and lists whose middle is no group of one element. */
function bareRepeated(schema: readonly SchemaElement[]): string[] {
  return schema.flatMap((element, index) => {
    const outer = schema[index - 1]?.converted_type;
    if (element.repetition_type === 'REPEATED' && outer !== 'LIST' && outer !== 'MAP') return [element.name];
    const middle = schema[index + 1];
    const isList = element.converted_type === 'LIST';
    return isList && (middle?.num_children !== 1 || middle.name !== 'list') ? [element.name] : [];
  });
}

describe('the schema of the files', () => {
  it('is the same for every batch, whatever is in it', async () => {
    const texts = realEvents();
    const batches = [
      [eventText(AT)],
      ...['k8s_audit', 'aws_cloudtrail', 'internal', 'syscall'].map((source) =>
        texts.filter((text) => text.includes(`"${source}"`)).slice(0, 3),
      ),
    ].filter(({ length }) => length > 0);
    const files = await write(batches);
    expect(files.length).toBe(batches.length);
    const [first, ...rest] = await Promise.all(files.map(footer));
    for (const other of rest) {
      expect(other.schema).toEqual(first!.schema);
      expect(hashOf(other)).toBe(hashOf(first!));
    }
  });

  /**
   * Columns that are in lakes: of each class, mode and version. A column that is added is added there; nothing else may be
   * changed, as the files of a source would no longer fit into one table.
   */
  it.each(readdirSync(RELEASED))('has what is in lakes already, unchanged: %s', (name) => {
    const released = readFileSync(join(RELEASED, name), 'utf8');
    const now = schemaText(columnsOf(mappingOf(kindOf(name)).schema));
    expect(released.split('\n').length).toBeGreaterThan(30);
    expect(breakingChanges(released, now)).toEqual([]);
    // Whoever adds a column writes it down; from then on it stays.
    expect(breakingChanges(now, released)).toEqual([]);
  });

  it('does not get a column out, renamed or into another type unnoticed', () => {
    const text = schemaText(columnsOf(mappingOf(decoded(ocsf, { version: '1.1.0' })).schema));
    expect(breakingChanges(text, text.replace(/^message: utf8\n/m, ''))).toEqual(['message: utf8']);
    expect(breakingChanges(text, text.replace('time: int64', 'time: timestamp'))).toEqual(['time: int64']);
    expect(breakingChanges(text, `${text}\nadded: utf8`)).toEqual([]);
  });
});

const hashOf = ({ key_value_metadata: pairs = [] }: Awaited<ReturnType<typeof footer>>) =>
  pairs.find(({ key }) => key === 'schema_hash')?.value;
