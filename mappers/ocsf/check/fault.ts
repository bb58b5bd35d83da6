/** What is wrong with a record, by the codes of OCSF's own server (ocsf/ocsf-server, validator2.ex). */
export type FaultCode =
  | 'attribute_required_missing'
  | 'attribute_unknown'
  | 'attribute_wrong_type'
  | 'attribute_enum_value_unknown'
  | 'attribute_enum_sibling_incorrect'
  | 'attribute_value_exceeds_max_len'
  | 'attribute_value_exceeds_range'
  | 'attribute_value_regex_not_matched'
  | 'class_uid_unknown'
  | 'constraint_failed'
  | 'observable_name_invalid_reference'
  | 'profile_unknown'
  | 'type_uid_incorrect'
  | 'version_incompatible';

/** One thing that is wrong, and where. */
export interface Fault {
  readonly code: FaultCode;
  /** The attribute that offends, as keys and indexes from the top; empty for the record itself. */
  readonly path: readonly (string | number)[];
}

/** A fault as text: `attribute_value_exceeds_max_len at finding_info.title`. */
export function describeFault({ code, path }: Fault): string {
  return path.length === 0 ? code : `${code} at ${pathText(path)}`;
}

/** A path as text: `evidences[0].file.name`. */
export function pathText(path: Fault['path']): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}
