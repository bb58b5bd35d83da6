/** What is looked at of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** The value of a header; null or undefined where it is absent. */
  header(name: string): string | null | undefined;
}

/** How one request went. */
export interface AnsweredWay {
  readonly url: URL;
  /** The proxy that it went through. */
  readonly proxy: URL | undefined;
}

/**
 * A sentence that names who answered. A proxy of plain HTTP answers like the server, so it is named where it is at fault or may
 * be; through a tunnel only the server can answer.
 *
 * @param said what the answer says: `answered 405 Method Not Allowed`
 * @example
 * nameAnswerer('answered 407', way, head) // 'tickets.example.com: proxy 10.0.0.1:3128 answered 407'
 * nameAnswerer('answered 405', way, head) // 'tickets.example.com answered 405; through the proxy 10.0.0.1:3128, which may have answered itself'
 */
export function nameAnswerer(said: string, { url, proxy }: AnsweredWay, head: AnswerHead): string {
  if (proxy === undefined || url.protocol === 'https:' || (head.status >= 200 && head.status < 300))
    return `${url.host} ${said}`;
  // Squid marks the pages of its own errors.
  if (head.status === 407 || typeof head.header('x-squid-error') === 'string')
    return `${url.host}: proxy ${proxy.host} ${said}`;
  return `${url.host} ${said}; through the proxy ${proxy.host}, which may have answered itself`;
}
