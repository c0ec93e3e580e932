/**
 * What can be found between a writer's schema and a reader's. Backward, the writer has the old schema and the reader the new one; forward,
 * the other way round. So each thing has two names, of what was done to the schema.
 */
export type Direction = 'backward' | 'forward';

/** [backward, forward] */
export const RULES = {
  topic: ['topic-removed', 'topic-removed'],
  required: ['required-added', 'required-removed'],
  requiredUnknown: ['required-added', 'property-removed-from-output'],
  type: ['type-narrowed', 'type-widened'],
  values: ['enum-value-removed', 'enum-value-added'],
  enum: ['enum-added', 'enum-removed'],
  maximum: ['maximum-lowered', 'maximum-raised'],
  minimum: ['minimum-raised', 'minimum-lowered'],
  multipleOf: ['multiple-of-changed', 'multiple-of-changed'],
  maxLength: ['max-length-lowered', 'max-length-raised'],
  minLength: ['min-length-raised', 'min-length-lowered'],
  pattern: ['pattern-added', 'pattern-removed'],
  maxItems: ['max-items-lowered', 'max-items-raised'],
  minItems: ['min-items-raised', 'min-items-lowered'],
  uniqueItems: ['unique-items-added', 'unique-items-removed'],
  maxProperties: ['max-properties-lowered', 'max-properties-raised'],
  minProperties: ['min-properties-raised', 'min-properties-lowered'],
  refused: ['property-removed-from-closed', 'property-added-to-closed'],
  constrained: ['property-added-to-open', 'property-removed-from-open'],
  additional: ['additional-properties-narrowed', 'additional-properties-widened'],
  unknown: ['could-not-tell', 'could-not-tell'],
  /** Not breaks: what else has changed. */
  newProperty: ['property-added', 'property-removed'],
  goneProperty: ['property-removed', 'property-added'],
} as const satisfies Record<string, readonly [string, string]>;

export type RuleKind = keyof typeof RULES;
export type Rule = (typeof RULES)[RuleKind][number];

export const ruleOf = (kind: RuleKind, direction: Direction): Rule => RULES[kind][direction === 'backward' ? 0 : 1];

/** Of the writer's events something is refused, or may be: only these two are no breaks by themselves. */
export const isNote = (kind: RuleKind): boolean => kind === 'newProperty' || kind === 'goneProperty';

export interface Finding {
  readonly kind: RuleKind;
  /** `candidates[].tip_id`; empty for the event as a whole, `positions.*` for a field of any name. */
  readonly path: string;
  /** What each side says there; absent: nothing. */
  readonly writer?: unknown;
  readonly reader?: unknown;
  /** Of a schema with conditions: in which case. */
  readonly when?: string;
  /** What was not understood. */
  readonly reason?: string;
}
