/** Bytes put together before they are sent. */
const CHUNK = 64 << 10;

/** An answer of one JSON value a line, read from its source only as fast as the client takes it. */
export function ndjson(values: AsyncIterable<object>): Response {
  const iterator = values[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let text = '';
        while (text.length < CHUNK) {
          const { value, done } = await iterator.next();
          if (done) {
            if (text !== '') controller.enqueue(Buffer.from(text));
            return controller.close();
          }
          text += `${JSON.stringify(value)}\n`;
        }
        controller.enqueue(Buffer.from(text));
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { headers: { 'content-type': 'application/x-ndjson' } });
}
