/** A log of people whose rewards are known, some of whom a rollout covers: decisions of the right policies, written at once. */
import { liveAt } from '../../../src/policies/controls/control.js';
import { policyNamed } from '../../../src/policies/registry.js';
import type { ControlEvent, ScoredEvent } from '../../../src/topics.js';
import { seededRandom } from '../seeded-random.js';
import { recordOf, type EmbeddedService } from './service.js';

export interface RolloutWorld {
  readonly controls: readonly ControlEvent[];
  readonly users: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Between two decisions of one user, ms; each user begins at a time of their own. */
  readonly everyMs: number;
  /** Chance of a done, 0 to 1, of a user whose own inclination is 0 to 1. */
  readonly chance: (policy: string, inclination: number, atMs: number, userId: string) => number;
  /** From the request to the reaction, ms. */
  readonly reactsAfterMs?: number;
  /** Users who make no decision from then on. */
  readonly leaves?: (userId: string, atMs: number) => boolean;
  /** What a user's decisions record of the profile. */
  readonly profile?: (userId: string) => ScoredEvent['profile']['features'];
  readonly seed?: number;
}

/** Appends the controls to every partition, and tip.scored, tip.served and tip.feedback in the order of time. */
export async function appendRollout(service: EmbeddedService, world: RolloutWorld): Promise<void> {
  const {
    controls,
    users,
    fromMs,
    toMs,
    everyMs,
    chance,
    reactsAfterMs = 60_000,
    leaves = () => false,
    seed = 1,
    profile = () => ({}),
  } = world;
  await appendControls(service, controls);
  const random = seededRandom(seed);
  const records: { readonly atMs: number; readonly record: ReturnType<typeof recordOf> }[] = [];
  for (let i = 0; i < users; i++) {
    const [user, inclination, offset] = [`user-${i}`, random(), Math.floor(random() * everyMs)];
    for (let atMs = fromMs + offset, n = 0; atMs < toMs; atMs += everyMs, n++) {
      const isDone = random();
      if (leaves(user, atMs)) continue;
      const policy = liveAt(controls, atMs, user, 'egreedy-v1');
      const [decisionId, tipId] = [`${i}-${n}`, `t${i}-${n}`];
      const add = (topic: string, event: object, at: number): unknown => records.push({ atMs: at, record: recordOf(topic, event) });
      add('tip.scored', decisionBy(policy, { decisionId, tipId, user, atMs, features: profile(user) }), atMs);
      add('tip.served', { tip_id: tipId, user_id: user, decision_id: decisionId, served_at_ms: atMs + 1 }, atMs + 1);
      const action = isDone < chance(policy, inclination, atMs, user) ? 'done' : 'dismiss';
      const reactedAtMs = atMs + reactsAfterMs;
      add('tip.feedback', { tip_id: tipId, user_id: user, action, reacted_at_ms: reactedAtMs }, reactedAtMs);
    }
  }
  records.sort((a, b) => a.atMs - b.atMs);
  await service.append(...records.map(({ atMs, record }) => ({ ...record, timestampMs: atMs })));
}

export async function appendControls(service: EmbeddedService, controls: readonly ControlEvent[]): Promise<void> {
  const partitions = Array.from({ length: service.options.partitions ?? 2 }, (_, partition) => partition);
  await service.append(
    ...controls.flatMap((control) =>
      partitions.map((partition) => ({
        topic: service.topic('policy.control'),
        key: null,
        partition,
        value: Buffer.from(JSON.stringify(control)),
        timestampMs: control.effective_at_ms,
      })),
    ),
  );
}

interface Decision {
  readonly decisionId: string;
  readonly tipId: string;
  readonly user: string;
  readonly atMs: number;
  readonly features: ScoredEvent['profile']['features'];
}

/** Of a single candidate: its vector says nothing of it. */
function decisionBy(policy: string, { decisionId, tipId, user, atMs, features }: Decision): ScoredEvent {
  const { dimension, featureNames } = policyNamed(policy);
  return {
    decision_id: decisionId,
    user_id: user,
    policy,
    scored_at_ms: atMs,
    epsilon: 0.1,
    explored: false,
    chosen_tip_id: tipId,
    ranking: [{ tip_id: tipId, score: 0, propensity: 1 }],
    features: { names: [...featureNames], vectors: { [tipId]: Array.from({ length: dimension }, (_, i) => (i === 0 ? 1 : 0)) } },
    model: { updates: 0, theta: Array.from({ length: dimension }, () => 0) },
    salt: '0',
    profile: { as_of_ms: atMs, features },
    feature_set: 'by-hand',
    input: null,
    positions: {},
  };
}
