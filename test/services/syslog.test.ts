import { afterEach, expect, it } from 'vitest';

import { decodeEvent } from '../../core/testing/index.ts';
import { realEvents } from '../support/corpus.ts';
import { hostileEvent } from '../support/hostile-text.ts';
import { accountOf } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { parseCef } from '../support/syslog.ts';
import { until } from '../support/until.ts';
import { describeWith } from './describe.ts';
import { numberIn, survivesAnOutage } from './outage.ts';
import {
  SYSLOG_PROGRAMS,
  SYSLOG_SERVERS,
  type SyslogServer,
  startRsyslog,
  TLS_FOLDER,
  type Transport,
} from './servers/syslog.ts';

/** The options of the output for a server, as lines of YAML. */
function outputFor(
  { port }: { readonly port: number },
  transport: Transport,
  more: readonly string[] = [],
): string {
  const lines = ['type: syslog', 'host: 127.0.0.1', `port: ${port}`, 'max_message_size: 64000B', ...more];
  if (transport === 'udp') lines.push('protocol: udp');
  if (transport === 'tls')
    lines.push(
      `tls: { ca: ${TLS_FOLDER}ca.crt, cert: ${TLS_FOLDER}client.crt, key: ${TLS_FOLDER}client.key }`,
    );
  return lines.map((line) => `    ${line}`).join('\n');
}

const least = { priority: 'Notice', time: '2026-07-11T09:44:58.682419669+02:00', hostname: 'node-1' };
/** What is hard to pass through text protocols; every rule is another one. */
const EVENTS = [
  ...[...new Set(realEvents())].slice(0, 150),
  JSON.stringify({ ...least, rule: 'quotes', output: '"double" \'single\' `back` \\ backslash ]"' }),
  JSON.stringify({ ...least, rule: 'lines', output: 'one\ntwo\r\nthree\n' }),
  JSON.stringify({ ...least, rule: 'zero', output: 'a\u0000b\u001b[2J\u007f' }),
  JSON.stringify({ ...least, rule: 'ünïcode 💥 \u2028', output: 'ünïcode 💥 \u2028\ufeff %m %n $x $(y)' }),
  JSON.stringify({ ...least, rule: 'frames', output: '17 <13>1 - - - - - -\n<13>1 - - - - - - x' }),
  JSON.stringify({ ...least, rule: 'long', output: 'x'.repeat(20_000) }),
  `{"rule":"numbers","priority":"Debug","time":"2026-01-02T03:04:05Z","output_fields":{"a":18446744073709551615,"b":0.0}}`,
  hostileEvent(),
];

const cases = [
  ['rsyslog', 'udp', []],
  ['rsyslog', 'tcp', []],
  ['rsyslog', 'tcp', ['framing: newline']],
  ['rsyslog', 'tls', ['confirm: true']],
  ['rsyslog with GnuTLS', 'tls', ['confirm: true']],
  ['syslog-ng', 'udp', []],
  ['syslog-ng', 'tcp', ['confirm: true']],
  ['syslog-ng', 'tcp', ['framing: newline']],
  ['syslog-ng', 'tls', []],
] as const;

describeWith({ programs: SYSLOG_PROGRAMS }, 'syslog', () => {
  let server: SyslogServer | undefined;
  let tiercel: Tiercel | undefined;
  afterEach(async () => {
    await tiercel?.remove();
    await server?.stop();
  });

  const deliverAll = async (output: string): Promise<void> => {
    tiercel = await startTiercel({ config: `\noutputs:\n  it:\n${output}\n` });
    const { status } = await tiercel.post('/events', EVENTS.join('\n'), {
      'content-type': 'application/x-ndjson',
    });
    expect(status).toBe(202);
    const running = tiercel;
    const account = async () => accountOf((await running.get('/metrics')).body, 'it');
    await until('nothing to be pending', async () => (await account()).pending === 0);
    expect(await account()).toMatchObject({ delivered: EVENTS.length, deadLettered: 0 });
    const there = server!;
    await until('the events', () => there.messages().length >= EVENTS.length, {
      diagnose: async () => `${there.messages().length} arrived\n${there.output()}\n${running.output()}`,
    });
  };

  it.each(cases)('%s reads over %s what was sent: %j', async (name, transport, more) => {
    const framing = more.some((line) => line === 'framing: newline') ? 'newline' : 'octet_counting';
    server = await SYSLOG_SERVERS[name](transport, framing);
    await deliverAll(outputFor(server, transport, more));
    const messages = server.messages();
    expect(messages).toHaveLength(EVENTS.length);
    for (const [index, text] of EVENTS.entries()) {
      const event = decodeEvent(Buffer.from(text), 0);
      const { message, ...header } = messages[index]!;
      expect(message).toBe(text);
      expect(header).toMatchObject({
        facility: '1',
        program: 'Falco',
        msgid: event.rule.replace(/[^!-~]/gu, '_').slice(0, 32),
      });
      expect(Date.parse(header.time)).toBe(event.time);
      if (/^[!-~]+$/.test(event.hostname)) expect(header.host).toBe(event.hostname);
    }
  });

  it.each(['rsyslog', 'syslog-ng'] as const)('%s reads CEF and structured data', async (name) => {
    server = await SYSLOG_SERVERS[name]('tcp', 'newline');
    const more = [
      'format: cef',
      'framing: newline',
      'facility: local4',
      `structured_data: { falco@32473: { output: '{{ output }}', source: '{{ source }}' } }`,
    ];
    await deliverAll(outputFor(server, 'tcp', more));
    for (const [index, text] of EVENTS.entries()) {
      const event = decodeEvent(Buffer.from(text), 0);
      const { facility, message, data } = server.messages()[index]!;
      expect(facility).toBe('20');
      const { header, extension } = parseCef(message);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these become spaces.
      expect(header[5]).toBe(event.rule.replace(/[\0-\x1f\x7f]/g, ' '));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these become spaces.
      const said = event.output.replace(/[\0-\x09\x0b\x0c\x0e-\x1f\x7f]/g, ' ');
      expect(extension.get('msg') ?? '').toBe(said);
      expect(extension.get('externalId')).toBe(event.id);
      expect(data).toMatch(/^\[falco@32473 output="/);
    }
  });
});

/** An event whose rule carries its number. */
const numbered = (n: number) => JSON.stringify({ ...least, rule: `rule ${n}`, output: 'x'.repeat(500) });

describeWith({ programs: SYSLOG_PROGRAMS }, 'syslog with confirm', () => {
  let server: SyslogServer | undefined;
  let tiercel: Tiercel | undefined;
  afterEach(async () => {
    await tiercel?.remove();
    await server?.stop();
  });

  it.each([
    ['rsyslog', 'tcp'],
    ['rsyslog', 'tls'],
    ['rsyslog with GnuTLS', 'tls'],
  ] as const)(
    'loses nothing to a server that is killed again and again: %s, %s',
    async (name, transport) => {
      // Its queues are direct: it stores what it has read before it reads on.
      const there = await SYSLOG_SERVERS[name](transport);
      server = there;
      const output = `${outputFor(there, transport, ['confirm: true'])}
    batch: { events: 20, every: 10ms }
    retry: { initial: 10ms, max: 50ms }
    breaker: { initial: 10ms, max: 50ms }`;
      const running = await startTiercel({ config: `\noutputs:\n  it:\n${output}\n` });
      tiercel = running;
      const account = async () => accountOf((await running.get('/metrics')).body, 'it');
      const kills = 8;
      const perKill = 1_000;
      for (let kill = 0; kill < kills; kill++) {
        const numbers = Array.from({ length: perKill }, (_, n) => kill * perKill + n);
        const before = (await account()).delivered;
        await running.post('/events', numbers.map(numbered).join('\n'), {
          'content-type': 'application/x-ndjson',
        });
        // In the middle of a batch, most of the time.
        await until('deliveries', async () => (await account()).delivered > before, { interval: 1 });
        // What is written now stays in the buffers of the system, and is lost with the server.
        await there.suspend();
        await there.outage();
        await there.restore();
      }
      // A connection for each batch: on a busy machine these are slow.
      let progress = 0;
      const isDone = async () => {
        const { pending, delivered } = await account();
        progress = delivered;
        return pending === 0;
      };
      await until('nothing to be pending', isDone, { progress: () => progress });
      expect(await account()).toMatchObject({ accepted: kills * perKill, delivered: kills * perKill });
      // The last line before a kill may be cut: that message was not confirmed, and was sent again.
      const arrived = new Set(there.messages().map(({ message }) => numberIn(message)));
      const missing = Array.from({ length: kills * perKill }, (_, n) => n).filter((n) => !arrived.has(n));
      expect(missing).toEqual([]);
    },
    300_000,
  );
});

const numbersIn = async (server: unknown): Promise<number[]> =>
  (server as SyslogServer).messages().map(({ message }) => numberIn(message));

for (const [name, start] of Object.entries(SYSLOG_SERVERS)) {
  for (const transport of name === 'rsyslog with GnuTLS' ? (['tls'] as const) : (['tcp', 'tls'] as const)) {
    survivesAnOutage(SYSLOG_PROGRAMS, `syslog to ${name} over ${transport}`, {
      start: () => start(transport),
      output: (server) => `${outputFor(server, transport, ['confirm: true'])}\n    batch: { events: 10 }`,
      arrived: numbersIn,
    });
  }
}

survivesAnOutage(SYSLOG_PROGRAMS, 'syslog to rsyslog over tcp, one connection', {
  start: () => startRsyslog('tcp'),
  output: (server) => outputFor(server, 'tcp'),
  arrived: numbersIn,
});
