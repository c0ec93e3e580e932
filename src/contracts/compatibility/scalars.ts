/** Values, bounds and patterns of one JSON type: what a writer may write of it and a reader refuses. */
import { acceptsValue, type Facts } from './facts.js';
import type { Finding, RuleKind } from './rules.js';

/** Findings of facts that need no look inside. */
export function compareScalars(writer: Facts, reader: Facts, path: string): Finding[] {
  if (writer.values !== undefined) return compareValues(writer.values, reader, path);
  if (reader.values !== undefined) return [{ kind: 'enum', path, reader: reader.values }];
  return [
    ...compareNumbers(writer, reader, path),
    ...upper('maxLength', writer, reader, path),
    ...lower('minLength', writer, reader, path),
    ...comparePatterns(writer, reader, path),
    ...upper('maxItems', writer, reader, path),
    ...lower('minItems', writer, reader, path),
    ...(reader.uniqueItems === true && writer.uniqueItems !== true && (writer.maxItems ?? 2) > 1
      ? [{ kind: 'uniqueItems' as const, path, writer: false, reader: true }]
      : []),
    ...upper('maxProperties', writer, reader, path),
    ...lower('minProperties', { minProperties: writer.required?.size ?? 0, ...defined(writer) }, reader, path),
  ];
}

function defined({ minProperties }: Facts): Facts {
  return minProperties === undefined ? {} : { minProperties };
}

function compareValues(values: readonly unknown[], reader: Facts, path: string): Finding[] {
  const verdicts = values.map((value) => [value, acceptsValue(value, reader)] as const);
  const refused = verdicts.filter(([, accepted]) => accepted === false).map(([value]) => value);
  if (refused.length > 0)
    return [{ kind: 'values', path, writer: refused, ...(reader.values === undefined ? {} : { reader: reader.values }) }];
  if (verdicts.every(([, accepted]) => accepted === true)) return [];
  return [{ kind: 'unknown', path, reason: 'whether each value of an enum is accepted' }];
}

type Bounds = 'maxLength' | 'minLength' | 'maxItems' | 'minItems' | 'maxProperties' | 'minProperties';

function upper(name: Bounds, writer: Facts, reader: Facts, path: string): Finding[] {
  const bound = reader[name];
  return bound === undefined || (writer[name] ?? Infinity) <= bound ? [] : [bounded(name, writer[name], bound, path)];
}

function lower(name: Bounds, writer: Facts, reader: Facts, path: string): Finding[] {
  const bound = reader[name];
  return bound === undefined || (writer[name] ?? 0) >= bound ? [] : [bounded(name, writer[name], bound, path)];
}

function bounded(kind: RuleKind, writer: number | undefined, reader: number, path: string): Finding {
  return { kind, path, ...(writer === undefined ? {} : { writer }), reader };
}

interface Range {
  readonly least: number;
  readonly leastExcluded: boolean;
  readonly most: number;
  readonly mostExcluded: boolean;
}

/** Of whole numbers alone, bounds are whole and belong to the range. */
function rangeOf(facts: Facts, whole: boolean): Range {
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity, exclusiveMaximum = Infinity } = facts;
  if (whole) {
    const least = Math.max(Math.ceil(minimum), Math.floor(exclusiveMinimum) + 1);
    const most = Math.min(Math.floor(maximum), Math.ceil(exclusiveMaximum) - 1);
    return { least, most, leastExcluded: false, mostExcluded: false };
  }
  return {
    least: Math.max(minimum, exclusiveMinimum),
    leastExcluded: facts.exclusiveMinimum !== undefined && exclusiveMinimum >= minimum,
    most: Math.min(maximum, exclusiveMaximum),
    mostExcluded: facts.exclusiveMaximum !== undefined && exclusiveMaximum <= maximum,
  };
}

function compareNumbers(writer: Facts, reader: Facts, path: string): Finding[] {
  const whole = writer.whole === true;
  const [w, r] = [rangeOf(writer, whole), rangeOf(reader, whole)];
  const said = (bound: number) => (Number.isFinite(bound) ? bound : undefined);
  const findings: Finding[] = [];
  if (reader.whole === true && !whole) findings.push({ kind: 'type', path, writer: 'number', reader: 'integer' });
  if (w.least < r.least || (w.least === r.least && r.leastExcluded && !w.leastExcluded))
    findings.push(bounded('minimum', said(w.least), r.least, path));
  if (w.most > r.most || (w.most === r.most && r.mostExcluded && !w.mostExcluded))
    findings.push(bounded('maximum', said(w.most), r.most, path));
  const steps = [...(writer.multiplesOf ?? []), ...(whole ? [1] : [])];
  for (const step of reader.multiplesOf ?? [])
    if (!steps.some((one) => one % step === 0)) findings.push({ kind: 'multipleOf', path, writer: writer.multiplesOf ?? [], reader: step });
  return findings;
}

/** Whether one pattern is within another is not decided: the same pattern is, and no pattern is not. */
function comparePatterns(writer: Facts, reader: Facts, path: string): Finding[] {
  const has = writer.patterns ?? [];
  const missing = (reader.patterns ?? []).filter((pattern) => !has.includes(pattern));
  const formats = (reader.formats ?? []).filter((format) => !(writer.formats ?? []).includes(format));
  return [
    ...missing.map(
      (pattern): Finding =>
        has.length === 0
          ? { kind: 'pattern', path, reader: pattern }
          : { kind: 'unknown', path, writer: has.join(' and '), reader: pattern, reason: 'whether one pattern is within the other' },
    ),
    ...formats.map(
      (format): Finding => ({ kind: 'unknown', path, reader: format, reason: 'some validators check format, and some do not' }),
    ),
  ];
}
