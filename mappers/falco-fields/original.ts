// A byte order mark is part of what was received.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of an event as text that gives the same bytes back; undefined when they are not UTF-8. */
export function originalText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
