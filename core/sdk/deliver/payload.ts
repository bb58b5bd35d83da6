import { fieldText } from '../../event/encode.ts';
import { type Event, isMissing } from '../../event/event.ts';
import { createRenderer } from '../../event/template.ts';
import type { Logger } from '../contract/logger.ts';

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
  // The usual ones need no Liquid, which takes five microseconds, nor the fields of the event.
  if (!text.includes('{')) return () => text;
  const [, member] = /^\{\{ *(id|rule|priority|source|hostname|output) *\}\}$/.exec(text) ?? [];
  if (member !== undefined) return (event) => event[member as 'rule'] ?? '';
  return (event) => render(event, event.fields)[name] ?? '';
}

/** A text about an event. */
export type EventText = (event: Event) => string;

/**
 * The labels of events, for destinations that take a few short texts with each record: labels of a stream, attributes of a message.
 * First those of the output, then those that the user writes as Liquid templates. An empty text is no label, so an empty template
 * removes one.
 *
 * @param name of the option that the templates come from, for messages
 * @param longest bytes that the destination takes of a value; longer ones are cut
 * @returns a function that never throws
 * @throws Error when a template does not parse
 * @example
 * const labelsOf = eventLabels({ rule: ({ rule }) => rule }, 'labels', options.labels, { longest: 2048, log });
 * labelsOf(event) // { rule: 'Terminal shell in container', cluster: 'prod' }
 */
export function eventLabels(
  own: Readonly<Record<string, EventText>>,
  name: string,
  templates: Readonly<Record<string, string>>,
  { longest, log }: { readonly longest: number; readonly log: Logger },
): (event: Event) => Record<string, string> {
  const texts = [
    ...Object.entries(own).filter(([label]) => !(label in templates)),
    ...Object.entries(templates).map(
      ([label, text]) => [label, textTemplate(`${name}.${label}`, text, log)] as const,
    ),
  ];
  return (event) => {
    const labels: Record<string, string> = {};
    for (const [label, textOf] of texts) {
      const text = textOf(event);
      if (text !== '') labels[label] = cutBytes(text, longest);
    }
    return labels;
  };
}

/** The start of a text, at most so many bytes of UTF-8; no character is split. */
function cutBytes(text: string, longest: number): string {
  if (text.length * 3 <= longest || Buffer.byteLength(text) <= longest) return text;
  const buffer = Buffer.from(text);
  let end = longest;
  while ((buffer[end]! & 0xc0) === 0x80) end--;
  return buffer.toString('utf8', 0, end);
}

/**
 * A field as text; `''` where the event does not have it, or Falco wrote that it has no value.
 *
 * @example fieldTextOf(event, 'k8s.pod.name') // 'web-1'
 */
export function fieldTextOf(event: Event, field: string): string {
  const value = event.fields[field];
  return isMissing(value) ? '' : fieldText(value);
}
