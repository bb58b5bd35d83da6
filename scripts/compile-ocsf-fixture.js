// Writes test/fixtures/ocsf/VERSION-CLASS.json from a compiled OCSF schema: the JSON Schema of a class without profiles, and what each
// profile adds to it. One definition a line, so that a difference can be read.
//
//   git clone --branch v1.8.0 <ocsf-schema> schema && ocsf-schema-compiler schema > compiled.json
//   node scripts/compile-ocsf-fixture.js compiled.json COMMIT
//
// ocsf-schema-compiler is OCSF's own (PyPI); COMMIT is that of the schema's repository.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CLASSES = ['security_finding', 'detection_finding'];
const PROFILES = ['datetime', 'host', 'container', 'cloud', 'linux/linux_users'];

const [file, commit] = process.argv.slice(2);
if (commit === undefined) throw new Error('usage: compile-ocsf-fixture.js COMPILED COMMIT');
const schema = JSON.parse(readFileSync(file, 'utf8'));
const types = schema.dictionary.types.attributes;

/** The JSON Schema of a primitive type, with the limits of the type that it is made of. */
function primitive(name) {
  if (name === 'json_t') return {};
  if (name === 'boolean_t') return { type: 'boolean' };
  if (name === 'float_t') return { type: 'number' };
  if (name === 'integer_t' || name === 'long_t') return { type: 'integer' };
  const { type, regex, max_len, range } = types[name];
  const base = type === undefined ? { type: 'string' } : primitive(type);
  return {
    ...base,
    ...(regex !== undefined && { pattern: regex }),
    ...(max_len !== undefined && { maxLength: max_len }),
    ...(range !== undefined && { minimum: range[0], maximum: range[1] }),
  };
}

const reference = (object) => ({ $ref: `#/$defs/${object.replace('/', '_')}` });

function attribute(given) {
  const { type, object_type, is_array, enum: values } = given;
  let one = type === 'object_t' ? reference(object_type) : primitive(type);
  if (values !== undefined && one.type === 'integer') {
    const ids = Object.keys(values).map(Number);
    one = { ...one, ...(ids.length === 1 ? { const: ids[0] } : { enum: ids }) };
  } else if (values !== undefined) {
    one = { ...one, enum: Object.keys(values) };
  }
  return is_array ? { type: 'array', items: one } : one;
}

/** The attributes that a profile adds, or those that need none. */
function attributesOf(item, profile) {
  return Object.entries(item.attributes).filter(([, { profiles }]) =>
    profile === undefined ? profiles == null : (profiles?.includes(profile) ?? false),
  );
}

function properties(attributes) {
  const required = attributes
    .filter(([, { requirement }]) => requirement === 'required')
    .map(([name]) => name);
  return {
    properties: Object.fromEntries(attributes.map(([name, each]) => [name, attribute(each)])),
    ...(required.length > 0 && { required }),
  };
}

function definition(item) {
  const own = properties(attributesOf(item, undefined));
  const none = Object.keys(item.attributes).length === 0;
  const { at_least_one: some, just_one: one } = item.constraints ?? {};
  return {
    type: 'object',
    ...own,
    additionalProperties: none,
    ...(some !== undefined && { anyOf: some.map((name) => ({ required: [name] })) }),
    ...(one !== undefined && { oneOf: one.map((name) => ({ required: [name] })) }),
  };
}

/** The objects that attributes refer to, and those that these refer to in turn, with the attributes of these profiles. */
function reach(attributes, profiles, into) {
  for (const [, { object_type: name, profiles: needed }] of attributes) {
    if (name === undefined || into.has(name)) continue;
    if (needed != null && !needed.some((profile) => profiles.includes(profile))) continue;
    into.add(name);
    reach(Object.entries(schema.objects[name].attributes), profiles, into);
  }
  return into;
}

for (const name of CLASSES) {
  const item = schema.classes[name];
  const all = Object.entries(item.attributes);
  const base = reach(all, [], new Set());
  const defs = (names) =>
    Object.fromEntries([...names].map((each) => [each.replace('/', '_'), definition(schema.objects[each])]));
  const profiles = {};
  for (const profile of PROFILES) {
    const reached = reach(all, ['datetime', profile], new Set());
    const more = {};
    for (const each of reached) {
      const added = attributesOf(schema.objects[each], profile);
      const key = each.replace('/', '_');
      if (base.has(each)) {
        if (added.length > 0) more[key] = properties(added);
      } else {
        const whole = definition(schema.objects[each]);
        more[key] = { ...whole, properties: { ...whole.properties, ...properties(added).properties } };
      }
    }
    profiles[profile] = { ...properties(attributesOf(item, profile)), $defs: more };
  }
  const { constraints: _, ...rest } = item;
  const out = {
    origin: `ocsf/ocsf-schema ${schema.version} at ${commit} (Apache-2.0)`,
    class: { title: item.caption, ...definition(rest), $defs: defs(base) },
    profiles,
  };
  const target = fileURLToPath(
    new URL(`../test/fixtures/ocsf/${schema.version}-${item.uid}.json`, import.meta.url),
  );
  writeFileSync(target, `${lines(out, 3)}\n`);
}

/** JSON with the members of the upper levels on lines of their own. */
function lines(value, levels) {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, each]) => `${JSON.stringify(key)}:${lines(each, levels - 1)}`,
  );
  return `{\n${members.join(',\n')}\n}`;
}
