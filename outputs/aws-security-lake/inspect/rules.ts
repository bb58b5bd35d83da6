/**
 * What a custom source of Security Lake must keep, in our words. Sources: Security Lake user guide, "Collecting data
 * from custom sources" and "Open Cybersecurity Schema Framework in Security Lake"; the checks of AWS's OCSF validation
 * script for custom sources; and for `list` the reason Athena could not read Falcosidekick's files
 * (falcosecurity/falcosidekick#728).
 */
export const RULES = {
  readable: 'every object is one Parquet file',
  key: 'the key ends in ext/{source}[/{version}]/region={region}/accountId={account}/eventDay={YYYYMMDD}/{name}.parquet',
  day: 'every row is of the UTC day that the key says',
  order: 'the rows are in the order of their time',
  class: 'all rows of a source are of one OCSF class, which Security Lake takes for a custom source',
  version: 'all rows have one OCSF version, 1.3 or earlier',
  rows: 'the file has rows',
  codec: 'every column is compressed with zstd',
  page: 'no page is larger than 1 MB uncompressed',
  row_group: 'no row group is larger than 256 MB compressed',
  list: 'every list has three levels, nothing else is REPEATED',
  group: 'no group is empty',
  name: 'column names are lower-case letters, digits and _, none twice',
  partition_column: 'no column has the name of a partition key: region, accountId, eventDay',
  time: 'time is INT64 without an annotation and there in every row: milliseconds',
  time_dt: 'time_dt is TIMESTAMP(ms, UTC) and the same instant as time',
  unmapped: 'unmapped is a MAP of text to text',
  caption: 'class, category, type, activity and severity have the captions and numbers that OCSF gives them',
  required: 'every row has what its class requires',
  schema: 'all files of a source have the same columns; newer ones may have more',
} as const;

export type Rule = keyof typeof RULES;

/** A rule that is broken. */
export interface Violation {
  readonly rule: Rule;
  /** Where and how. */
  readonly detail: string;
}
