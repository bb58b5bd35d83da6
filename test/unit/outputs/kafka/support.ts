import { afterEach } from 'vitest';
import type { Batch, Event, Output } from '../../../../core/sdk/index.ts';
import type { EventMembers } from '../../../../core/testing/index.ts';
import kafka from '../../../../outputs/kafka/index.ts';
import { type BrokerOptions, kafkaBroker, type Logged, type Verdict } from '../../../support/kafka-broker.ts';
import { batchOf, contextOf, eventOf, jsonTextMapper, neverAborts, recordingLogger } from '../support.ts';

export type Options = Parameters<typeof kafka.create>[0];
export type Broker = Awaited<ReturnType<typeof kafkaBroker>>;

const DEFAULTS: Omit<Options, 'brokers'> = {
  topic: 'falco',
  headers: { id: '{{ id }}', hostname: '{{ hostname }}' },
  compression: 'none',
  idempotent: true,
  max_message_size: 1024 * 1024,
  allow_topic_creation: false,
  client_id: 'tiercel',
};

const brokers: Broker[] = [];
const outputs: Output[] = [];
afterEach(async () => {
  for (const output of outputs.splice(0)) await output.stop?.(neverAborts());
  for (const broker of brokers.splice(0)) await broker.stop();
});

/** A broker that is stopped after the test. */
export async function start(options: BrokerOptions = { topics: { falco: 1 } }): Promise<Broker> {
  const broker = await kafkaBroker(options);
  brokers.push(broker);
  return broker;
}

/** An output for it, stopped after the test. */
export function make({ address }: Pick<Broker, 'address'>, options: Partial<Options> = {}): Output {
  const output = kafka.create(
    { ...DEFAULTS, brokers: [address], ...options },
    contextOf(jsonTextMapper as never, recordingLogger()),
  ) as Output;
  outputs.push(output);
  return output;
}

export const event = (n: number, members: EventMembers = {}): Event =>
  eventOf({ id: `id-${n}`, rule: `Rule ${n}`, fields: { n }, ...members });

/** Events 0 to before that number. */
export const events = (count: number): Event[] => Array.from({ length: count }, (_, n) => event(n));

export const batch = (list: readonly Event[]): Batch<unknown> =>
  batchOf<unknown>(list.map(textOf), { events: list });

/** What the mapper of the tests makes of an event. */
export const textOf = ({ raw }: Event): string => Buffer.from(raw).toString();

/** The number of an event in the value of a record. */
export const numberIn = ({ value }: Pick<Logged, 'value'>): number =>
  (JSON.parse(value) as { output_fields: { n: number } }).output_fields.n;

/** The numbers of the events in the log of the broker. */
export const numbers = ({ log }: Broker): number[] => log.map(numberIn);

/** Verdicts for the first record batches; all others are stored. */
export const first =
  (...verdicts: Verdict[]) =>
  (): Verdict =>
    verdicts.shift() ?? 'store';
