/** Events that a schema accepts and refuses, made from its two examples by changing one thing. */

/** [name, event] */
export function acceptedEvents(schema, minimal, full) {
  const optional = Object.keys(schema.properties).filter((name) => !schema.required.includes(name));
  const nulls = Object.fromEntries(optional.filter((name) => allowsNull(schema.properties[name])).map((name) => [name, null]));
  return [
    ['minimal', minimal],
    ['full', full],
    ...(optional.length > 0 ? [['null means absent', { ...minimal, ...nulls }]] : []),
    ['a field that is not known', { ...minimal, further: { of: ['somebody', 1] } }],
    ...placesOf(schema, full).flatMap(({ path, schema: at }) =>
      edgesOf(at, 'inside').map(([name, value]) => [`${pathText(path)}: ${name}`, changed(full, path, value)]),
    ),
  ];
}

/** What breaks a rule between fields, or one that JSON Schema cannot say: [name, change of the full example]. */
const FURTHER = {
  'tip.candidates': [
    ['two candidates of one tip_id', ({ candidates }) => ({ candidates: candidates.map((one) => ({ ...one, tip_id: 't' })) })],
  ],
  'policy.control': [
    ['a reset without a user', () => ({ type: 'reset', user_id: null })],
    ['a promote that names a user', () => ({ type: 'promote' })],
    ['a promote without a policy', () => ({ type: 'promote', user_id: null, policy: null })],
    ['a migrate without a policy', () => ({ type: 'migrate', policy: null })],
    ['a configure without settings', () => ({ type: 'configure', user_id: null, settings: null })],
    ['evidence nested too deep', () => ({ evidence: Array.from({ length: 66 }).reduce((inner) => [inner], 1) })],
  ],
  'app.session': [['it ends before it starts', ({ started_at_ms }) => ({ ended_at_ms: started_at_ms - 1 })]],
};

/** [name, event] */
export function refusedEvents(topic, schema, minimal, full) {
  return [
    ...placesOf(schema, minimal)
      .filter(({ required }) => required)
      .map(({ path }) => [`without ${pathText(path)}`, changed(minimal, path, undefined)]),
    ...placesOf(schema, full).flatMap(({ path, schema: at }) =>
      edgesOf(at, 'outside').map(([name, value]) => [`${pathText(path)}: ${name}`, changed(full, path, value)]),
    ),
    ...(FURTHER[topic] ?? []).map(([name, change]) => [name, { ...full, ...change(full) }]),
  ];
}

const allowsNull = (schema) =>
  schema.type === 'null' ||
  schema.anyOf?.some(allowsNull) ||
  schema.type?.includes?.('null') ||
  (schema.type === undefined && !schema.anyOf);
/** Without its null. */
const valued = (schema) => schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;

/** Every place that the schema names and the event has; of a list its first entry. */
function placesOf(schema, event, path = []) {
  const { properties = {}, required = [], items } = schema;
  const fields = Object.entries(properties).filter(([name]) => event?.[name] !== undefined);
  const inner = fields.flatMap(([name, field]) => [
    { path: [...path, name], schema: valued(field), required: required.includes(name) },
    ...placesOf(valued(field), event[name], [...path, name]),
  ]);
  return items !== undefined && Array.isArray(event) && event.length > 0
    ? [...inner, ...placesOf(valued(items), event[0], [...path, 0])]
    : inner;
}

/** Values at the bounds of a schema, or just beyond them and of another type: [name, value]. */
function edgesOf({ type, minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, enum: values }, side) {
  const inside = side === 'inside';
  const bounds = [
    ['the least', minimum, -1],
    ['the most', maximum, 1],
  ].flatMap(([name, bound, step]) =>
    typeof bound === 'number' && Math.abs(bound) < 1e15 ? [[inside ? name : `beyond ${name}`, inside ? bound : bound + step]] : [],
  );
  const texts =
    maxLength === undefined ? [] : [[inside ? 'the longest' : 'too long', '\u{1F600}'.repeat(inside ? maxLength : maxLength + 1)]];
  if (inside) return [...bounds, ...texts, ...(values ?? []).map((value) => [JSON.stringify(value), value])];
  return [
    ...bounds,
    ...texts,
    ...(minLength > 0 ? [['empty', '']] : []),
    ...(minItems > 0 ? [['empty', []]] : []),
    ...(maxItems === undefined ? [] : [['too many', Array(maxItems + 1).fill(0)]]),
    ...(pattern?.includes('u0000') ? [['a control character', 'a\u0007']] : []),
    ...(values === undefined ? [] : [['another value', 'other']]),
    ...(type === 'integer' ? [['a fraction', 0.5]] : []),
    ...(type === undefined ? [] : [['another type', [type].flat().includes('string') ? [] : 'x']]),
  ];
}

function changed(event, path, value) {
  const copy = structuredClone(event);
  let holder = copy;
  for (const step of path.slice(0, -1)) holder = holder[step];
  if (value === undefined) delete holder[path.at(-1)];
  else holder[path.at(-1)] = value;
  return copy;
}

const pathText = (path) =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
