import assert from 'node:assert/strict';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import type { OutputContract } from './contract.ts';
import { MARK, markedEvents } from './events.ts';
import { assertUseful, examine } from './examine.ts';
import { assertTruth, assertValidDelivery, outcomeOf } from './judge.ts';
import { cannot, notTested } from './not-tested.ts';
import { assertNoSecret } from './secrets.ts';
import { neverAborts, settlesAfterAbort } from './settles.ts';
import { type RunOptions, type UnderTest, withContract } from './under-test.ts';

/** How long an output may take to deliver again when its destination is back, in attempts and milliseconds of each. */
const RECOVERY = { attempts: 5, timeout: 3000 };

/** Registers the tests of faults that every kind of destination can have; a test that the destination cannot do is skipped. */
export function testFaults(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  register: (name: string, run: () => Promise<void>) => void,
): void {
  const test = (name: string, run: (underTest: UnderTest) => Promise<void>, options?: RunOptions) =>
    register(name, () => withContract(definition, contract, run, options));

  test('settles within a second of the abort', async ({ deliver, destination, facts }) => {
    if (destination.hang === undefined) throw cannot('hang');
    await destination.hang();
    const result = await settlesAfterAbort((signal) => deliver(markedEvents(1), { signal }), 'deliver()');
    assertNotDelivered(result, facts.confirms);
  });

  test(
    'settles its start within a second of the abort',
    async ({ output, destination }) => {
      if (output.start === undefined) throw notTested('the output has no start');
      if (destination.hang === undefined) throw cannot('hang');
      await destination.hang();
      await settlesAfterAbort((signal) => output.start!(signal).catch(() => {}), 'start()');
    },
    { start: false },
  );

  test(
    'settles its check within a second of the abort',
    async ({ output, destination }) => {
      if (destination.hang === undefined) throw cannot('hang');
      if (output.diagnose === undefined && output.check === undefined)
        throw notTested('the output has no check');
      await destination.hang();
      await settlesAfterAbort((signal) => examine(output, signal).catch(() => {}), 'the check');
    },
    { start: false },
  );

  test('retries while the destination is down', async ({ deliver, destination, facts }) => {
    if (destination.cut === undefined) throw cannot('cut');
    await destination.cut();
    assertNotDelivered(await deliver(markedEvents(2)), facts.confirms);
  });

  test('stops while the destination is down', async ({ output, deliver, destination }) => {
    if (destination.cut === undefined) throw cannot('cut');
    await deliver(markedEvents(1));
    await destination.cut();
    await deliver(markedEvents(1, 1));
    await settlesAfterAbort(async (signal) => output.stop?.(signal).catch(() => {}), 'stop()');
  });

  test('delivers again when the destination is back', async (underTest) => {
    const { deliver, destination } = underTest;
    if (destination.cut === undefined) throw cannot('cut');
    if (destination.recover === undefined) throw cannot('recover');
    await deliver(markedEvents(1));
    await destination.cut();
    await deliver(markedEvents(1, 1));
    await destination.recover();
    let last: Delivery | undefined;
    for (let attempt = 1; attempt <= RECOVERY.attempts; attempt++) {
      const events = markedEvents(2, 100 * attempt);
      last = await deliver(events, { signal: AbortSignal.timeout(RECOVERY.timeout) });
      if (last.status !== 'delivered') continue;
      const marks = events.map(({ mark }) => mark);
      const text = (await underTest.arrived(marks)).join('\n');
      if (marks.every((mark) => text.includes(mark))) return;
      assert.ok(!underTest.facts.confirms, 'it says delivered, and nothing arrived');
    }
    assert.fail(`the destination is back, and the last result is ${JSON.stringify(last)}`);
  });

  test('retries an error of the destination', async ({ deliver, destination, facts }) => {
    if (destination.refuse === undefined) throw cannot('refuse');
    await destination.refuse('internal error');
    const result = await deliver(markedEvents(2));
    assertValidDelivery(result, 2);
    assertNotDelivered(result, facts.confirms);
  });

  // The kit's HTTP server answers about records by `answerByRecord`.
  const faults = contract.destination === undefined ? [] : (['refused', 'busy'] as const);
  for (const fault of faults) {
    const what =
      fault === 'refused' ? 'sets aside the record that is refused' : 'retries the record that must wait';
    test(`${what}, and says delivered of those that were taken`, async (underTest) => {
      const { destination } = underTest;
      if (destination.refuseRecords === undefined) throw cannot('refuseRecords');
      const events = markedEvents(5);
      const bad = events[1]!.mark;
      await destination.refuseRecords((text) => text.includes(bad), fault);
      const outcome = await outcomeOf(underTest, events);
      const taken = new Set((await underTest.arrived()).join('\n').match(MARK));
      assertTruth(outcome, { bad, fault, taken, byRecord: true });
    });
  }

  test(
    'checks a destination without having started, and says what is wrong when it is down',
    async ({ output, destination, arrivedRaw, secrets, log }) => {
      const before = await arrivedRaw();
      const healthy = await examine(output, neverAborts());
      if (healthy === undefined) throw notTested('the output has no check');
      assert.ok(
        healthy.failed.length === 0,
        `the destination is well, and the check says: ${healthy.failed.join('; ')}`,
      );
      if (contract.destination !== undefined)
        assert.deepEqual(await arrivedRaw(), before, 'check() left something at the destination');
      if (destination.cut === undefined || destination.hidden === true) return;
      await destination.cut();
      const dead = await examine(output, neverAborts());
      assert.ok(
        dead !== undefined && dead.problems.length > 0,
        'the destination is down, and the check passes',
      );
      for (const problem of dead.problems) assertUseful(problem);
      assertNoSecret([...healthy.said, ...dead.said, log.text()], secrets);
    },
    { start: false },
  );

  if (contract.destination !== undefined)
    test('shows no secret, whatever the destination says', async (underTest) => {
      const { destination, secrets, log } = underTest;
      const said = await everythingSaid(underTest);
      for (const secret of secrets) {
        if (destination.refuse === undefined) break;
        await destination.refuse(`cannot do that for ${secret}`);
        said.push(...(await everythingSaid(underTest)));
      }
      await destination.cut?.();
      said.push(...(await everythingSaid(underTest)));
      assertNoSecret([...said, log.text()], secrets);
    });
}

/** The reasons and errors of one delivery, start and examination. */
export async function everythingSaid({ output, deliver }: UnderTest): Promise<string[]> {
  const said = [JSON.stringify(await deliver(markedEvents(1)))];
  await output.start?.(neverAborts()).catch((error: Error) => said.push(error.message));
  said.push(...((await examine(output, neverAborts()))?.said ?? []));
  return said;
}

/** What confirms nothing need not learn that it reached nobody. */
function assertNotDelivered(result: Delivery, confirms: boolean): void {
  const allowed = confirms ? ['retry'] : ['retry', 'delivered'];
  assert.ok(allowed.includes(result.status), `it answered ${JSON.stringify(result)}`);
}
