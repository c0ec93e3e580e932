/** What a JSON Schema says of the values of one JSON type, in a form that can be met with another's and compared with it. */
import { isDeepStrictEqual } from 'node:util';

/** A schema as it is written: an object or a boolean. */
export type RawSchema = unknown;
/** Schemas that hold together; none: anything goes. */
export type Conjunction = readonly RawSchema[];

export const KINDS = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const;
export type Kind = (typeof KINDS)[number];

/** Absent facts allow everything. */
export interface Facts {
  /** The only values there are; they may break other facts, and are then none. */
  readonly values?: readonly unknown[];
  /** Of a number: whole ones alone. */
  readonly whole?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly multiplesOf?: readonly number[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly patterns?: readonly string[];
  readonly formats?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: Conjunction;
  readonly properties?: ReadonlyMap<string, Conjunction>;
  readonly required?: ReadonlySet<string>;
  /** Of fields that `properties` does not name. */
  readonly additional?: Conjunction;
  readonly names?: Conjunction;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

/** The greater one counts of a lower bound, and the smaller one of an upper bound. */
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

/** Both hold. */
export function bothOf(a: Facts, b: Facts): Facts {
  const bounds: Record<string, number> = {};
  for (const name of LOWER)
    if (a[name] !== undefined || b[name] !== undefined) bounds[name] = Math.max(a[name] ?? -Infinity, b[name] ?? -Infinity);
  for (const name of UPPER)
    if (a[name] !== undefined || b[name] !== undefined) bounds[name] = Math.min(a[name] ?? Infinity, b[name] ?? Infinity);
  return {
    ...bounds,
    ...(a.values === undefined && b.values === undefined ? {} : { values: meetValues(a.values, b.values) }),
    whole: a.whole === true || b.whole === true,
    uniqueItems: a.uniqueItems === true || b.uniqueItems === true,
    multiplesOf: union(a.multiplesOf, b.multiplesOf),
    patterns: union(a.patterns, b.patterns),
    formats: union(a.formats, b.formats),
    items: [...(a.items ?? []), ...(b.items ?? [])],
    properties: meetProperties(a, b),
    required: new Set([...(a.required ?? []), ...(b.required ?? [])]),
    additional: [...(a.additional ?? []), ...(b.additional ?? [])],
    names: [...(a.names ?? []), ...(b.names ?? [])],
  };
}

/** What holds for the field of that name. */
export function fieldOf({ properties, additional = [] }: Facts, name: string): Conjunction {
  return properties?.get(name) ?? additional;
}

function meetProperties(a: Facts, b: Facts): ReadonlyMap<string, Conjunction> {
  const names = new Set([...(a.properties?.keys() ?? []), ...(b.properties?.keys() ?? [])]);
  return new Map([...names].map((name) => [name, [...fieldOf(a, name), ...fieldOf(b, name)]]));
}

function meetValues(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): readonly unknown[] {
  if (a === undefined || b === undefined) return a ?? b ?? [];
  return a.filter((one) => b.some((other) => isDeepStrictEqual(one, other)));
}

function union<T>(a: readonly T[] = [], b: readonly T[] = []): readonly T[] {
  return [...new Set([...a, ...b])];
}

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
}

/** Whether facts of its kind accept a value; undefined: a list or an object would have to be looked into. */
export function acceptsValue(value: unknown, facts: Facts): boolean | undefined {
  if (facts.values !== undefined) return facts.values.some((one) => isDeepStrictEqual(one, value));
  if (typeof value === 'number') {
    const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity, exclusiveMaximum = Infinity } = facts;
    const inside = value >= minimum && value <= maximum;
    const strictly =
      (facts.exclusiveMinimum === undefined || value > exclusiveMinimum) &&
      (facts.exclusiveMaximum === undefined || value < exclusiveMaximum);
    return inside && strictly && (!facts.whole || Number.isInteger(value)) && (facts.multiplesOf ?? []).every((step) => value % step === 0);
  }
  if (typeof value === 'string') {
    const length = [...value].length;
    if (length < (facts.minLength ?? 0) || length > (facts.maxLength ?? Infinity)) return false;
    if ((facts.formats ?? []).length > 0) return undefined;
    return matchesAll(value, facts.patterns ?? []);
  }
  return typeof value === 'object' && value !== null ? undefined : true;
}

function matchesAll(text: string, patterns: readonly string[]): boolean | undefined {
  try {
    return patterns.every((pattern) => new RegExp(pattern, 'u').test(text));
  } catch {
    return undefined;
  }
}
