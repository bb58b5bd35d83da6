import { describe, expect, it } from 'vitest';
import { redactOutput } from '../../../../core/plugins/redact-output.ts';
import { secretsIn } from '../../../../core/plugins/secrets.ts';
import {
  type Delivery,
  delivered,
  type Finding,
  httpUrl,
  type Output,
  rejected,
  retry,
  secret,
  Type,
} from '../../../../core/sdk/index.ts';
import { batchOf, neverAborts } from '../../../../core/testing/index.ts';

const SECRET = 'a-very-secret-token';

/** Delivers by an output whose answer is this. */
const said = (delivery: Delivery) =>
  redactOutput<Output>({ deliver: async () => delivery }, [SECRET]).deliver(batchOf([]), neverAborts());

describe('secrets of the options', () => {
  const options = Type.Object({
    url: Type.Optional({ ...httpUrl({ description: 'Where to.' }), secret: true }),
    logins: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), password: secret({ description: 'Secret.' }) })),
    ),
    token: Type.Optional(Type.Union([secret({ description: 'Secret.' }), Type.Null()])),
  });

  it('are found at any depth, and in a secret address', () => {
    const found = secretsIn(options as never, {
      url: 'https://hooks.example.com/services/T0000/B0000/abcdefghijklmnop?key=another-secret',
      logins: [{ name: 'somebody', password: 'first-password' }],
      token: SECRET,
    });
    expect(found).toEqual(
      expect.arrayContaining(['first-password', SECRET, 'abcdefghijklmnop', 'another-secret']),
    );
    expect(found).not.toContain('somebody');
    expect(found).not.toContain('hooks.example.com');
  });
});

describe('redactOutput', () => {
  it('leaves the sentences of the framework readable where a secret is a common word', async () => {
    const reason = 'a.example answered 401 Unauthorized: no Unauthorized there';
    const secrets = ['there', 'Unauthorized'];
    const output = redactOutput<Output>({ deliver: async () => retry(reason) }, secrets);
    expect(await output.deliver(batchOf([]), neverAborts())).toEqual(
      retry('a.example answered 401 Unauthorized: no *** ***'),
    );
  });

  it('takes secrets out of every reason', async () => {
    expect(await said(retry(`no entry for ${SECRET}`, { after: 5 }))).toEqual(
      retry('no entry for ***', { after: 5 }),
    );
    expect(await said(rejected(`bad ${SECRET}`))).toEqual(rejected('bad ***'));
    const rejections = [{ index: 1, reason: `not for ${encodeURIComponent(SECRET)}` }];
    expect(await said(delivered({ rejected: rejections, bytes: 3 }))).toEqual(
      delivered({ rejected: [{ index: 1, reason: 'not for ***' }], bytes: 3 }),
    );
    expect(await said(delivered())).toEqual(delivered());
  });

  it('leaves what is no delivery to the framework', async () => {
    expect(await said(undefined as never)).toEqual({});
  });

  it('takes them out of errors, with their causes', async () => {
    const cause = Object.assign(new Error(`connect with ${SECRET}`), { code: 'EAUTH' });
    const fails = async () => {
      throw new Error('fetch failed', { cause });
    };
    const output = redactOutput<Output>({ deliver: fails, start: fails, check: fails, stop: fails }, [
      SECRET,
    ]);
    for (const call of [
      output.start!,
      output.check!,
      output.stop!,
      (signal: AbortSignal) => output.deliver(batchOf([]), signal),
    ]) {
      const error = await call(neverAborts()).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error?.message).toBe('fetch failed: EAUTH: connect with ***');
      expect(`${error?.stack} ${error?.cause}`).not.toContain(SECRET);
    }
  });

  it('passes other errors on as they are', async () => {
    const error = new Error('no route');
    const output = redactOutput<Output>({ deliver: () => Promise.reject(error) }, [SECRET]);
    await expect(output.deliver(batchOf([]), neverAborts())).rejects.toBe(error);
  });

  it('takes them out of findings', async () => {
    const finding: Finding = { status: 'failed', what: 'login', line: `refused: ${SECRET}` };
    const output = redactOutput<Output>(
      {
        deliver: async () => delivered(),
        async *diagnose() {
          yield finding;
          throw new Error(`lost ${SECRET}`);
        },
      },
      [SECRET],
    );
    const lines: string[] = [];
    const all = async () => {
      for await (const { line } of output.diagnose!({ write: false, sample: {} as never }, neverAborts()))
        lines.push(line);
    };
    await expect(all()).rejects.toThrow('lost ***');
    expect(lines).toEqual(['refused: ***']);
  });

  it('keeps the methods and the state of an instance of a class', async () => {
    class Counter implements Output {
      #count = 0;
      partition = () => 'one';
      async deliver(): Promise<Delivery> {
        this.#count++;
        return retry(`${this.#count} ${SECRET}`);
      }
    }
    const output = redactOutput(new Counter(), [SECRET]);
    expect(output.partition()).toBe('one');
    expect(await output.deliver()).toEqual(retry('1 ***'));
    expect('check' in output).toBe(false);
  });
});
