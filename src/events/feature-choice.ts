/**
 * A feature that a file defines (--features core,./features.json): which topics it can be about, and the one form that all spellings of it
 * come to. It is plain data, which threads can be sent. docs/features.md says what each part means.
 */

/** A set of features that tipstream comes with; FEATURE_SETS (topics.ts) lists them. */
export type FeatureSetName = 'core' | 'activity';

export interface Naming {
  /** The fields that say which thing an event tells of. Of all events of one identity the earliest counts. */
  readonly identity: readonly string[];
  /** The field that says when it happened. */
  readonly time: string;
}

/** A further topic is a line here, and its fields in projections/defined/topics.ts. */
export const DEFINABLE = {
  'tip.served': { identity: ['tip_id'], time: 'served_at_ms' },
  'tip.feedback': { identity: ['tip_id', 'action'], time: 'reacted_at_ms' },
  'app.session': { identity: ['session_id'], time: 'started_at_ms' },
  'signal.synced': { identity: ['source', 'synced_at_ms'], time: 'synced_at_ms' },
} as const satisfies Record<string, Naming>;

export type DefinedTopic = keyof typeof DEFINABLE;

export const SHAPES = ['count', 'rate', 'mean', 'median', 'mode', 'latest', 'distinct'] as const;
export type Shape = (typeof SHAPES)[number];
/** Shapes of the events alone; the others are of a field's values. */
export const SHAPES_WITHOUT_FIELD: readonly Shape[] = ['count', 'rate'];
/** Shapes that compute with the values. */
export const SHAPES_OF_NUMBERS: readonly Shape[] = ['mean', 'median'];

export type Literal = string | number;

/** One condition on one field of an event. Every condition but `absent` is false of an event without the field. */
export type Condition =
  | { readonly field: string; readonly is: 'in'; readonly values: readonly Literal[] }
  | { readonly field: string; readonly is: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: number }
  | { readonly field: string; readonly is: 'present' }
  | { readonly field: string; readonly is: 'absent' };

/** All of them hold; none is always true. Sorted by field, then by kind. */
export type Filter = readonly Condition[];

export interface Definition {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly topic: DefinedTopic;
  readonly shape: Shape;
  /** Whose values it is about; null for shapes without one. */
  readonly field: string | null;
  /** Which events it is about. */
  readonly filter: Filter;
  /** Of a rate: which of those count; null for other shapes. */
  readonly counts: Filter | null;
  readonly windowMs: number;
  readonly ttlMs: number;
}

/** Which features an installation has; plain data, which threads can be sent. */
export interface FeatureChoice {
  /** In the order of FEATURE_SETS (topics.ts). */
  readonly sets: readonly FeatureSetName[];
  /** Files of definitions, as they were given. */
  readonly files: readonly string[];
  /** What the files define; empty until they are read (definitions/choice.ts). */
  readonly definitions: readonly Definition[];
}

/** What --features is unless it is given. */
export const CORE_ALONE: FeatureChoice = { sets: ['core'], files: [], definitions: [] };
