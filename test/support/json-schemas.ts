/** Random JSON Schemas, changes to them, and values that they are likely to accept: what the compatibility check is tried on. */
import fc from 'fast-check';

export type Schema = Record<string, unknown> | boolean;
/** Numbers from 0 up to, and without, `below`. */
export type Pick = (below: number) => number;

const NAMES = ['a', 'b', 'c'];
const TEXTS = ['', 'a', 'ab', 'b1', 'abcd', 'x'];

export function picker(seed: number): Pick {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const maybe = (pick: Pick, name: string, value: unknown): Record<string, unknown> => (pick(3) === 0 ? { [name]: value } : {});
const oneOf = <T>(pick: Pick, list: readonly T[]): T => list[pick(list.length)]!;

/** A schema of at most `depth` levels. */
export function randomSchema(pick: Pick, depth: number): Schema {
  const inner = () => randomSchema(pick, depth - 1);
  const makers: (() => Schema)[] = [
    () => ({ type: 'integer', ...maybe(pick, 'minimum', pick(4)), ...maybe(pick, 'maximum', 3 + pick(4)) }),
    () => ({
      type: 'number',
      ...maybe(pick, 'exclusiveMinimum', pick(3)),
      ...maybe(pick, 'maximum', 3 + pick(4)),
      ...maybe(pick, 'multipleOf', 1 + pick(3)),
    }),
    () => ({
      type: 'string',
      ...maybe(pick, 'minLength', pick(3)),
      ...maybe(pick, 'maxLength', 1 + pick(4)),
      ...maybe(pick, 'pattern', oneOf(pick, ['^a', 'b$'])),
    }),
    () => ({ type: 'string', enum: TEXTS.filter((_, at) => at === 0 || pick(2) === 0) }),
    () => ({ enum: [1, 'a', null].filter((_, at) => at === 0 || pick(2) === 0) }),
    () => ({ const: oneOf<unknown>(pick, [0, 'a', true, null]) }),
    () => ({ type: oneOf(pick, ['boolean', 'null', 'string', 'integer']) }),
    () => ({ type: ['string', 'null'] }),
    () => true,
  ];
  if (depth > 0) {
    makers.push(
      () => ({ anyOf: [inner(), { type: 'null' }] }),
      () => ({ anyOf: [inner(), inner()] }),
      () => ({ allOf: [inner(), inner()] }),
      () => ({
        type: 'array',
        items: inner(),
        ...maybe(pick, 'minItems', pick(2)),
        ...maybe(pick, 'maxItems', 1 + pick(3)),
        ...maybe(pick, 'uniqueItems', true),
      }),
      ...Array.from({ length: 6 }, () => () => randomObject(pick, inner)),
    );
  }
  return oneOf(pick, makers)();
}

function randomObject(pick: Pick, inner: () => Schema): Schema {
  const names = NAMES.filter(() => pick(3) > 0);
  const condition = { if: { properties: { a: { const: 'a' } }, required: ['a'] }, then: { required: [oneOf(pick, NAMES)] } };
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, inner()])),
    ...maybe(
      pick,
      'required',
      NAMES.filter(() => pick(3) === 0),
    ),
    ...maybe(pick, 'additionalProperties', oneOf<Schema>(pick, [true, false, inner()])),
    ...maybe(pick, 'minProperties', pick(3)),
    ...(pick(8) === 0 ? { maxProperties: 2 + pick(2) } : {}),
    ...(pick(10) === 0 ? { propertyNames: { maxLength: 1 } } : {}),
    ...(pick(6) === 0 && names.includes('a')
      ? {
          properties: { ...Object.fromEntries(names.map((name) => [name, inner()])), a: { type: 'string', enum: ['a', 'b'] } },
          allOf: [condition],
        }
      : {}),
  };
}

/** One change somewhere in it: a number moved, a keyword or an entry taken away, one put in, a schema exchanged. */
export function changedSchema(pick: Pick, schema: Schema): Schema {
  const copy = structuredClone(schema);
  if (typeof copy === 'boolean') return randomSchema(pick, 1);
  const holders: Record<string, unknown>[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    holders.push(value as Record<string, unknown>);
    Object.values(value).forEach(collect);
  };
  collect(copy);
  for (let tries = 0; tries < 20; tries++) {
    const holder = oneOf(pick, holders);
    if (Array.isArray(holder)) {
      if (holder.length < 2 || typeof holder[0] === 'object') continue;
      holder.splice(pick(holder.length), 1);
      return copy;
    }
    const keys = Object.keys(holder);
    if (keys.length === 0) continue;
    const key = oneOf(pick, keys);
    const value = holder[key];
    if (typeof value === 'number') holder[key] = Math.max(key === 'multipleOf' ? 1 : 0, value + oneOf(pick, [-1, 1]));
    else if (key === 'required' && pick(2) === 0) holder[key] = [...new Set([...(value as string[]), oneOf(pick, NAMES)])];
    else if (key === 'enum' && pick(2) === 0) holder[key] = [...new Set([...(value as unknown[]), 'new'])];
    else if (key === 'type' && pick(2) === 0) holder[key] = value === 'integer' ? 'number' : [...new Set([value, 'null'].flat())];
    else if (key === 'properties') (value as Record<string, Schema>)[oneOf(pick, NAMES)] = randomSchema(pick, 1);
    else if (key === 'items' || (typeof value === 'object' && NAMES.includes(key))) holder[key] = randomSchema(pick, 1);
    else delete holder[key];
    return copy;
  }
  return copy;
}

/** The schema with one alternative of each anyOf and oneOf: it accepts a part of what the whole accepts. */
export function oneAlternative(pick: Pick, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((one) => oneAlternative(pick, one));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { anyOf, ...rest } = schema as Record<string, unknown>;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key === 'enum' || key === 'const' ? value : oneAlternative(pick, value)]),
  );
  if (!Array.isArray(anyOf)) return inner;
  return { ...inner, allOf: [...((inner.allOf as unknown[] | undefined) ?? []), oneAlternative(pick, oneOf(pick, anyOf))] };
}

/** A value near what all of them accept: at a bound of theirs, just beyond it, or of no kind that they name. */
export function randomValue(pick: Pick, schemas: readonly unknown[], depth = 0): unknown {
  const parts = flat(schemas);
  const said = (name: string): unknown[] => parts.flatMap((part) => (part[name] === undefined ? [] : [part[name]]));
  if (pick(12) === 0 || depth > 5) return oneOf<unknown>(pick, [null, 0, 1, 'a', true, [], {}]);
  const values = [...said('enum').flat(), ...said('const')];
  if (values.length > 0 && pick(8) > 0) return oneOf(pick, values);
  const types = said('type').map((type) => [type].flat() as string[]);
  const shared = (types[0] ?? []).filter((type) => types.every((other) => other.includes(type)));
  const type = shared.length > 0 ? oneOf(pick, shared) : oneOf(pick, ['string', 'integer', 'object', 'null', 'array', 'boolean', 'number']);
  const numbers = (...names: string[]) => names.flatMap((name) => said(name) as number[]);
  if (type === 'integer')
    return oneOf(pick, [...numbers('minimum', 'maximum', 'exclusiveMinimum').flatMap((n) => [n - 1, n, n + 1]), pick(8)]);
  if (type === 'number')
    return oneOf(pick, [...numbers('minimum', 'maximum', 'exclusiveMinimum', 'multipleOf').flatMap((n) => [n, n + 0.5, n * 2]), pick(8)]);
  if (type === 'string')
    return oneOf(pick, [...TEXTS, ...numbers('minLength', 'maxLength').flatMap((n) => ['a'.repeat(n), 'b'.repeat(n + 1)])]);
  if (type === 'array')
    return Array.from({ length: oneOf(pick, [...numbers('minItems', 'maxItems'), pick(4)]) }, () =>
      randomValue(pick, said('items'), depth + 1),
    );
  if (type !== 'object') return type === 'null' ? null : pick(2) === 0;
  const properties = said('properties') as Record<string, unknown>[];
  const required = new Set(said('required').flat() as string[]);
  const further = said('additionalProperties');
  const names = new Set([
    ...properties.flatMap((one) => Object.keys(one)),
    ...required,
    ...(pick(2) === 0 ? NAMES : []),
    ...(pick(4) === 0 ? ['z', 'zz'] : []),
  ]);
  const kept = [...names].filter((name) => (required.has(name) ? pick(20) > 0 : pick(3) > 0));
  const schemaOf = (name: string) => {
    const own = properties.flatMap((one) => (Object.hasOwn(one, name) ? [one[name]] : []));
    return own.length > 0 ? own : further;
  };
  return Object.fromEntries(kept.map((name) => [name, randomValue(pick, schemaOf(name), depth + 1)]));
}

/** Without fields that an open object does not name. */
export function declaredOnly(schemas: readonly unknown[], value: unknown): unknown {
  const parts = flat(schemas);
  if (Array.isArray(value))
    return value.map((one) =>
      declaredOnly(
        parts.flatMap((part) => (part.items === undefined ? [] : [part.items])),
        one,
      ),
    );
  if (typeof value !== 'object' || value === null) return value;
  const further = parts.flatMap(({ additionalProperties: schema }) =>
    typeof schema === 'object' && Object.keys(schema as object).length > 0 ? [schema] : [],
  );
  const required = new Set(parts.flatMap((part) => (part.required as string[] | undefined) ?? []));
  const entries = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const own = parts.flatMap(({ properties }) =>
      Object.hasOwn((properties ?? {}) as object, name) ? [(properties as Record<string, unknown>)[name]] : [],
    );
    if (own.length === 0 && further.length === 0 && !required.has(name)) return [];
    return [[name, declaredOnly(own.length > 0 ? own : further, field)]];
  });
  return Object.fromEntries(entries);
}

/** Schemas that hold at one place, those of allOf among them. */
function flat(schemas: readonly unknown[]): Record<string, unknown>[] {
  return schemas.flatMap((schema) => {
    if (typeof schema !== 'object' || schema === null) return [];
    const { allOf, ...own } = schema as Record<string, unknown>;
    return [own, ...flat((allOf as unknown[] | undefined) ?? [])];
  });
}

export const seeds = fc.integer({ min: 1, max: 2 ** 31 }).map(picker);
