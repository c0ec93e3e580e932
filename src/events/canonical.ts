/**
 * The canonical form of a validated event, so that everything behind the decoder meets one case: an optional field that is null is
 * absent, and -0 is 0. Which fields these are is read from the topic's zod schema once, when the form is built.
 */
import { z } from 'zod';

type ObjectValue = Record<string, unknown>;
/** Takes a value that its schema has just built (so nobody else holds it) and answers its canonical form, itself where it can. */
type Form = (value: never) => unknown;

export function canonicalForm(schema: z.core.$ZodType): (value: unknown) => unknown {
  return (formOf(schema) ?? same) as (value: unknown) => unknown;
}

const same = (value: unknown): unknown => value;

/** null where the schema's values are canonical as they are. */
function formOf(schema: z.core.$ZodType): Form | null {
  if (schema instanceof z.ZodObject) return objectForm(schema);
  if (schema instanceof z.ZodNumber) return numberForm;
  if (schema instanceof z.ZodArray) return arrayForm(formOf(schema.def.element));
  if (schema instanceof z.ZodRecord) return recordForm(formOf(schema.def.valueType));
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unlessNull(formOf(schema.def.innerType));
  if (schema instanceof z.ZodUnion) return schema.def.options.some((option) => option instanceof z.ZodNumber) ? numberForm : null;
  return null;
}

const numberForm = (value: unknown): unknown => (value === 0 ? 0 : value);

function unlessNull(form: Form | null): Form | null {
  if (form === null) return null;
  return (value: unknown) => (value === null ? null : form(value as never));
}

function arrayForm(form: Form | null): Form | null {
  if (form === null) return null;
  return (list: unknown[]) => {
    for (let i = 0; i < list.length; i++) list[i] = form(list[i] as never);
    return list;
  };
}

function recordForm(form: Form | null): Form | null {
  if (form === null) return null;
  return (record: ObjectValue) => {
    for (const key in record) record[key] = form(record[key] as never);
    return record;
  };
}

function objectForm(schema: z.ZodObject): Form {
  const optional: string[] = [];
  const numbers: string[] = [];
  const nested: [key: string, form: Form][] = [];
  for (const [key, field] of Object.entries(schema.shape)) {
    if (field instanceof z.ZodOptional) optional.push(key);
    const form = formOf(field);
    if (form === null) continue;
    if (innermost(field) instanceof z.ZodNumber) numbers.push(key);
    else nested.push([key, form]);
  }
  return (given: ObjectValue) => {
    let value = given;
    for (const key of optional) {
      if (value[key] === null) {
        value = withoutNulls(value, optional);
        break;
      }
    }
    for (const key of numbers) if (value[key] === 0) value[key] = 0;
    for (const [key, form] of nested) {
      const field = value[key];
      if (field !== undefined) value[key] = form(field as never);
    }
    return value;
  };
}

function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? innermost(schema.def.innerType) : schema;
}

/** A copy: deleting from the object would turn it into a slow dictionary for everyone who reads it later. */
function withoutNulls(value: ObjectValue, optional: readonly string[]): ObjectValue {
  const copy: ObjectValue = {};
  for (const key in value) if (value[key] !== null || !optional.includes(key)) copy[key] = value[key];
  return copy;
}

/** A validated event in canonical form: what is optional may be absent and is never null. */
export type Canonical<T> = T extends readonly (infer Element)[]
  ? Canonical<Element>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [Key in keyof T]: undefined extends T[Key] ? Canonical<NonNullable<T[Key]>> : Canonical<T[Key]> }
    : T;
