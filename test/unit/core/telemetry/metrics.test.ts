import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeadLetterCount } from '../../../../core/dead-letters/store.ts';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import type { Event } from '../../../../core/event/event.ts';
import type { JournalStatus } from '../../../../core/journal/journal.ts';
import { createMetrics } from '../../../../core/telemetry/metrics.ts';
import { runs } from '../../../support/runs.ts';

const STATUS: JournalStatus = {
  state: 'ok',
  bytes: 10,
  maxBytes: 100,
  oldest: 4_000,
  newest: 3,
  settled: 2,
  quarantinedFiles: 0,
  corruptFrames: 1,
  recoveredBytes: 7,
};

const decode = createDecoder({ ...noDecodeOptions, customFields: { 'k8s.pod.name': 'custom' } });

function event(members: object = {}): Event {
  const base = { rule: 'R', priority: 'Warning', time: '2026-01-01T00:00:00Z', ...members };
  return decode(Buffer.from(JSON.stringify(base)), 0);
}

function metrics(maxEventSeries = 100, stored?: ReadonlyMap<string, DeadLetterCount>) {
  return createMetrics({
    version: '1',
    runtime: 'test',
    journal: () => STATUS,
    deadLetters: () => ({
      store: { byOutput: () => stored, lost: () => ({ exact: 4, atMost: 2 }), status: () => STATUS },
      outputs: ['lake', 'oncall'],
    }),
    now: () => 10_000,
    maxEventSeries,
  });
}

async function read(target: ReturnType<typeof metrics>): Promise<Map<string, number>> {
  const { text } = await target.exposition();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const blank = line.lastIndexOf(' ');
      return [line.slice(0, blank), Number(line.slice(blank + 1))];
    }),
  );
}

describe('metrics', () => {
  it('counts what comes in, under our names and under those of Falcosidekick', async () => {
    const target = metrics();
    const seen = event({
      source: 'syscall',
      hostname: 'node-1',
      output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-1' },
    });
    const other = event({ output_fields: { 'k8s.ns.name': null, 'k8s.pod.name': 7 } });
    for (const one of [seen, seen, other]) target.ingest.received([target.ingest.seriesOf(one)]);
    target.ingest.unrouted(1);
    target.ingest.refused('invalid', 2);
    target.ingest.refused('full', 1);
    const samples = await read(target);
    expect(samples.get('tiercel_events_received_total')).toBe(3);
    expect(samples.get('tiercel_events_unrouted_total')).toBe(1);
    expect(samples.get('tiercel_events_refused_total{reason="invalid"}')).toBe(2);
    const sidekick = 'falcosecurity_falcosidekick';
    expect(samples.get(`${sidekick}_inputs_total{source="requests",status="accepted"}`)).toBe(3);
    expect(samples.get(`${sidekick}_inputs_total{source="requests",status="rejected"}`)).toBe(3);
    expect(
      samples.get(
        `${sidekick}_falco_events_total{hostname="node-1",rule="R",priority="4",priority_raw="warning",source="syscall",k8s_ns_name="shop",k8s_pod_name="cart-1"}`,
      ),
    ).toBe(2);
    expect(
      samples.get(
        `${sidekick}_falco_events_total{hostname="unknown",rule="R",priority="4",priority_raw="warning",source="syscalls",k8s_ns_name="",k8s_pod_name=""}`,
      ),
    ).toBe(1);
  });

  it('bounds the series, and loses no event by it', async () => {
    const target = metrics(10);
    for (let i = 0; i < 1000; i++) {
      const one = event({ output_fields: { 'k8s.pod.name': `pod-${i}` } });
      target.ingest.received([target.ingest.seriesOf(one)]);
    }
    const series = [...(await read(target))].filter(([name]) => name.includes('falco_events_total'));
    expect(series.length).toBe(11);
    expect(series.reduce((sum, [, events]) => sum + events, 0)).toBe(1000);
    expect(series.find(([name]) => name.includes('k8s_pod_name="other"'))?.[1]).toBe(990);
  });

  it('counts a bulk request when it is stored, and shows no series for what was not', async () => {
    const target = metrics();
    const accepted = [event(), event({ rule: 'S' })].map(target.ingest.seriesOf);
    expect([...(await read(target)).keys()].filter((name) => name.includes('falco_events_total'))).toEqual(
      [],
    );
    target.ingest.received([...accepted, accepted[0]!]);
    const series = [...(await read(target))].filter(([name]) => name.includes('falco_events_total'));
    expect(series.map(([, events]) => events)).toEqual([2, 1]);
    expect((await read(target)).get('tiercel_events_received_total')).toBe(3);
  });

  it('tells of the journal', async () => {
    const target = metrics();
    target.fsync(0.002);
    const samples = await read(target);
    expect(samples.get('tiercel_journal_bytes')).toBe(10);
    expect(samples.get('tiercel_journal_oldest_seconds')).toBe(6);
    expect(samples.get('tiercel_journal_state{state="ok"}')).toBe(1);
    expect(samples.get('tiercel_journal_state{state="full"}')).toBe(0);
    // Those of the dead letters are among them.
    expect(samples.get('tiercel_journal_corrupt_frames_total')).toBe(2);
    expect(samples.get('tiercel_journal_recovered_bytes_total')).toBe(14);
    expect(samples.get('tiercel_dead_letters_lost_total{exact="true"}')).toBe(4);
    expect(samples.get('tiercel_dead_letters_lost_total{exact="false"}')).toBe(2);
    expect(samples.get('tiercel_journal_fsync_seconds_count')).toBe(1);
  });

  it('keeps the books of an output balanced in every scrape, over reloads too', async () => {
    const action = fc.record({
      kind: fc.constantFrom('accept', 'deliver', 'send', 'reject', 'drop', 'reload', 'scrape'),
      events: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const target = metrics();
        let book = { accepted: 0, pending: 0, oldest: undefined };
        const observer = target.output('lake');
        const open = () => {
          const opened = { ...book, accepted: book.pending };
          target.output('lake', () => opened);
          book = opened;
        };
        open();
        for (const { kind, events } of [...actions, { kind: 'scrape', events: 0 }]) {
          const settled = Math.min(events, book.pending);
          if (kind === 'accept') {
            book.accepted += events;
            book.pending += events;
          } else if (kind === 'reload') {
            // The successor is made while this one runs on, and keeps the books from when it starts.
            target.output('lake');
            const last = Math.min(1, book.pending);
            book.pending -= last;
            observer.delivered(last, true);
            open();
          } else if (kind === 'scrape') {
            const samples = await read(target);
            const of = (name: string, labels = '') => samples.get(`tiercel_${name}{output="lake"${labels}}`)!;
            const dead = of('events_dead_lettered_total', ',cause="rejected"');
            const delivered = ['true', 'false'].map((is) =>
              of('events_delivered_total', `,confirmed="${is}"`),
            );
            const sum =
              delivered[0]! + delivered[1]! + dead + of('events_dropped_total') + of('events_pending');
            expect(of('events_accepted_total')).toBe(sum);
          } else {
            book.pending -= settled;
            if (kind === 'deliver' || kind === 'send') observer.delivered(settled, kind === 'deliver');
            else if (kind === 'drop') observer.dropped(settled);
            else observer.deadLettered(settled, 'rejected');
          }
        }
      }),
      {
        numRuns: runs(30),
        examples: [[[]], [['accept', 'deliver', 'reload', 'reject'].map((kind) => ({ kind, events: 20 }))]],
      },
    );
  });

  it('tells of attempts, batches and health, and forgets an output that is gone', async () => {
    const target = metrics();
    const observer = target.output('lake', () => ({ accepted: 5, pending: 5, oldest: 9_000 }));
    observer.attempt('delivered', 0.2);
    observer.attempt('retry', 3);
    observer.batchClosed('age', 5, 500);
    observer.health('open');
    const samples = await read(target);
    expect(samples.get('tiercel_deliveries_total{output="lake",status="retry"}')).toBe(1);
    expect(samples.get('tiercel_delivery_seconds_count{output="lake"}')).toBe(2);
    expect(samples.get('tiercel_batches_closed_total{output="lake",reason="age"}')).toBe(1);
    expect(samples.get('tiercel_output_state{output="lake",state="open"}')).toBe(1);
    expect(samples.get('tiercel_output_oldest_seconds{output="lake"}')).toBe(1);
    expect(samples.get('falcosecurity_falcosidekick_outputs_total{destination="lake",status="error"}')).toBe(
      1,
    );
    target.forget('lake');
    expect([...(await read(target)).keys()].filter((name) => name.includes('lake'))).toEqual([]);
  });

  it('has every label of an output, and forgets each', async () => {
    const target = metrics();
    const observer = target.output('lake', () => ({ accepted: 0, pending: 0, oldest: undefined }));
    target.output('other', () => ({ accepted: 1, pending: 1, oldest: 20_000 }));
    const statuses = ['delivered', 'retry', 'rejected'] as const;
    const reasons = ['events', 'size', 'age', 'schedule', 'pressure', 'shutdown'] as const;
    const causes = ['rejected', 'unmappable', 'partition', 'expired', 'lag'] as const;
    const states = ['ok', 'retrying', 'open', 'stopped'] as const;
    for (const status of statuses) observer.attempt(status, 0.007);
    for (const reason of reasons) observer.batchClosed(reason, 10, 1000);
    for (const [index, cause] of causes.entries()) observer.deadLettered(index + 1, cause);
    observer.delivered(4, true);
    observer.delivered(3, false);
    observer.dropped(2);
    expect((await read(target)).get('tiercel_output_state{output="lake",state="ok"}')).toBe(1);
    for (const state of states.toReversed()) {
      observer.health(state);
      const samples = await read(target);
      const told = states.map((each) => samples.get(`tiercel_output_state{output="lake",state="${each}"}`));
      expect(told).toEqual(states.map((each) => (each === state ? 1 : 0)));
    }
    const samples = await read(target);
    const of = (name: string, labels = '') => samples.get(`tiercel_${name}{output="lake"${labels}}`);
    for (const status of statuses) expect(of('deliveries_total', `,status="${status}"`)).toBe(1);
    for (const reason of reasons) expect(of('batches_closed_total', `,reason="${reason}"`)).toBe(1);
    for (const [index, cause] of causes.entries())
      expect(of('events_dead_lettered_total', `,cause="${cause}"`)).toBe(index + 1);
    expect(of('events_delivered_total', ',confirmed="true"')).toBe(4);
    expect(of('events_delivered_total', ',confirmed="false"')).toBe(3);
    expect(of('output_oldest_seconds')).toBe(0);
    // An event of the future is not of a negative age.
    expect(samples.get('tiercel_output_oldest_seconds{output="other"}')).toBe(0);
    const sidekick = (status: string) =>
      samples.get(`falcosecurity_falcosidekick_outputs_total{destination="lake",status="${status}"}`);
    expect([sidekick('ok'), sidekick('error')]).toEqual([7, 2]);
    const bucket = (name: string, le: string) =>
      samples.get(`tiercel_${name}_bucket{le="${le}",output="lake"}`);
    expect([bucket('delivery_seconds', '0.005'), bucket('delivery_seconds', '0.01')]).toEqual([0, 3]);
    expect([bucket('batch_events', '1'), bucket('batch_events', '10')]).toEqual([0, 6]);
    expect(bucket('batch_bytes', '1000')).toBe(6);
    const edges = (name: string) =>
      [...samples.keys()].flatMap((key) => {
        const edge = new RegExp(`^tiercel_${name}_bucket\\{le="(.*)",output="lake"`).exec(key)?.[1];
        return edge === undefined ? [] : [Number(edge.replace('+Inf', 'Infinity'))];
      });
    expect(edges('delivery_seconds')).toEqual([
      0.005,
      0.01,
      0.025,
      0.05,
      0.1,
      0.25,
      0.5,
      1,
      2.5,
      5,
      10,
      30,
      60,
      Infinity,
    ]);
    expect(edges('batch_events')).toEqual([1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, Infinity]);
    expect(edges('batch_bytes')).toEqual([1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, Infinity]);
    target.forget('lake');
    expect([...(await read(target)).keys()].filter((name) => name.includes('lake'))).toEqual([]);
  });

  it('counts what a predecessor settled before its books ended', async () => {
    const target = metrics();
    let told = false;
    const observer = target.output('lake', () => {
      // Asked once more at the end: what it has not told yet, it tells then.
      if (!told) observer.delivered(1, true);
      told = true;
      return { accepted: 10, pending: 4, oldest: undefined };
    });
    observer.deadLettered(2, 'lag');
    observer.dropped(3);
    target.output('lake', () => ({ accepted: 4, pending: 4, oldest: undefined }));
    const samples = await read(target);
    expect(samples.get('tiercel_events_accepted_total{output="lake"}')).toBe(10);
    expect(samples.get('tiercel_events_delivered_total{output="lake",confirmed="true"}')).toBe(1);
  });

  it('describes itself for the documentation', () => {
    const described = metrics().describe();
    expect(described.find(({ name }) => name === 'tiercel_events_dead_lettered_total')).toMatchObject({
      type: 'counter',
      labels: ['output', 'cause'],
    });
    for (const { help } of described) expect(help).not.toBe('');
  });

  it('counts the notices of dead letters by the output that they are about and the one that is told', async () => {
    const target = metrics();
    target.deadLetterNotice('lake', 'oncall');
    target.deadLetterNotice('lake', 'oncall');
    const samples = await read(target);
    expect(samples.get('tiercel_dead_letter_notices_total{output="lake",target="oncall"}')).toBe(2);
  });

  it('tells what is stored of dead letters by output, with one series for all outputs that are gone', async () => {
    const stored = new Map([
      ['lake', { letters: 3, bytes: 700 }],
      ['gone', { letters: 1, bytes: 10 }],
      ['long_gone', { letters: 2, bytes: 20 }],
    ]);
    const samples = await read(metrics(100, stored));
    const told = [...samples].filter(([name]) => name.startsWith('tiercel_dead_letters'));
    expect(Object.fromEntries(told)).toEqual({
      'tiercel_dead_letters{output="lake"}': 3,
      'tiercel_dead_letters{output="oncall"}': 0,
      'tiercel_dead_letters{output="(removed)"}': 3,
      'tiercel_dead_letters_event_bytes{output="lake"}': 700,
      'tiercel_dead_letters_event_bytes{output="oncall"}': 0,
      'tiercel_dead_letters_event_bytes{output="(removed)"}': 30,
      tiercel_dead_letters_stored_bytes: 10,
      tiercel_dead_letters_max_bytes: 100,
      'tiercel_dead_letters_lost_total{exact="true"}': 4,
      'tiercel_dead_letters_lost_total{exact="false"}': 2,
    });
  });

  it('tells no number of dead letters before it is known', async () => {
    const names = [...(await read(metrics())).keys()];
    expect(names.filter((name) => name.startsWith('tiercel_dead_letters'))).toEqual([
      'tiercel_dead_letters_stored_bytes',
      'tiercel_dead_letters_max_bytes',
      'tiercel_dead_letters_lost_total{exact="true"}',
      'tiercel_dead_letters_lost_total{exact="false"}',
    ]);
  });
});
