/** How much of an event a message shows. */
export interface Room {
  /** Characters of each text. */
  readonly text: number;
  /** Number of facts. */
  readonly facts: number;
}

/** From the whole event down to what fits into any message. */
const ROOMS: readonly Room[] = [
  { text: Number.POSITIVE_INFINITY, facts: Number.POSITIVE_INFINITY },
  { text: 4_000, facts: Number.POSITIVE_INFINITY },
  { text: 1_000, facts: Number.POSITIVE_INFINITY },
  { text: 250, facts: 40 },
  { text: 60, facts: 12 },
];

/** Marks where a text was cut. */
const CUT = '… (cut)';

/**
 * The message that shows the most of an event, and is no longer than its service takes.
 *
 * @param build the message in so much room, the smallest of which must fit; says in it that it was cut
 * @param limit bytes
 * @example fitMessage((room) => JSON.stringify({ text: shorten(event.output, room) }), 28_000)
 */
export function fitMessage(build: (room: Room) => string, limit: number): string {
  let message = '';
  for (const room of ROOMS) {
    message = build(room);
    if (Buffer.byteLength(message) <= limit) break;
  }
  return message;
}

/**
 * Whether anything is cut in this room at all, so that a message can say it.
 *
 * @example fitMessage((room) => JSON.stringify({ text: shorten(event.output, room), cut: isCut(room) }), 28_000)
 */
export function isCut({ text }: Room): boolean {
  return Number.isFinite(text);
}

/**
 * The start of a text, with a mark where something is left out; no character is split.
 *
 * @example shorten('a long text', { text: 6, facts: 12 }) // 'a long… (cut)'
 */
export function shorten(text: string, room: Room): string {
  if (text.length <= room.text) return text;
  const characters = [...text];
  return characters.length <= room.text ? text : `${characters.slice(0, room.text).join('')}${CUT}`;
}
