/**
 * Migrations: a policy whose vector begins with another one's entries goes on from what that one has learned, instead of from nothing.
 *
 * State is a sum over decisions, so a migration copies nothing: it says which decisions are in the sum. From its effective time T on,
 * the state of the target for a decision requested at t >= T is made of
 *
 *   - the source's sums, whenever its decisions were requested, padded with zeros (block padding). Where both add the same lambda, the
 *     target at T scores what the source scores, to the last bit, because evidence about the old entries says nothing of the new ones:
 *     the system that theta solves falls into two blocks;
 *   - the target's own decisions requested at or after T. Earlier ones are set aside, since they would change the scores.
 *
 * With training, the source's decisions count with the vectors that the target would have had, made from the recorded entries and the
 * recorded profile, and the target's own decisions count all: everything that is known, and other scores than the source's.
 *
 * Decisions of the source that come later count as well, so that users who are still the source's in a gradual rollout lose nothing on
 * the day when they are not. No decision is in a sum twice, because each is one policy's. A migration is taken back by another event;
 * what it had set aside counts again.
 */
import { userOfControl } from '../../events/control-user.js';
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect, resetAt } from './control.js';
import { ownExamples, translatedExamples, type ExampleSource } from '../example-source.js';
import type { PolicyDefinition } from '../policy.js';
import { findPolicy, POLICIES } from '../registry.js';
import { addBlock, emptyState, type RidgeState } from '../ridge.js';

/** The beginning of sums that no reset and no migration has cut. */
export const SINCE_EVER = -1;

export interface Migration {
  readonly controlId: string;
  readonly from: PolicyDefinition;
  readonly into: PolicyDefinition;
  /** Whether the source's decisions count with the target's vectors. */
  readonly trained: boolean;
  readonly effectiveAtMs: number;
}

/** Whether `into`'s vector begins with all of `from`'s entries and has more. */
export function canMigrate(from: PolicyDefinition, into: PolicyDefinition): boolean {
  return from.dimension < into.dimension && from.featureNames.every((name, i) => into.featureNames[i] === name);
}

/** The policy with the longest vector that `into`'s begins with: what a migrate means that does not say from where. */
export function predecessorOf(into: PolicyDefinition): PolicyDefinition | undefined {
  return POLICIES.filter((from) => canMigrate(from, into)).sort((a, b) => b.dimension - a.dimension)[0];
}

/**
 * The migration that holds for decisions of `into` requested then: the last that stands; null: none. An undo for everybody takes back
 * the last one for everybody, a user's own the last of any. `controls` are those for everybody and the user's own, in any order.
 */
export function migrationAt(controls: Iterable<ControlEvent>, requestedAtMs: number, into: PolicyDefinition): Migration | null {
  const standing: { readonly migration: Migration; readonly ofOneUser: boolean }[] = [];
  const migrates = [...controls].filter(({ type, policy }) => type === 'migrate' && policy === into.name);
  for (const control of controlsInEffect(migrates, requestedAtMs)) {
    const { control_id: controlId, from: named, undo, train_from_replay: trained, effective_at_ms: effectiveAtMs } = control;
    const from = named == null ? predecessorOf(into) : findPolicy(named);
    if (undo === true) {
      const last = standing.findLastIndex(({ ofOneUser }) => userOfControl(control) !== null || !ofOneUser);
      if (last >= 0) standing.splice(last, 1);
    } else if (from !== undefined && canMigrate(from, into))
      standing.push({
        migration: { controlId, from, into, trained: trained === true, effectiveAtMs },
        ofOneUser: userOfControl(control) !== null,
      });
  }
  return standing.at(-1)?.migration ?? null;
}

/** Rewarded decisions that are in a state. */
export interface StatePart {
  readonly examples: ExampleSource;
  /** Requested at or after, Unix ms. */
  readonly sinceMs: number;
}

/**
 * What the state of `eventPolicy` is made of for a decision requested then: its own decisions first, then what it goes on from. A
 * shadow has its own alone.
 */
export function statePartsAt(controls: readonly ControlEvent[], requestedAtMs: number, eventPolicy: string): StatePart[] {
  const own = ownExamples(eventPolicy);
  if (own === undefined) return [];
  const resetMs = resetAt(controls, requestedAtMs) ?? SINCE_EVER;
  const policy = findPolicy(eventPolicy);
  const migration = policy === undefined ? null : migrationAt(controls, requestedAtMs, policy);
  if (migration === null) return [{ examples: own, sinceMs: resetMs }];
  const { from, trained, effectiveAtMs } = migration;
  const inherited = statePartsAt(controls, requestedAtMs, from.name);
  return [
    { examples: own, sinceMs: trained ? resetMs : Math.max(resetMs, effectiveAtMs) },
    ...(trained
      ? inherited.map(({ examples, sinceMs }) => ({ examples: translatedExamples(examples.decidedBy, migration.into), sinceMs }))
      : inherited),
  ];
}

/** The state that the parts add up to; `sums` gives those of one, which stay as they are. */
export function stateOf(parts: readonly StatePart[], dimension: number, sums: (part: StatePart) => RidgeState): RidgeState {
  if (parts.length === 1) return sums(parts[0]!);
  const state = emptyState(dimension);
  for (const part of parts) addBlock(state, sums(part));
  return state;
}

/** Why a migrate cannot hold, for its sender; undefined: it can, or is no migrate. */
export function migrationRefusal({ type, policy, from: named, undo }: ControlEvent): string | undefined {
  if (type !== 'migrate' || undo === true) return undefined;
  const into = findPolicy(policy!);
  if (into === undefined) return undefined; // an unknown policy, which has a code of its own
  const from = named == null ? predecessorOf(into) : findPolicy(named);
  if (from !== undefined && canMigrate(from, into)) return undefined;
  const possible = POLICIES.filter((other) => canMigrate(other, into)).map(({ name }) => name);
  return (
    `${into.name} can only continue from ` +
    `${possible.length === 0 ? 'nothing: no other vector is the beginning of its own' : possible.join(', ')}`
  );
}
