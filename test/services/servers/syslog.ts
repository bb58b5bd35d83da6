import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CACHE, type Server, startServer } from './server.ts';

/** Where scripts/services-install.sh unpacks the packages. */
const ROOT = join(CACHE, 'syslog');
/** The programs, for `describeWith`. */
export const SYSLOG_PROGRAMS = ['../syslog/usr/sbin/rsyslogd', '../syslog/usr/sbin/syslog-ng'];
/** The certificates of the tests: `ca.crt`, `server.crt`, `client.crt` and their keys. */
export const TLS_FOLDER = fileURLToPath(new URL('../../fixtures/tls/', import.meta.url));

/** How a server listens. */
export type Transport = 'udp' | 'tcp' | 'tls';

/** How messages are told apart in a stream. */
export type Framing = 'octet_counting' | 'newline';

/** A message as the server read it, its header taken apart. */
export interface ServerMessage {
  readonly facility: string;
  readonly severity: string;
  readonly time: string;
  readonly host: string;
  readonly program: string;
  readonly msgid: string;
  readonly data: string;
  readonly message: string;
}

/** A syslog server that writes what it gets into a file. */
export interface SyslogServer extends Server {
  /** What it has written, also through an outage. */
  messages(): ServerMessage[];
  /**
   * Stops its process without ending it, when it has stored all that it has read: the system still takes what is sent to it.
   * Until the outage.
   */
  suspend(): Promise<void>;
}

/** The servers by name; each requires a client certificate of TLS connections, and takes messages of 64 KiB. */
export const SYSLOG_SERVERS = {
  rsyslog: (transport: Transport, _framing?: Framing) => startRsyslog(transport),
  'rsyslog with GnuTLS': (transport: Transport, _framing?: Framing) => startRsyslog(transport, 'gtls'),
  'syslog-ng': (transport: Transport, framing?: Framing) => startSyslogNg(transport, framing),
};

/**
 * Starts rsyslog. It takes both framings on one port.
 *
 * @param library of TLS: OpenSSL or GnuTLS
 */
export function startRsyslog(transport: Transport, library: 'ossl' | 'gtls' = 'ossl'): Promise<SyslogServer> {
  return start('rsyslog', (port, directory, file) => {
    const driver =
      transport === 'tls'
        ? `StreamDriver.Name="${library}" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid"`
        : '';
    const config = `
global(
  workDirectory="${directory}"
  maxMessageSize="64k"
  # What it gets is written as it is.
  parser.escapeControlCharactersOnReceive="off"
  DefaultNetstreamDriverCAFile="${TLS_FOLDER}ca.crt"
  DefaultNetstreamDriverCertFile="${TLS_FOLDER}server.crt"
  DefaultNetstreamDriverKeyFile="${TLS_FOLDER}server.key"
)
module(load="imtcp" ${driver})
module(load="imudp")
template(name="json" type="list" option.jsonf="on") {
  property(outname="facility" name="syslogfacility" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" date.inUTC="on" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="program" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
# Each message is in the file before the next one is read.
main_queue(queue.type="direct")
ruleset(name="all" queue.type="direct") { action(type="omfile" file="${file}" template="json") }
input(type="imtcp" address="127.0.0.1" port="${port}" ruleset="all")
input(type="imudp" address="127.0.0.1" port="${port}" ruleset="all")
`;
    const path = join(directory, 'rsyslog.conf');
    writeFileSync(path, config);
    return {
      program: join(ROOT, 'usr/sbin/rsyslogd'),
      args: ['-n', '-f', path, '-i', join(directory, 'pid'), '-M', librariesBelow('rsyslog').join(':')],
    };
  });
}

/** Starts syslog-ng, which has another port for each framing. */
export function startSyslogNg(
  transport: Transport,
  framing: Framing = 'octet_counting',
): Promise<SyslogServer> {
  return start('syslog-ng', (port, directory, file) => {
    const tls = `tls(key-file("${TLS_FOLDER}server.key") cert-file("${TLS_FOLDER}server.crt") ca-file("${TLS_FOLDER}ca.crt") peer-verify(required-trusted))`;
    const place = `ip("127.0.0.1") port(${port}) transport("${transport}") ${transport === 'tls' ? tls : ''}`;
    const source =
      framing === 'octet_counting' ? `syslog(${place})` : `network(${place} flags(syslog-protocol))`;
    // UDP gives no sign that it listens; this port does.
    const sign = transport === 'udp' ? `source ready { network(ip("127.0.0.1") port(${port})); };` : '';
    const fields = [
      'facility=\\"$FACILITY_NUM\\"',
      'severity=\\"$LEVEL_NUM\\"',
      'time=\\"$S_ISODATE\\"',
      'host=\\"$HOST\\"',
      'program=\\"$PROGRAM\\"',
      'msgid=\\"$MSGID\\"',
      'data=\\"$SDATA\\"',
      'message=\\"$MESSAGE\\"',
    ];
    const config = `@version: 3.38
options {
  log-msg-size(65536); frac-digits(6); keep-hostname(yes); keep-timestamp(yes); send-time-zone("UTC");
  use-dns(no); stats-freq(0); flush-lines(1);
};
source all { ${source}; };
${sign}
destination out { file("${file}" template("$(format-json ${fields.join(' ')})\\n")); };
log { source(all); destination(out); };
${sign === '' ? '' : 'log { source(ready); };'}
`;
    const path = join(directory, 'syslog-ng.conf');
    writeFileSync(path, config);
    const own = (name: string) => join(directory, name);
    return {
      program: join(ROOT, 'usr/sbin/syslog-ng'),
      args: [
        ...['--foreground', '--no-caps', '--stderr', '--cfgfile', path],
        ...['--persist-file', own('persist'), '--pidfile', own('pid'), '--control', own('control')],
        ...['--module-path', join(ROOT, 'usr/lib/syslog-ng/3.38')],
      ],
    };
  });
}

async function start(
  name: string,
  commandOf: (port: number, directory: string, file: string) => { program: string; args: string[] },
): Promise<SyslogServer> {
  let file = '';
  let pidFile = '';
  let port = 0;
  const server = await startServer({
    name,
    protocol: 'tcp',
    command: (given, directory) => {
      port = given;
      file = join(directory, 'messages.ndjson');
      pidFile = join(directory, 'pid');
      return {
        ...commandOf(given, directory, file),
        env: {
          LD_LIBRARY_PATH: [...librariesBelow('.'), join(ROOT, 'usr/lib/syslog-ng')].join(':'),
          // So that the times of both servers are written alike.
          TZ: 'UTC',
        },
      };
    },
    ready: (url) => answers(Number(new URL(url).port)),
  });
  return {
    ...server,
    output: () => server.output(),
    messages: () =>
      (existsSync(file) ? readFileSync(file, 'utf8') : '').split('\n').slice(0, -1).map(readLine),
    async suspend() {
      const pid = Number(readFileSync(pidFile, 'utf8'));
      for (;;) {
        process.kill(pid, 'SIGSTOP');
        // What was on its way has come.
        await sleep(100);
        if (!hasReadAllOfSome(port)) return;
        process.kill(pid, 'SIGCONT');
        await sleep(5);
      }
    },
  };
}

/**
 * Whether a server has read all that came over some connection that it has not closed. It may not have stored it yet, and killed now
 * its system would close the connection in good order: that is how it confirms.
 */
function hasReadAllOfSome(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => readFileSync(path, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .some(([, from = '', , state = '', queues = '']) => {
      // The end of the other side counts as one byte that is not read.
      const unread = Number.parseInt(queues.split(':')[1] ?? '', 16);
      return from.endsWith(local) && [ESTABLISHED, CLOSE_WAIT].includes(state) && unread <= 1;
    });
}

const ESTABLISHED = '01';
const CLOSE_WAIT = '08';

function readLine(line: string): ServerMessage {
  return JSON.parse(line) as ServerMessage;
}

/** The folders of libraries of the unpacked packages, by the machine's architecture. */
function librariesBelow(folder: string): string[] {
  return ['usr/lib', 'lib'].flatMap((parent) =>
    readdirSync(join(ROOT, parent))
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(ROOT, parent, name, folder)),
  );
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
