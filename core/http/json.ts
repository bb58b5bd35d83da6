/** An answer of one JSON value, ended by a newline for terminals. */
export function json(status: number, value: object): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json' },
  });
}
