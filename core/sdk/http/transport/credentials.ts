/** The value of an `Authorization` header for a user name and a password (RFC 7617). */
export function basicAuth(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Basic credentials of an address with user information, as a header value. */
export function basicAuthOf(url: URL): string | undefined {
  if (url.username === '') return undefined;
  return basicAuth(decoded(url.username), decoded(url.password));
}

/** User name and password of an address, as written, as meant, and as a header carries them. */
export function credentialsOf(url: URL): string[] {
  const both = [url.username, url.password];
  return [...both, ...both.map(decoded), ...headerForms(basicAuthOf(url))];
}

/** A header value with and without its scheme. */
export function headerForms(value: string | undefined): string[] {
  return value === undefined ? [] : [value, value.replace(/^\S+ /, '')];
}

/** A percent sign may stand for itself: `100%`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
