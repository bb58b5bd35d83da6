import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Decode } from './destination.ts';
import type { ReceivedRequest } from './http-destination.ts';

/** Characters that are shown on each side of the first difference. */
const SHOWN = 30;

/** What a preview is compared with. */
export interface Sent {
  /** What arrived, decoded. */
  readonly texts: readonly string[];
  /** What arrived, as it is. */
  readonly raw: readonly Buffer[];
  /** The mark of the event. */
  readonly mark: string;
  readonly decode: Decode<ReceivedRequest> | undefined;
}

/** A clock that stands still: a time in a body is the same in the preview. Waiting takes its time. */
export function standing(clock: Clock): Clock {
  const at = clock.now();
  return { now: () => at, monotonic: () => clock.monotonic(), sleep: clock.sleep };
}

/**
 * Asserts that a preview is what arrived; where the contract has `decode`, that it holds the event.
 *
 * @throws AssertionError with the first difference and what can be done
 */
export async function assertPreview(preview: string | Uint8Array, sent: Sent): Promise<void> {
  const { texts, raw, mark, decode } = sent;
  const bytes = Buffer.from(preview as Uint8Array);
  // A line of a stream ends with a line break, which a preview need not show.
  const isSame = (text: string) => text.trimEnd() === bytes.toString().trimEnd();
  if (bytes.equals(Buffer.concat(raw))) return;
  const isText = [bytes, ...raw].every(isUtf8);
  if (isText && [texts, raw.map(String)].some((all) => isSame(all.join('\n')))) return;
  if (decode !== undefined && (await isHeld(mark, bytes, decode))) return;
  const hint =
    decode === undefined
      ? 'Return what deliver() sends for the same events; if the body is encoded, give the contract "decode": then a preview that holds every event is enough'
      : `It must hold every event, as text or for decode(): ${mark} is missing`;
  assert.fail(`the preview is not what is sent: ${differenceOf(texts.join('\n'), raw, bytes)}. ${hint}`);
}

async function isHeld(mark: string, bytes: Buffer, decode: Decode<ReceivedRequest>): Promise<boolean> {
  if (bytes.includes(mark)) return true;
  try {
    return (await decode(bytes)).includes(mark);
  } catch {
    return false;
  }
}

/** Where two texts differ first, with little around it; of what is no text, the number of bytes. */
function differenceOf(text: string, raw: readonly Buffer[], preview: Buffer): string {
  const shown = preview.toString();
  if (!isUtf8(preview) || text.includes('\ufffd')) {
    const sentBytes = raw.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return `${sizeOf(preview)} previewed, ${sentBytes} bytes sent`;
  }
  let at = 0;
  while (at < text.length && text[at] === shown[at]) at++;
  const around = (whole: string) => {
    const from = Math.max(0, at - SHOWN);
    const part = JSON.stringify(whole.slice(from, at + SHOWN));
    return `${from > 0 ? '…' : ''}${part}${at + SHOWN < whole.length ? '…' : ''}`;
  };
  return `at character ${at} it has ${around(shown)}, sent is ${around(text)}`;
}

function sizeOf(bytes: Buffer): string {
  return `${bytes.byteLength} bytes${isUtf8(bytes) ? '' : ', not text,'}`;
}
