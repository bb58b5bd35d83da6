import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import type { Port } from './channel.ts';

/** Bytes before each message: its length, little-endian. */
const PREFIX = 4;

/**
 * A port over a stream of bytes, with values as `node:v8` writes them. The channel that Node itself has between
 * processes costs several times as much for each message.
 */
export function portOf(stream: Duplex): Port {
  // That the other end is gone is told by the end of its process.
  stream.on('error', () => {});
  return {
    send(message, done) {
      const body = serialize(message);
      const prefix = Buffer.allocUnsafe(PREFIX);
      prefix.writeUInt32LE(body.length);
      stream.cork();
      stream.write(prefix);
      stream.write(body, (error) => done(error ?? null));
      stream.uncork();
    },
    onMessage(receive) {
      let parts: Buffer[] = [];
      let length = 0;
      stream.on('data', (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length < needed(parts[0]!)) return;
        let rest = parts.length === 1 ? part : Buffer.concat(parts, length);
        while (rest.length >= needed(rest)) {
          const end = needed(rest);
          receive(deserialize(rest.subarray(PREFIX, end)));
          rest = rest.subarray(end);
        }
        parts = rest.length === 0 ? [] : [rest];
        length = rest.length;
      });
    },
  };
}

/** Bytes of the message that begins here; of the prefix alone, as long as that is not there. */
function needed(bytes: Buffer): number {
  return bytes.length < PREFIX ? PREFIX : PREFIX + bytes.readUInt32LE(0);
}
