import type { Event } from '../event/event.ts';
import { createRenderer } from '../event/template.ts';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Compiles a Liquid template over an event, for texts that users write in an option made by `template`: `rule`, `priority`, `source`, `hostname`, `output`, `time`,
 * `tags`, `fields`, `id`. It reaches nothing else.
 *
 * @param name of the option it comes from, for messages
 * @returns a function that never throws: where the template fails on an event the text is empty and the log says why, once
 * @throws Error when the template does not parse
 * @example textTemplate('message', '{{ rule }} on {{ fields["k8s.pod.name"] }}', log)(event)
 */
export function textTemplate(name: string, text: string, log: Logger): (event: Event) => string {
  const render = createRenderer({ [name]: text }, (message) => log.warn(message));
  return (event) => render(event, event.fields)[name] ?? '';
}
