/**
 * True for a URL with a user name or password in it. Such a value is a secret, whatever the option says.
 *
 * @example hasCredentials('nats://me:secret@nats:4222') // true
 */
export function hasCredentials(value: unknown): boolean {
  return typeof value === 'string' && /^\s*[a-z][\w+.-]*:\/\/[^/?#\s]+@/i.test(value);
}
