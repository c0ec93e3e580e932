/** Values changed in random places, with what a schema names as its edges. */
import fc from 'fast-check';

type Path = readonly (string | number)[];

const ODD: readonly unknown[] = [
  null,
  '',
  'x',
  'x'.repeat(128),
  'x'.repeat(129),
  '😀'.repeat(128),
  '😀'.repeat(129),
  'a\u0000',
  'a\u007f',
  '\u009f',
  '\u00a0',
  '\ud800',
  '__proto__',
  0,
  -0,
  1,
  -1,
  0.5,
  1e300,
  Number('1e400'),
  Number.MAX_SAFE_INTEGER + 2,
  true,
  false,
  [],
  {},
  [1],
  { a: null },
];

/** Each bound of a schema, one below it and one above it, texts as long as it allows and longer, and its constants. */
export function edgesOf(schema: unknown): unknown[] {
  if (Array.isArray(schema)) return schema.flatMap(edgesOf);
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, value]): unknown[] => {
    if (typeof value === 'number' && /^(minimum|maximum)$/.test(keyword)) return [value - 1, value, value + 1, value + 0.5];
    if (typeof value === 'number' && /Length$/.test(keyword)) return ['y'.repeat(value), 'y'.repeat(value + 1)];
    if (keyword === 'enum') return value as unknown[];
    return keyword === 'const' ? [value] : edgesOf(value);
  });
}

export function placesIn(value: unknown, at: Path = []): Path[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const step = (key: string) => (Array.isArray(value) ? Number(key) : key);
  return [at, ...inner.flatMap(([key, field]) => placesIn(field, [...at, step(key)]))];
}

type Change = (holder: Record<string | number, unknown>, key: string | number, odd: unknown) => void;
const CHANGES: readonly Change[] = [
  (holder, key, odd) => void (holder[key] = odd),
  (holder, key, odd) => void (holder[key] = odd),
  (holder, key) => void (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]),
  (holder, key) => void (Array.isArray(holder) ? holder.push(structuredClone(holder[Number(key)])) : (holder[`${key}_2`] = holder[key])),
  (holder, key, odd) => {
    const value = holder[key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) (value as Record<string, unknown>)['further'] = odd;
    else holder[key] = [value];
  },
];

/** One of `values`, an object, with `least` to `most` changes below its top. */
export function changedPlaces(values: readonly object[], edges: readonly unknown[], least: number, most: number): fc.Arbitrary<object> {
  const change = fc.tuple(fc.nat(), fc.constantFrom(...CHANGES), fc.constantFrom(...ODD, ...edges));
  return fc.tuple(fc.constantFrom(...values), fc.array(change, { minLength: least, maxLength: most })).map(([value, changes]) => {
    const event = structuredClone(value);
    for (const [pick, apply, odd] of changes) {
      const places = placesIn(event).slice(1);
      if (places.length === 0) break;
      const place = places[pick % places.length]!;
      let holder = event as Record<string | number, unknown>;
      for (const step of place.slice(0, -1)) holder = holder[step] as typeof holder;
      apply(holder, place.at(-1)!, structuredClone(odd));
    }
    return event;
  });
}
