/**
 * Whether a reader accepts all that a writer may write, by their JSON Schemas. What it lets pass is sound: where it finds nothing, no event
 * of the writer is refused. What it cannot decide is a finding too.
 */
import { isDeepStrictEqual } from 'node:util';
import { withoutAnnotations } from '../annotations.js';
import { fieldOf, KINDS, type Conjunction, type Facts, type Kind, type RawSchema } from './facts.js';
import { isNote, type Finding } from './rules.js';
import { compareScalars } from './scalars.js';
import { shapeOf, type Condition, type Shape } from './shape.js';

export interface CompareOptions {
  readonly writerRoot: RawSchema;
  readonly readerRoot: RawSchema;
  /** Whether a writer may write fields that its schema does not name, where it does not close it. */
  readonly strict: boolean;
}

interface Context extends CompareOptions {
  readonly path: string;
  readonly depth: number;
}

const MAX_DEPTH = 40;

export function compareSchemas(writer: RawSchema, reader: RawSchema, options: CompareOptions): Finding[] {
  return compare([writer], [reader], { ...options, path: '', depth: 0 });
}

function compare(writer: Conjunction, reader: Conjunction, context: Context): Finding[] {
  if (isSame(writer, reader) || takesAnything(reader)) return [];
  if (context.depth > MAX_DEPTH) return [{ kind: 'unknown', path: context.path, reason: `a schema nested deeper than ${MAX_DEPTH}` }];
  const w = shapeOf(writer, context.writerRoot);
  const r = shapeOf(reader, context.readerRoot);
  const unknown = [...new Set([...w.unknown, ...r.unknown])].map((reason): Finding => ({ kind: 'unknown', path: context.path, reason }));
  return [...unknown, ...compareCases(w, r, writer, reader, context)];
}

/** Word for word, which no $ref is: what it refers to may be another thing on each side. */
function isSame(writer: Conjunction, reader: Conjunction): boolean {
  const [w, r] = [withoutAnnotations(writer), withoutAnnotations(reader)];
  return isDeepStrictEqual(w, r) && !JSON.stringify(w).includes('"$ref"');
}

const takesAnything = (reader: Conjunction): boolean =>
  reader.every((schema) => schema === true || isDeepStrictEqual(withoutAnnotations(schema), {}));

/** Conditions on one property whose values are known are taken case by case, so that each case has none. */
function compareCases(w: Shape, r: Shape, writer: Conjunction, reader: Conjunction, context: Context): Finding[] {
  const objectsOnly = KINDS.every((kind) => kind === 'object' || w.kinds[kind].length === 0);
  const conditions = [...w.conditions, ...r.conditions];
  const property = conditions[0]?.property;
  const simple = objectsOnly && conditions.every((one) => one.property === property);
  const opaque = simple ? r.opaque : [...r.opaque, ...r.conditions.map(({ raw }) => raw)];
  const known = simple ? w.opaque : [...w.opaque, ...w.conditions.map(({ raw }) => raw)];
  const findings = opaque
    .filter((one) => !known.some((other) => isDeepStrictEqual(withoutAnnotations(one), withoutAnnotations(other))))
    .map((): Finding => ({ kind: 'unknown', path: context.path, reason: 'an if of this form' }));
  if (!simple || property === undefined) return [...findings, ...compareShapes(w, r, context)];

  const values = valuesAt(w, property, context);
  const named = [...new Set(conditions.flatMap((one) => one.values))];
  const taken = valuesAt(r, property, { ...context, writerRoot: context.readerRoot });
  const refused = (values ?? []).filter((value) => taken !== undefined && !taken.includes(value));
  if (refused.length > 0) findings.push({ kind: 'values', path: joinedPath(context.path, property), writer: refused, reader: taken });
  const cases = (values ?? named)
    .filter((value) => !refused.includes(value))
    .map((value) => {
      const given = { properties: { [property]: { const: value } } };
      const also = (from: readonly Condition[]) => from.filter((one) => one.values.includes(value)).map(({ then }) => then);
      const one = shapeOf([...writer, given, ...also(w.conditions)], context.writerRoot);
      const other = shapeOf([...reader, given, ...also(r.conditions)], context.readerRoot);
      const when = `${property} is ${JSON.stringify(value)}`;
      const nested = other.conditions.length > r.conditions.length || other.opaque.length > r.opaque.length ? ['an if inside then'] : [];
      const unknown = [...one.unknown, ...other.unknown, ...nested].map(
        (reason): Finding => ({ kind: 'unknown', path: context.path, reason }),
      );
      return [...unknown, ...compareShapes(one, other, context)].map((finding) => ({ ...finding, when }));
    });
  // The property is another value, or is not there: no condition holds.
  const always = values === undefined || !w.kinds.object.every(({ required }) => required?.has(property));
  return [...findings, ...acrossCases(always ? [...cases, compareShapes(w, r, context)] : cases)];
}

/** What is found in every case needs none to be named. */
function acrossCases(cases: readonly (readonly Finding[])[]): Finding[] {
  const found = new Map<string, { count: number; finding: Finding }>();
  for (const findings of cases) {
    for (const finding of findings) {
      const { when: _, ...rest } = finding;
      const key = JSON.stringify(rest);
      const before = found.get(key);
      found.set(key, { count: (before?.count ?? 0) + 1, finding: before === undefined ? finding : joined(before.finding, finding) });
    }
  }
  return [...found.values()].map(({ count, finding: { when, ...rest } }) =>
    count === cases.length || when === undefined ? rest : { ...rest, when },
  );
}

function joined(a: Finding, b: Finding): Finding {
  return a.when === undefined || b.when === undefined ? a : { ...a, when: `${a.when}, or ${b.when}` };
}

/** The values that a writer may write there, if they are all named. */
function valuesAt(w: Shape, property: string, context: Context): readonly unknown[] | undefined {
  const facts = w.kinds.object.flatMap((one) => {
    const { kinds } = shapeOf(fieldOf(one, property), context.writerRoot);
    return KINDS.flatMap((kind) => kinds[kind]);
  });
  return facts.every(({ values }) => values !== undefined) ? [...new Set(facts.flatMap(({ values }) => values!))] : undefined;
}

function compareShapes(w: Shape, r: Shape, context: Context): Finding[] {
  return KINDS.flatMap((kind) => {
    const readers = r.kinds[kind];
    if (w.kinds[kind].length === 0) return [];
    if (readers.length === 0) return [{ kind: 'type' as const, path: context.path, writer: typesOf(w), reader: typesOf(r) }];
    return w.kinds[kind].flatMap((facts) => compareWithAny(kind, facts, readers, context));
  });
}

function compareWithAny(kind: Kind, writer: Facts, readers: readonly Facts[], context: Context): Finding[] {
  if (readers.length === 1) return compareFacts(kind, writer, readers[0]!, context);
  if (writer.values !== undefined && writer.values.length > 1)
    return writer.values.flatMap((value) => compareWithAny(kind, { ...writer, values: [value] }, readers, context));
  const results = readers.map((reader) => compareFacts(kind, writer, reader, context));
  const fitting = results.find((findings) => findings.every((finding) => isNote(finding.kind)));
  if (fitting !== undefined) return fitting;
  if (writer.values !== undefined && results.every((findings) => findings.some((finding) => finding.kind === 'values')))
    return [{ kind: 'values', path: context.path, writer: writer.values }];
  return [{ kind: 'unknown', path: context.path, reason: `none of ${readers.length} alternatives accepts all of it by itself` }];
}

const typesOf = ({ kinds }: Shape): string[] =>
  KINDS.filter((kind) => kinds[kind].length > 0).map((kind) =>
    kind === 'number' && kinds.number.every(({ whole }) => whole) ? 'integer' : kind,
  );

function compareFacts(kind: Kind, writer: Facts, reader: Facts, context: Context): Finding[] {
  const scalars = compareScalars(writer, reader, context.path);
  if (writer.values !== undefined || reader.values !== undefined) return scalars;
  if (kind === 'array' && writer.maxItems !== 0)
    return [...scalars, ...compare(writer.items ?? [], reader.items ?? [], inside(context, '[]'))];
  return kind === 'object' ? [...scalars, ...compareObjects(writer, reader, context)] : scalars;
}

function compareObjects(writer: Facts, reader: Facts, context: Context): Finding[] {
  const names = new Set([...(writer.properties?.keys() ?? []), ...(reader.properties?.keys() ?? []), ...(reader.required ?? [])]);
  const anyName = inside(context, '.(name)');
  return [
    ...[...names].flatMap((name) => compareField(name, writer, reader, context)),
    ...compareAdditional(writer, reader, context),
    ...((reader.names ?? []).length === 0 ? [] : compare([{ type: 'string' }, ...(writer.names ?? [])], reader.names!, anyName)),
  ];
}

function compareField(name: string, writer: Facts, reader: Facts, context: Context): Finding[] {
  const path = joinedPath(context.path, name);
  const at = { ...inside(context, ''), path };
  const always = writer.required?.has(name) === true;
  const [written, read] = [always || writer.properties?.has(name) === true, reader.properties?.has(name) === true];
  const mustBeThere = reader.required?.has(name) === true && !always;
  const missing: Finding[] = mustBeThere
    ? [{ kind: written || !isClosedOrOpen(writer) ? 'required' : 'requiredUnknown', path, writer: 'optional', reader: 'required' }]
    : [];
  const own = fieldOf(writer, name);
  if (written || isTyped(own, context)) {
    if (!read && isClosed(reader.additional, context.readerRoot))
      return isClosed(own, context.writerRoot) ? missing : [...missing, { kind: 'refused', path, reader: 'no further fields' }];
    const note: Finding[] = written && !read ? [{ kind: 'goneProperty', path }] : [];
    return [...missing, ...note, ...compare(own, fieldOf(reader, name), at)];
  }
  if (!read) return missing;
  const note: Finding[] = mustBeThere ? [] : [{ kind: 'newProperty', path }];
  if (!context.strict || isClosed(writer.additional, context.writerRoot)) return [...missing, ...note];
  const refused = compare([], fieldOf(reader, name), at).filter((finding) => !isNote(finding.kind));
  return [...missing, ...note, ...(refused.length === 0 ? [] : [{ kind: 'constrained' as const, path }])];
}

function compareAdditional(writer: Facts, reader: Facts, context: Context): Finding[] {
  const [own, its] = [writer.additional ?? [], reader.additional ?? []];
  if (isClosed(own, context.writerRoot)) return [];
  const at = inside(context, '.*');
  if (isTyped(own, context) && !isClosed(its, context.readerRoot)) return compare(own, its, at);
  const findings = compare(own, its, at).filter((finding) => !isNote(finding.kind));
  return findings.length === 0 ? [] : [{ kind: 'additional', path: context.path, writer: saidOf(own), reader: saidOf(its) }];
}

const saidOf = (schemas: Conjunction): unknown =>
  schemas.length === 0 ? true : schemas.length === 1 ? withoutAnnotations(schemas[0]) : schemas;

/** Nothing is accepted there. */
function isClosed(schemas: Conjunction | undefined, root: RawSchema): boolean {
  if (schemas === undefined || schemas.length === 0) return false;
  const { kinds } = shapeOf(schemas, root);
  return KINDS.every((kind) => kinds[kind].length === 0);
}

/** A schema says what such fields are: they are named by it, as the values of a map are. */
function isTyped(schemas: Conjunction, context: Context): boolean {
  return (
    schemas.some((schema) => schema !== true && !isDeepStrictEqual(withoutAnnotations(schema), {})) &&
    !isClosed(schemas, context.writerRoot)
  );
}

const isClosedOrOpen = ({ additional = [] }: Facts): boolean => additional.every((schema) => typeof schema === 'boolean');

const joinedPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const inside = (context: Context, step: string): Context => ({ ...context, path: context.path + step, depth: context.depth + 1 });
