import { expect, it } from 'vitest';
import { askOutputs } from '../../../../core/cli/init.ts';
import { createRegistry } from '../../../../core/plugins/registry.ts';
import { builtIns } from '../../../../distribution/built-ins.ts';

const registry = createRegistry(builtIns);
const options = { config: 'tiercel.yaml', set: [] };

it('asks for what an output must be told and takes what is offered for nothing', async () => {
  const asked: string[] = [];
  const answers = ['webhook, file', 'https://hooks.example.com/mine'];
  const outputs = await askOutputs(
    async (question, offered) => {
      asked.push(question);
      return answers.shift() ?? offered;
    },
    registry,
    options,
  );
  expect(asked).toEqual([
    expect.stringContaining('aws_security_lake'),
    'webhook: url (Where to POST.)',
    expect.stringMatching(/^file: path /),
  ]);
  expect(outputs).toMatchObject([
    { name: 'webhook', options: { url: 'https://hooks.example.com/mine' } },
    { name: 'file', options: { path: '/var/log/tiercel/events.ndjson' } },
  ]);
});

it('says what was misspelt', async () => {
  expect(await askOutputs(async () => 'flie', registry, options)).toBe(
    'no output of type "flie"; did you mean "file"?',
  );
});
