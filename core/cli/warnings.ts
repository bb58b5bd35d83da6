/**
 * Tells what the runtime and libraries warn of in one line each: Node's own several lines of text would stand between
 * the lines of the log, which machines read. Silent where the user asked for silence (`--no-warnings`).
 */
export function hearWarnings(tell: (line: string) => void): void {
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    const text = message.replaceAll(/\s*\n\s*/g, ' ');
    tell(name === 'Warning' ? text : `${name}: ${text}`);
  });
}
