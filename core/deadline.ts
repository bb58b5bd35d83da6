// Node's own: the global of Deno gives a number, which cannot be unreferenced.
import { setTimeout } from 'node:timers';

/**
 * A signal that aborts after so many milliseconds and keeps no program running until then. What
 * `AbortSignal.timeout` does on Node; on Deno that one holds the process as long as anybody listens to it.
 */
export function deadlineIn(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const late = () => controller.abort(new DOMException('The deadline has passed', 'TimeoutError'));
  setTimeout(late, milliseconds).unref();
  return controller.signal;
}
