import { fromResponse } from '../../core/sdk/index.ts';

/** The type that takes an object as one field, every value in it a keyword: Elasticsearch's name of it, and OpenSearch's. */
const FLAT_TYPES = ['flattened', 'flat_object'] as const;

/** The options that the template is made from. */
export interface TemplateOptions {
  readonly index: string;
  readonly number_of_shards: number;
  readonly number_of_replicas: number;
}

const KEYWORD = { type: 'keyword', ignore_above: 8191 };

/** A rule of the mapping for the texts of one place. */
const texts = (name: string, path: string, mapping: object) => ({
  [name]: { path_match: path, match_mapping_type: 'string', mapping },
});

/**
 * The index template. Falco's fields hold a number here and a text there, integers beyond 64 bits, and both `evt.time` and
 * `evt.time.iso8601`, which cannot be a value and an object at once: as one flat field none of them can be refused, and the
 * document keeps them as they were sent.
 */
export function indexTemplate(naming: TemplateOptions, flat: (typeof FLAT_TYPES)[number]): object {
  const { index, number_of_shards, number_of_replicas } = naming;
  return {
    index_patterns: [`${index}*`],
    template: {
      settings: { number_of_shards, number_of_replicas },
      mappings: {
        dynamic_templates: [
          // Of the mapper ecs. By rules and not by name: `source` is a text in an event as received.
          {
            ecs_fields: { path_match: 'falco.fields', match_mapping_type: 'object', mapping: { type: flat } },
          },
          texts('ecs_original', 'event.original', { type: 'keyword', index: false, doc_values: false }),
          texts('ecs_message', 'message', { type: 'text' }),
          texts('ecs_source', 'source.ip', { type: 'ip' }),
          texts('ecs_destination', 'destination.ip', { type: 'ip' }),
          texts('ecs_related', 'related.ip', { type: 'ip' }),
          { texts: { match_mapping_type: 'string', mapping: KEYWORD } },
        ],
        properties: {
          '@timestamp': { type: 'date_nanos' },
          time: { type: 'date_nanos' },
          output: { type: 'text' },
          output_fields: { type: flat },
        },
      },
    },
  };
}

/**
 * Puts the template, for Elasticsearch and, where that is none, for OpenSearch.
 *
 * @param put sends it
 * @returns why it was refused; undefined when it is there
 */
export async function putIndexTemplate(
  options: TemplateOptions,
  put: (body: string) => Promise<Response>,
): Promise<string | undefined> {
  let reason: string | undefined;
  for (const flat of FLAT_TYPES) {
    const response = await put(JSON.stringify(indexTemplate(options, flat)));
    // The cause stands at the end of a long answer, of which a reason holds the beginning only.
    const said = await response.clone().text();
    const answer = await fromResponse(response);
    if (answer.status === 'delivered') return undefined;
    reason = answer.reason;
    if (!/no handler for type/i.test(said)) break;
  }
  return reason;
}
