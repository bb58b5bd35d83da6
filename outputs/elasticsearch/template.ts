/** What Elasticsearch takes a JSON value for; named one by one, for a template without would catch the objects above them. */
const VALUE_TYPES = ['string', 'long', 'double', 'boolean'] as const;
const KEYWORD = { type: 'keyword', ignore_above: 8191 };

/**
 * The index template. Falco's fields hold a number here and a text there, and integers beyond 64 bits: as keywords none of
 * them can be refused, and the document keeps them as they were sent.
 */
export function indexTemplate(index: string, shards: number, replicas: number): object {
  return {
    index_patterns: [`${index}*`],
    template: {
      settings: { number_of_shards: shards, number_of_replicas: replicas },
      mappings: {
        dynamic_templates: [
          ...VALUE_TYPES.map((type) => ({
            [`fields_${type}`]: { path_match: 'output_fields.*', match_mapping_type: type, mapping: KEYWORD },
          })),
          { texts: { match_mapping_type: 'string', mapping: KEYWORD } },
        ],
        properties: {
          '@timestamp': { type: 'date_nanos' },
          time: { type: 'date_nanos' },
          output: { type: 'text' },
        },
      },
    },
  };
}
