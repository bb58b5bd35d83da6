import assert from 'node:assert/strict';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import type { OutputContract } from './contract.ts';
import { MARK, markedEvents } from './events.ts';
import { examine } from './examine.ts';
import { everythingSaid } from './faults.ts';
import { type Answer, type Answering, answering, type ReceivedRequest } from './http-destination.ts';
import { assertTruth, assertValidDelivery, outcomeOf } from './judge.ts';
import { notTested } from './not-tested.ts';
import { assertNoSecret } from './secrets.ts';
import { neverAborts } from './settles.ts';
import { httpOf, type UnderTest, withContract } from './under-test.ts';

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
  register: Register,
): void {
  const test = (name: string, run: (underTest: UnderTest) => Promise<void>, options?: { start: boolean }) =>
    register(name, () => withContract(definition, contract, run, options));

  for (const [what, answer, expect] of FAULTS) {
    test(what, async (underTest) => {
      httpOf(underTest).answer(answer);
      const result = await underTest.deliver(markedEvents(2));
      assertValidDelivery(result, 2);
      expect(result);
    });
  }

  for (const fault of ['refused', 'busy'] as const) {
    const wanted =
      fault === 'refused' ? 'sets aside the record that is refused' : 'tries again the record that must wait';
    const status = fault === 'refused' ? 400 : 503;
    test(`${wanted}, and calls delivered just what was taken`, (underTest) =>
      judged(underTest, contract, ({ text }, isBad) => ({ status: isBad(text) ? status : 200 }), fault));
    const { answerByRecord } = contract;
    if (answerByRecord !== undefined) {
      test(`${wanted}, told by the answer`, (underTest) =>
        judged(underTest, contract, (request, isBad) => answerByRecord(request, isBad, fault), fault, true));
    }
  }

  test('sends no record twice', async (underTest) => {
    await underTest.deliver(markedEvents(5));
    const sent = httpOf(underTest).requests.flatMap(({ text }) => [...new Set(text.match(MARK))]);
    assert.equal(new Set(sent).size, sent.length, 'a record is in more than one request');
  });

  test(
    'checks by looking: fails when the destination cuts each request',
    async (underTest) => {
      httpOf(underTest).answer('reset');
      const examination = await examine(underTest.output, neverAborts());
      assert.notEqual(
        examination?.problems.length,
        0,
        'the destination cuts every connection, and the check passes',
      );
    },
    { start: false },
  );

  test('fetches another token when its own is refused before the end', async (underTest) => {
    const destination = httpOf(underTest);
    await underTest.deliver(markedEvents(1));
    const before = destination.tokens.length;
    if (before === 0) throw notTested('the options have no token of tokenUrl');
    destination.revokeTokens();
    const result = await underTest.deliver(markedEvents(1, 1));
    assert.equal(
      result.status,
      'delivered',
      `the token was refused, and it answered ${JSON.stringify(result)}`,
    );
    assert.ok(destination.tokens.length > before, 'it delivers with a token that is refused');
  });

  test('checks with the headers that every delivery has', async (underTest) => {
    const { requests, answer } = httpOf(underTest);
    const well = answering(contract.answer ?? { status: 200, body: '{}' });
    for (const [index, size] of [1, 2].entries()) await underTest.deliver(markedEvents(size, 10 * index));
    const names = constantHeaders(requests.filter(({ text }) => text.match(MARK) !== null));
    answer((request) =>
      names.every((name) => name in request.headers) ? well(request) : { status: 401, body: '{}' },
    );
    const from = requests.length;
    const failed = (await examine(underTest.output, neverAborts()))?.failed ?? [];
    const lacking = names.filter((name) => requests.slice(from).some(({ headers }) => !(name in headers)));
    assert.ok(
      lacking.length === 0 || failed.length === 0,
      `the destination wants the header ${lacking.join(', ')}, which deliveries have and the check has not: give it to overHttp as an object, or to its check (${failed.join('; ')})`,
    );
  });

  test('shows no secret, whatever the destination says', async (underTest) => {
    const { secrets, log } = underTest;
    const said: string[] = [];
    const echo = (status: number) => (request: ReceivedRequest) => ({
      status,
      body: `cannot ${request.method} ${request.path} ${JSON.stringify(request.headers)}`,
    });
    for (const answer of [echo(500), echo(404), echo(401), echo(400), echo(200), 'reset'] as const) {
      httpOf(underTest).answer(answer);
      said.push(...(await everythingSaid(underTest)));
    }
    assertNoSecret([...said, log.text()], secrets);
  });
}

/** They depend on the body, on the connection or on the kind of request. */
const OF_ONE_REQUEST = /^(content-.*|transfer-encoding|connection|expect|host|accept.*)$/;

/** The names of the headers that are the same in all requests. */
function constantHeaders(requests: readonly ReceivedRequest[]): string[] {
  const [first, ...others] = requests;
  return Object.entries(first?.headers ?? {})
    .filter(([name]) => !OF_ONE_REQUEST.test(name))
    .filter(([name, value]) => others.every(({ headers }) => headers[name] === value))
    .map(([name]) => name);
}

/** The destination does not accept one of five records; the output must report exactly the accepted ones as delivered. */
async function judged(
  underTest: UnderTest,
  contract: OutputContract,
  answer: (request: ReceivedRequest, isBad: (text: string) => boolean) => Answer,
  fault: 'refused' | 'busy',
  byRecord = false,
): Promise<void> {
  const destination = httpOf(underTest);
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
  const outcome = await outcomeOf(underTest, events);
  const taken = new Set<string>();
  for (const { text, answer: said } of destination.requests) {
    if (typeof said !== 'object' || said.status >= 300) continue;
    for (const mark of text.match(MARK) ?? []) if (!byRecord || mark !== bad) taken.add(mark);
  }
  assertTruth(outcome, { bad, fault, taken, byRecord });
}
