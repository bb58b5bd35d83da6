import { type Event, type OutputContext, recordJson } from '../../core/sdk/index.ts';
import { cefOf } from './cef.ts';
import { headerOf } from './header.ts';
import type { SyslogOptions } from './options.ts';
import { structuredDataOf } from './structured-data.ts';

/** A line break in JSON text is white space, and in CEF there is none. */
const LINE_BREAKS = /[\r\n]+/g;

/**
 * Writes the message of a record and its event (RFC 5424), on one line.
 *
 * @throws Error when a template of the options does not parse
 * @example
 * const messageOf = messageWriter(options, context);
 * messageOf(record, event) // '<12>1 2026-07-11T09:44:58.682419Z node-1 Falco - Terminal_shell - {"rule":"Terminal shell", …}'
 */
export function messageWriter(
  { facility, app_name, structured_data = {}, format, bom }: SyslogOptions,
  { mapper, log }: Pick<OutputContext, 'mapper' | 'log'>,
): (record: unknown, event: Event) => string {
  const structuredData = structuredDataOf(structured_data, log);
  const toJson = recordJson(mapper);
  const bodyOf = format === 'cef' ? (_: unknown, event: Event) => cefOf(event) : toJson;
  const mark = bom ? '\ufeff' : '';
  return (record, event) => {
    const body = bodyOf(record, event).replace(LINE_BREAKS, ' ');
    return `${headerOf(event, facility, app_name)} ${structuredData(event)} ${mark}${body}`;
  };
}
