import { type Delivery, delivered, fromResponse, retry } from '../../core/sdk/index.ts';

/**
 * What a 2xx of Teams means. A workflow answers 202. A connector answers 200, with `1` for a message that is posted, and with a text
 * for one that is not: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with …`.
 *
 * An error 400 inside a 200 is retried: Teams also answers it for a channel that was removed.
 *
 * @throws RangeError when the status in the text is none
 */
export async function fromAccepted(response: Response): Promise<Delivery> {
  const text = await response.text();
  if (!/delivery failed|returned HTTP error|error contacting/i.test(text)) return delivered();
  const status = Number(/HTTP error (\d+)/i.exec(text)?.[1] ?? 503);
  const inner = await fromResponse(new Response(text, { status, headers: response.headers }));
  return status === 400 && inner.status === 'rejected' ? retry(inner.reason) : inner;
}
