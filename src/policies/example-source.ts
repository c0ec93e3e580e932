/**
 * What a row of sums is made of: whose rewarded decisions, and in whose vectors. Mostly those are the same policy's; when a migration
 * trains a policy from another one's decisions, their vectors are made anew from what was recorded with them.
 */
import type { PolicyDefinition } from './policy.js';
import { findPolicy, policyOfEvent } from './registry.js';

export interface ExampleSource {
  /** The `policy` of the decisions' events. */
  readonly decidedBy: string;
  /** Whose vectors are summed. */
  readonly vectors: PolicyDefinition;
  /** Whether they are another policy's than the one that decided. */
  readonly translated: boolean;
}

const INTO = '>';

/** A policy's own decisions in its own vectors; undefined when there is no policy of that name. */
export function ownExamples(eventPolicy: string): ExampleSource | undefined {
  const policy = policyOfEvent(eventPolicy);
  return policy === undefined ? undefined : { decidedBy: eventPolicy, vectors: policy, translated: false };
}

/** The decisions of one policy in the vectors of another. */
export function translatedExamples(decidedBy: string, vectors: PolicyDefinition): ExampleSource {
  return { decidedBy, vectors, translated: true };
}

/** As the state file names the sums: `egreedy-v1`, or `egreedy-v1>egreedy-v2` for the first one's decisions in the second one's vectors. */
export function sumsName({ decidedBy, vectors, translated }: ExampleSource): string {
  return translated ? decidedBy + INTO + vectors.name : decidedBy;
}

/** The names of all sums of that policy's decisions in other vectors lie strictly between these two, by code point. */
export function translatedNamesOf(decidedBy: string): [above: string, below: string] {
  return [decidedBy + INTO, decidedBy + String.fromCharCode(INTO.charCodeAt(0) + 1)];
}

/** What sums of that name are made of; undefined when they are of policies that this version does not know. */
export function examplesNamed(name: string): ExampleSource | undefined {
  const at = name.indexOf(INTO);
  if (at === -1) return ownExamples(name);
  const decidedBy = name.slice(0, at);
  const vectors = findPolicy(name.slice(at + INTO.length));
  return vectors === undefined || policyOfEvent(decidedBy) === undefined ? undefined : translatedExamples(decidedBy, vectors);
}
