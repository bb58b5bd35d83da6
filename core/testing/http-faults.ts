import assert from 'node:assert/strict';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { checkVerdict } from '../sdk/deliver/check-verdict.ts';
import type { OutputContract } from './contract.ts';
import type { Answer, Answering, ReceivedRequest } from './destination.ts';
import { MARK, type MarkedEvent, markedEvents } from './events.ts';
import { neverAborts, type UnderTest, withOutput } from './under-test.ts';

type Register = (name: string, run: () => Promise<void>) => void;

const waits = (delivery: Delivery): number | undefined =>
  delivery.status === 'retry' ? delivery.after : undefined;
const isRetry = (delivery: Delivery) => assert.equal(delivery.status, 'retry');

/** Answers of a server, and the delivery that each must lead to for a batch of two. */
const FAULTS: readonly [what: string, answer: Answer | Answering, expect: (delivery: Delivery) => void][] = [
  ['retries a 503', { status: 503 }, isRetry],
  [
    'leaves a destination alone for its Retry-After',
    { status: 429, headers: { 'retry-after': '7' } },
    (delivery) => assert.equal(waits(delivery), 7000),
  ],
  [
    'leaves a destination alone until the date of its Retry-After',
    () => ({ status: 503, headers: { 'retry-after': new Date(Date.now() + 90_000).toUTCString() } }),
    (delivery) => assert.ok(Math.abs((waits(delivery) ?? 0) - 90_000) < 5_000, 'it waits for another time'),
  ],
  [
    'takes refused credentials for a denial, not for bad records',
    { status: 401 },
    (delivery) => assert.equal(delivery.status === 'retry' && delivery.denied, true),
  ],
  ['keeps events when the page is missing', { status: 404 }, isRetry],
  [
    'keeps events when it is sent elsewhere',
    ({ path }) =>
      path === '/elsewhere'
        ? { status: 200, body: '{}' }
        : { status: 302, headers: { location: '/elsewhere' } },
    isRetry,
  ],
  ['retries a connection that is cut', 'reset', isRetry],
  [
    'loses no record when the content is refused',
    { status: 400 },
    (delivery) =>
      assert.ok(
        delivery.status !== 'delivered' || delivery.rejected?.length === 2,
        'refused, and called delivered',
      ),
  ],
];

/** Registers the tests of the answers of HTTP servers. */
export function testHttpFaults(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  test: Register,
): void {
  for (const [what, answer, expect] of FAULTS) {
    test(what, () =>
      withOutput(definition, contract, async ({ deliver, destination }) => {
        destination.answer(answer);
        const result = await deliver(markedEvents(2));
        assertValidDelivery(result, 2);
        expect(result);
      }),
    );
  }

  for (const fault of ['refused', 'busy'] as const) {
    const wanted =
      fault === 'refused' ? 'sets aside the record that is refused' : 'tries again the record that must wait';
    const status = fault === 'refused' ? 400 : 503;
    test(`${wanted}, and calls delivered just what was taken`, () =>
      judged(definition, contract, ({ body }, isBad) => ({ status: isBad(body) ? status : 200 }), fault));
    const { answerByRecord } = contract;
    if (answerByRecord !== undefined) {
      test(`${wanted}, told by the answer`, () =>
        judged(definition, contract, (request, isBad) => answerByRecord(request, isBad, fault), fault, true));
    }
  }

  test('sends no record twice', () =>
    withOutput(definition, contract, async ({ deliver, destination }) => {
      await deliver(markedEvents(5));
      const sent = destination.requests.flatMap(({ body }) => [...new Set(body.match(MARK))]);
      assert.equal(new Set(sent).size, sent.length, 'a record is in more than one request');
    }));

  test('checks what is there without having started, and throws when it is not', () =>
    withOutput(
      definition,
      contract,
      async ({ output, destination }) => {
        if (output.check === undefined) return;
        await output.check(neverAborts());
        destination.answer('reset');
        await assert.rejects(
          output.check(neverAborts()),
          'check() passed though the destination cuts every connection',
        );
      },
      { start: false },
    ));

  test('shows no secret, whatever the destination says', () =>
    withOutput(definition, contract, async ({ deliver, output, destination, secrets, logged }) => {
      const said: string[] = [];
      const echo = (status: number) => (request: ReceivedRequest) => ({
        status,
        body: `cannot ${request.method} ${request.path} ${JSON.stringify(request.headers)}`,
      });
      for (const answer of [echo(500), echo(404), echo(401), echo(400), echo(200), 'reset'] as const) {
        destination.answer(answer);
        said.push(JSON.stringify(await deliver(markedEvents(1))));
        await output.check?.(neverAborts()).catch((error: Error) => said.push(error.message));
        await output.start?.(neverAborts()).catch((error: Error) => said.push(error.message));
      }
      const text = [...said, ...logged].join('\n');
      for (const secret of secrets) {
        assert.ok(
          !text.includes(secret),
          'a secret option, or a part of it, is in a reason or in the log: httpClient takes it out',
        );
      }
    }));
}

/** The destination does not accept one of five records; the output must report exactly the accepted ones as delivered. */
async function judged(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  answer: (request: ReceivedRequest, isBad: (text: string) => boolean) => Answer,
  fault: 'refused' | 'busy',
  byRecord = false,
): Promise<void> {
  await withOutput(definition, contract, async (underTest) => {
    const { destination } = underTest;
    const events = markedEvents(5);
    const bad = events[1]!.mark;
    const isBad = (text: string) => text.includes(bad);
    const good = contract.answer ?? { status: 200, body: '{}' };
    destination.answer((request) => {
      const said = answer(request, isBad);
      const isWell = typeof said === 'object' && said.status < 300;
      if (!isWell || byRecord) return said;
      return typeof good === 'function' ? good(request) : good;
    });
    const outcome = await deliverAndHalve(underTest, events);
    const taken = new Set<string>();
    for (const { body, answer: said } of destination.requests) {
      if (typeof said !== 'object' || said.status >= 300) continue;
      for (const mark of body.match(MARK) ?? []) if (!byRecord || mark !== bad) taken.add(mark);
    }
    for (const [mark, what] of outcome) {
      if (what === 'delivered') assert.ok(taken.has(mark), `${mark} is called delivered and was not taken`);
      if (what === 'rejected') assert.equal(mark, bad, `${mark} is set aside, and ${bad} was refused`);
      if (byRecord) {
        const expected = fault === 'refused' ? 'rejected' : 'retried';
        assert.equal(what === 'delivered', mark !== bad, `${mark} is called ${what}`);
        if (mark === bad) assert.equal(what, expected);
      }
    }
    if (fault === 'busy') assert.notEqual(outcome.get(bad), 'rejected', 'a 503 is not the fault of a record');
  });
}

/** The final result of each event, by its mark. */
type Outcome = ReadonlyMap<string, 'delivered' | 'retried' | 'rejected'>;

/** Delivers as the framework does: a batch that is rejected as a whole is bisected. */
async function deliverAndHalve(
  underTest: Pick<UnderTest, 'deliver'>,
  events: readonly MarkedEvent[],
): Promise<Outcome> {
  const delivery = await underTest.deliver(events);
  assertValidDelivery(delivery, events.length);
  const result = checkVerdict(delivery, events.length);
  const outcome = new Map<string, 'delivered' | 'retried' | 'rejected'>();
  if (result.status === 'rejected') {
    if (events.length === 1) return outcome.set(events[0]!.mark, 'rejected');
    const middle = Math.ceil(events.length / 2);
    for (const half of [events.slice(0, middle), events.slice(middle)])
      for (const [mark, what] of await deliverAndHalve(underTest, half)) outcome.set(mark, what);
    return outcome;
  }
  const all = events.map((_, index) => index);
  const failed = result.status === 'retry' ? (result.failed ?? all) : [];
  for (const { mark } of events) outcome.set(mark, 'delivered');
  for (const index of failed) outcome.set(events[index]!.mark, 'retried');
  for (const { index } of result.rejected ?? []) outcome.set(events[index]!.mark, 'rejected');
  return outcome;
}

/** The result is a delivery whose indexes are those of records, each at most once. */
function assertValidDelivery(delivery: Delivery, count: number): void {
  assert.ok(
    ['delivered', 'retry', 'rejected'].includes(delivery?.status),
    `it answered ${JSON.stringify(delivery)}, which is no delivery`,
  );
  const named = [
    ...(delivery.status === 'retry' ? (delivery.failed ?? []) : []),
    ...(delivery.status === 'rejected' ? [] : (delivery.rejected ?? []).map(({ index }) => index)),
  ];
  assert.equal(new Set(named).size, named.length, 'a record is named twice');
  for (const index of named) {
    assert.ok(Number.isInteger(index) && index >= 0 && index < count, `there is no record ${index}`);
  }
}
