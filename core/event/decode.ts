/**
 * How raw bytes become an {@link Event}: the enrichment of the configuration, as plain data that can be sent
 * to a worker thread.
 */
export interface DecodeOptions {
  /** Static fields added to `fields` of every event; they win over the event's own. */
  readonly customFields: Readonly<Record<string, string>>;
  /** Tags added behind the event's own, each once. */
  readonly customTags: readonly string[];
  /** Liquid templates over the event, rendered into `fields`: `"{{ hostname }}/{{ fields['proc.name'] }}"`. */
  readonly templatedFields: Readonly<Record<string, string>>;
}
