/** How messages are told apart in a stream: RFC 6587, 3.4.1 and 3.4.2. */
export const FRAMINGS = ['octet_counting', 'newline'] as const;

/** A way to tell messages apart. */
export type Framing = (typeof FRAMINGS)[number];

const NEWLINE = Buffer.from('\n');

/**
 * The messages as bytes of a stream.
 *
 * @param messages without line breaks where they are framed by `newline`
 * @example toFrames([Buffer.from('<13>1 - - - - - -')], 'octet_counting').toString() // '17 <13>1 - - - - - -'
 */
export function toFrames(messages: readonly Buffer[], framing: Framing): Buffer {
  const isCounted = framing === 'octet_counting';
  return Buffer.concat(
    messages.flatMap((message) =>
      isCounted ? [Buffer.from(`${message.byteLength} `), message] : [message, NEWLINE],
    ),
  );
}
