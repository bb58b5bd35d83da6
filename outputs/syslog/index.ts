import {
  type Batch,
  type BatchContent,
  type Delivery,
  defineOutput,
  delivered,
  type Failure,
  type Output,
  openUdp,
  overConnection,
  reach,
  readTls,
} from '../../core/sdk/index.ts';
import { toFrames } from './framing.ts';
import { messageWriter } from './message.ts';
import { checkOptions, options } from './options.ts';
import { closeStream, isOpen, openStream, readPending, writeAndConfirm, writeStream } from './stream.ts';

/** Sends each event to a syslog server. */
export default defineOutput({
  apiVersion: 1,
  type: 'syslog',
  summary: 'Sends events to a syslog server: RFC 5424 over UDP, TCP or TLS, as JSON or CEF.',
  category: 'siem',
  stability: 'experimental',
  options,
  examples: [
    { title: 'Minimal', options: { host: 'syslog.example.com' } },
    {
      title: 'TLS with a client certificate',
      options: {
        host: 'syslog.example.com',
        port: 6514,
        tls: { ca: '/etc/tiercel/ca.pem', cert: '/etc/tiercel/client.pem', key: '/etc/tiercel/client.key' },
        confirm: true,
      },
    },
    {
      title: 'CEF over UDP, for a SIEM',
      options: { host: 'siem.example.com', protocol: 'udp', format: 'cef', facility: 'local4' },
    },
    {
      title: 'Lines, with structured data',
      options: {
        host: 'syslog.example.com',
        framing: 'newline',
        structured_data: { 'falco@32473': { rule: '{{ rule }}', namespace: '{{ fields["k8s.ns.name"] }}' } },
      },
    },
  ],
  batch: { events: 500, size: 1_000_000, every: 1_000 },
  mapper: 'falco',
  ordering: 'partition',
  confirms: ({ protocol, confirm }) => protocol === 'tcp' && confirm,
  claims: (given, { mapperRef }) => {
    checkOptions(given, mapperRef.type);
    return [];
  },
  notes: `Each event is one message of RFC 5424. Its severity is the priority of the event, TIMESTAMP the time of the event to the microsecond,
HOSTNAME its \`hostname\`, MSGID its rule; characters that are not allowed there become \`_\`, and the rule is cut at 32 characters. PROCID is \`-\`. The message is on one line; it has no
byte order mark, because JSON must not begin with one (RFC 8259) and many servers keep it.

**Syslog has no acknowledgement.** What "delivered" means depends on the options:

| options | an event is delivered when | can be lost |
|---|---|---|
| \`protocol: udp\` | it was sent | on the network, in a full buffer, at a server that is down |
| TCP or TLS | the operating system has taken it, on a connection that the server has not closed | what the server had not read when it or the network broke down |
| TCP or TLS with \`confirm: true\` | the server has read the whole batch and closed the connection | what the server had read but not stored when it was killed |

The first two are counted under \`confirmed="false"\`. Use \`confirm: true\` unless the server or a proxy before it cannot close a connection
whose other side is closed; then every batch would be sent again and again. It costs a connection for each batch.

Batches are sent in the order in which the events were accepted. Retried: a connection that fails, is refused, or is closed before
all was written; its batch is sent again, and events of it that had arrived arrive twice. Over UDP, the answer "port unreachable" of the
server's machine (Deno does not report it). Set aside as a dead letter: a message longer than \`max_message_size\`. It is never cut, because cut JSON cannot be read.
Raise the limit together with that of the server: \`global(maxMessageSize="64k")\` in rsyslog, \`log-msg-size(65536)\` in syslog-ng. Over UDP,
messages that are longer than a packet of the network (about 1,400 bytes) are sent in fragments and are lost when one of these is; after each
64 KiB there is a pause of 5 ms, in which the server can empty its buffer.

TCP notices a server that closed the connection before the next write, and asks an idle one after 30 seconds whether it is still there.
The name of a UDP server is looked up again each minute.

rsyslog takes both framings on one port:

    module(load="imtcp")
    input(type="imtcp" port="514")

syslog-ng takes \`octet_counting\` with \`syslog(transport("tcp"))\`, and \`newline\` with \`network(transport("tcp") flags(syslog-protocol))\`.

CEF has \`Falcosecurity|Falco|1.0\`, the rule as signature and name, and the severity that Falcosidekick gives each priority. Fields that CEF
has keys for are there (\`suser\`, \`sproc\`, \`src\`, \`filePath\` …); \`cs1\` to \`cs6\` are tags, command line, container id, image, namespace and pod;
every other field has a key of its own: \`evt.type\` is \`FalcoEvtType\`. Values are escaped, and control characters other than line breaks become
spaces.

Falcosidekick sends the older format of RFC 3164 with the facility \`kern\` and the same tag, \`Falco\`. Servers that tell the formats apart by
themselves, as rsyslog does, need no change.`,
  create(given, context) {
    const { host, port, protocol, tls, confirm, framing, max_message_size } = given;
    const { clock, configDir } = context;
    const messageOf = messageWriter(given, context);

    /** Sends the messages that are not too long; `send` may reject some by their index among those. */
    async function sendFitting(
      { records, events }: BatchContent<unknown>,
      send: (messages: readonly Buffer[]) => Promise<readonly Failure[]>,
    ): Promise<Delivery> {
      const messages = records.map((record, index) => Buffer.from(messageOf(record, events[index]!)));
      const rejected: Failure[] = [];
      const fitting = messages.flatMap((message, index) => {
        if (message.byteLength <= max_message_size) return [{ message, index }];
        const reason = `the message has ${message.byteLength} bytes, more than max_message_size (${max_message_size})`;
        rejected.push({ index, reason });
        return [];
      });
      if (fitting.length > 0) {
        const refused = await send(fitting.map(({ message }) => message));
        rejected.push(...refused.map(({ index, reason }) => ({ index: fitting[index]!.index, reason })));
      }
      return delivered(rejected.length > 0 ? { rejected } : {});
    }

    function overUdp(): Output {
      const sender = openUdp({ host, port, clock });
      return {
        start: (signal) => sender.open(signal),
        deliver: (batch, signal) => sendFitting(batch, (messages) => sender.send(messages, signal)),
        diagnose: (_options, signal) => reach({ host, port, protocol: 'udp' }, signal),
        stop: () => sender.close(),
      };
    }

    function overTcp(): Output {
      // With confirm a refusal shows in time on every connection, and the wait would be on every batch.
      let untilAccepted = true;
      const open = async (signal: AbortSignal) => {
        const stream = await openStream({ host, port, tls, configDir, clock, untilAccepted }, signal);
        untilAccepted = !confirm;
        return stream;
      };
      const write = confirm ? writeAndConfirm : writeStream;
      const output = overConnection(
        {
          open,
          isOpen,
          close: (stream) => closeStream(stream, clock),
          address: { host, port, ...(tls !== undefined && { tls: () => readTls(tls, configDir) }) },
        },
        (stream, batch: Batch<unknown>, signal) =>
          sendFitting(batch, async (messages) => {
            await write(stream, toFrames(messages, framing), clock, signal);
            return [];
          }),
      );
      return {
        ...output,
        async deliver(batch, signal) {
          await readPending();
          return output.deliver(batch, signal);
        },
      };
    }

    return {
      ...(protocol === 'udp' ? overUdp() : overTcp()),
      preview: ({ records, events }) =>
        records.map((record, index) => messageOf(record, events[index]!)).join('\n'),
    };
  },
});
