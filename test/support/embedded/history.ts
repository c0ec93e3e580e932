/**
 * What the log says, worked out from its records alone and from the definitions: an independent answer to what the service must have
 * known when it scored a decision, and to what it must have learned in the end. Nothing here reads a state file.
 */
import {
  byCodePoint,
  oracleDecision,
  oracleLambda,
  oracleReward,
  oracleSums,
  oracleTranslation,
  type OracleCase,
  type OracleDecision,
  type OracleEvent as PolicyEvent,
  type OracleExample,
  type OracleWorth,
} from '../../oracle/policy.js';
import { oracleActivity, type ActivityEvent } from '../../oracle/activity.js';
import { oracleProfiles, type OracleEvent, type OracleProfile } from '../../oracle/profile.js';
import {
  fullTopicName,
  type CandidatesEvent,
  type ControlEvent,
  type FeedbackEvent,
  type ScoredEvent,
  type ServedEvent,
  type TopicName,
} from '../../../src/topics.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from './service.js';
import { coreRegistry } from '../../../src/projections/registry.js';

interface Logged<Event> {
  readonly partition: number;
  readonly offset: number;
  readonly event: Event;
}

/** topic -> next offset, of one partition */
export type Positions = Readonly<Record<string, number>>;

export interface History {
  readonly prefix: string;
  readonly served: readonly Logged<ServedEvent>[];
  readonly feedback: readonly Logged<FeedbackEvent>[];
  readonly candidates: readonly Logged<CandidatesEvent>[];
  readonly scored: readonly Logged<ScoredEvent>[];
  readonly shadow: readonly Logged<ScoredEvent>[];
  readonly control: readonly Logged<ControlEvent>[];
  /** Sessions and signals, where profiles have the features of them. */
  readonly activity?: readonly Logged<ActivityEvent>[] | undefined;
  /** What the process was started with. */
  readonly livePolicy: string;
  readonly settings: typeof DEFAULT_SETTINGS;
}

export const addressOf = ({ topic, partition, offset }: { topic: string; partition: number; offset: number }) =>
  `${topic}/${partition}/${offset}`;

/** Of the log's records, all but those at the addresses in `invalid`. */
export async function readHistory(embedded: EmbeddedService, invalid: ReadonlySet<string> = new Set()): Promise<History> {
  const read = async <Event>(name: TopicName): Promise<Logged<Event>[]> =>
    (await embedded.records(embedded.topic(name)))
      .filter((record) => !invalid.has(addressOf(record)))
      .map(({ partition, offset, value }) => ({ partition, offset, event: JSON.parse(value!.toString()) as Event }));
  return {
    prefix: embedded.options.topicPrefix ?? '',
    served: await read('tip.served'),
    feedback: await read('tip.feedback'),
    candidates: await read('tip.candidates'),
    scored: await read('tip.scored'),
    shadow: await read('tip.scored.shadow'),
    control: await read('policy.control'),
    livePolicy: embedded.options.livePolicy ?? 'egreedy-v1',
    settings: { ...DEFAULT_SETTINGS, ...embedded.options.settings },
  };
}

/** Only what lies below `positions` in one partition. */
export function upTo(history: History, partition: number, positions: Positions): History {
  const cut = <Event>(list: readonly Logged<Event>[], name: TopicName) => {
    const next = positions[fullTopicName(history.prefix, name)] ?? 0;
    return list.filter((one) => one.partition === partition && one.offset < next);
  };
  return {
    ...history,
    served: cut(history.served, 'tip.served'),
    feedback: cut(history.feedback, 'tip.feedback'),
    candidates: cut(history.candidates, 'tip.candidates'),
    scored: cut(history.scored, 'tip.scored'),
    shadow: cut(history.shadow, 'tip.scored.shadow'),
    control: cut(history.control, 'policy.control'),
    activity: history.activity?.filter((one) => cut([one], one.event.topic).length > 0),
  };
}

export function inPartition(history: History, partition: number): History {
  const keep = <Event>(list: readonly Logged<Event>[]) => list.filter((one) => one.partition === partition);
  return {
    ...history,
    served: keep(history.served),
    feedback: keep(history.feedback),
    candidates: keep(history.candidates),
    scored: keep(history.scored),
    shadow: keep(history.shadow),
    control: keep(history.control),
    activity: history.activity && keep(history.activity),
  };
}

export const profileEvents = ({ served, feedback }: History): OracleEvent[] => [
  ...served.map(({ event }) => ({ topic: 'tip.served', value: event as OracleEvent['value'] })),
  ...feedback.map(({ event }) => ({ topic: 'tip.feedback', value: event as OracleEvent['value'] })),
];

const STRANGER: OracleProfile = coreRegistry.emptyValues();

export function profileOf(history: History, userId: string, asOfMs: number): OracleProfile {
  const own = profileEvents(history).filter(({ value }) => value.user_id === userId);
  return withActivity(history, userId, oracleProfiles(own, asOfMs).get(userId) ?? STRANGER, asOfMs);
}

/** A profile from tips, with the features of sessions and signals where there are such. */
export function withActivity({ activity }: History, userId: string, profile: OracleProfile, asOfMs: number): OracleProfile {
  if (activity === undefined) return profile;
  const all = {
    ...profile,
    ...oracleActivity(
      activity.map(({ event }) => event),
      userId,
      asOfMs,
    ),
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => byCodePoint(a, b)));
}

/** decision -> its record with the lowest offset, of one user. */
export function decisionsOf(records: readonly Logged<ScoredEvent>[], userId: string): Map<string, ScoredEvent> {
  const first = new Map<string, ScoredEvent>();
  for (const { event } of [...records].sort((a, b) => a.offset - b.offset))
    if (event.user_id === userId && !first.has(event.decision_id)) first.set(event.decision_id, event);
  return first;
}

function userEvents({ served, feedback }: History, userId: string): PolicyEvent[] {
  return [
    ...served
      .filter(({ event }) => event.user_id === userId)
      .map(
        ({ event }): PolicyEvent => ({
          kind: 'served',
          tipId: event.tip_id,
          atMs: event.served_at_ms,
          ...(event.decision_id == null ? {} : { decisionId: event.decision_id }),
        }),
      ),
    ...feedback
      .filter(({ event }) => event.user_id === userId)
      .map(({ event }): PolicyEvent => ({ kind: event.action, tipId: event.tip_id, atMs: event.reacted_at_ms })),
  ];
}

const controlsAt = (control: History['control'], requestedAtMs: number): ControlEvent[] => {
  const first = new Map<string, ControlEvent>();
  for (const { event } of [...control].sort((a, b) => a.offset - b.offset))
    if (!first.has(event.control_id)) first.set(event.control_id, event);
  return [...first.values()]
    .filter((control) => control.effective_at_ms <= requestedAtMs)
    .sort((a, b) => a.effective_at_ms - b.effective_at_ms || byCodePoint(a.control_id, b.control_id));
};

/** Promotes for everybody only: percentages, and promotes that repeat others, are the policies' own tests. */
export function livePolicyOf(history: History, requestedAtMs: number): string {
  const named = new Set<string>();
  let stack: { id: string; policy: string }[] = [];
  for (const { control_id: id, type, policy, takes_back: takes } of controlsAt(history.control, requestedAtMs)) {
    if (type === 'promote' && !named.has(id)) stack.push({ id, policy: policy! });
    if (type === 'rollback' && takes == null) stack.pop();
    if (type !== 'rollback' || takes == null) continue;
    named.add(takes);
    stack = stack.filter((one) => one.id !== takes);
  }
  return stack.at(-1)?.policy ?? history.livePolicy;
}

export function settingsOf(history: History, requestedAtMs: number): typeof DEFAULT_SETTINGS {
  let { epsilon, salt, shadow, shadowLearning } = history.settings;
  for (const { type, settings } of controlsAt(history.control, requestedAtMs)) {
    if (type !== 'configure') continue;
    epsilon = settings?.epsilon ?? epsilon;
    salt = settings?.salt ?? salt;
    shadow = settings?.shadow == null ? shadow : settings.shadow === 'off' ? null : settings.shadow;
    shadowLearning = settings?.shadow_learning ?? shadowLearning;
  }
  return { epsilon, salt, shadow, shadowLearning };
}

/** What reactions are worth for decisions requested then. */
export function worthOf(control: History['control'], requestedAtMs: number): OracleWorth {
  let { done, dismiss, snooze, window_ms } = { done: 1, dismiss: 0, snooze: 0, window_ms: 7 * 24 * 3600 * 1000 };
  for (const { type, settings } of controlsAt(control, requestedAtMs)) {
    if (type !== 'configure') continue;
    done = settings?.rewards?.done ?? done;
    dismiss = settings?.rewards?.dismiss ?? dismiss;
    snooze = settings?.rewards?.snooze ?? snooze;
    window_ms = settings?.rewards?.window_ms ?? window_ms;
  }
  const rounded = (value: number) => Number((value * 256).toFixed(0)) / 256;
  return { done: rounded(done), dismiss: rounded(dismiss), snooze: rounded(snooze), windowMs: window_ms };
}

/** The prior that a decision of the policy then starts from: the last one set, unless it was fitted for other rewards. */
export function priorOf(
  control: History['control'],
  requestedAtMs: number,
  eventPolicy: string,
): (OracleCase['prior'] & { id: string }) | undefined {
  const policy = eventPolicy.replace(/-shadow$/, '');
  const set = controlsAt(control, requestedAtMs).filter(({ type, settings }) => type === 'configure' && settings?.prior?.policy === policy);
  const last = set.at(-1);
  const prior = last?.settings?.prior;
  if (prior?.theta == null) return undefined;
  const { done, dismiss, snooze, windowMs } = worthOf(control, requestedAtMs);
  const given = prior.rewards;
  const fitted =
    given == null
      ? worthOf(control, last!.effective_at_ms)
      : { done: given.done ?? 1, dismiss: given.dismiss ?? 0, snooze: given.snooze ?? 0, windowMs: given.window_ms ?? 604_800_000 };
  const isSame = fitted.done === done && fitted.dismiss === dismiss && fitted.snooze === snooze && fitted.windowMs === windowMs;
  return isSame ? { id: last!.control_id, theta: prior.theta, lambda: prior.lambda ?? oracleLambda(policy) } : undefined;
}

/** The reward of a recorded decision from all events of its user. */
export function oracleRewardIn(
  { control }: Pick<History, 'control'>,
  { decision_id, features, profile }: ScoredEvent,
  events: readonly PolicyEvent[],
): ReturnType<typeof oracleReward> {
  return oracleReward(decision_id, Object.keys(features.vectors), events, worthOf(control, profile.as_of_ms));
}

/**
 * What `eventPolicy` has learned of a user, for a decision requested at that time: since the newest reset in effect then; and with a
 * migration in effect, which is always from egreedy-v1 here, what that one has learned.
 */
export function examplesOf(history: History, userId: string, eventPolicy: string, requestedAtMs: number): OracleExample[] {
  const controls = controlsAt(history.control, requestedAtMs);
  const resetMs = controls.filter(({ type, user_id }) => type === 'reset' && user_id === userId).at(-1)?.effective_at_ms ?? -1;
  const migrations: ControlEvent[] = [];
  for (const control of controls) {
    if (control.type !== 'migrate' || control.policy !== eventPolicy || (control.user_id ?? userId) !== userId) continue;
    if (control.undo === true) {
      // One for everybody takes back one for everybody.
      const last = control.user_id == null ? migrations.map(({ user_id }) => user_id == null).lastIndexOf(true) : migrations.length - 1;
      if (last >= 0) migrations.splice(last, 1);
    } else migrations.push(control);
  }
  const migration = migrations.at(-1);
  if (migration === undefined) return examplesSince(history, userId, eventPolicy, resetMs);
  if (migration.train_from_replay === true)
    return [...examplesSince(history, userId, eventPolicy, resetMs), ...examplesSince(history, userId, 'egreedy-v1>egreedy-v2', resetMs)];
  const before = examplesSince(history, userId, 'egreedy-v1', resetMs).map(({ x, reward }) => ({ x: [...x, 0, 0, 0, 0, 0], reward }));
  return [...before, ...examplesSince(history, userId, eventPolicy, Math.max(resetMs, migration.effective_at_ms))];
}

/** `sums`: the policy that decided, or `egreedy-v1>egreedy-v2` for the previous's decisions in the latter's vectors. */
export function examplesSince(history: History, userId: string, sums: string, sinceMs: number): OracleExample[] {
  const [eventPolicy, into] = sums.split('>');
  const live = decisionsOf(history.scored, userId);
  const own = eventPolicy!.endsWith('-shadow') ? decisionsOf(history.shadow, userId) : live;
  const events = userEvents(history, userId);
  const examples: OracleExample[] = [];
  for (const [decisionId, decision] of own) {
    const answered = live.get(decisionId);
    if (decision.policy !== eventPolicy || answered === undefined || decision.profile.as_of_ms < sinceMs) continue;
    if (own !== live && !settingsOf(history, answered.profile.as_of_ms).shadowLearning) continue;
    const earned = oracleRewardIn(history, answered, events);
    const x = earned === null ? undefined : exampleOf(decision, earned.tipId, into);
    if (x !== undefined) examples.push({ x, reward: earned!.reward });
  }
  return examples;
}

/**
 * The vector of a candidate that the policy which decided has learned from, or `into` in its place; undefined when the record holds
 * none that fits.
 */
export function exampleOf({ policy, features, profile }: ScoredEvent, tipId: string, into?: string): readonly number[] | undefined {
  const x = features.vectors[tipId];
  if (x?.length !== dimensionOf(policy)) return undefined;
  return into === undefined ? x : oracleTranslation(x, features.names, profile.features);
}

export const dimensionOf = (sums: string): number => ((sums.split('>')[1] ?? sums).startsWith('egreedy-v2') ? 12 : 7);

/** The decision that the definitions give for a request, from what `history` holds; by the live policy unless another is named. */
export function expectedDecision(
  history: History,
  request: CandidatesEvent,
  named?: string,
): {
  readonly policy: string;
  readonly learned: number;
  readonly profile: OracleProfile;
  /** control_id */
  readonly prior: string | undefined;
  readonly decision: OracleDecision;
} {
  const { user_id: userId, requested_at_ms: requestedAtMs } = request;
  const policy = named ?? livePolicyOf(history, requestedAtMs);
  const { epsilon, salt } = settingsOf(history, requestedAtMs);
  const learned = examplesOf(history, userId, policy, requestedAtMs);
  const profile = profileOf(history, userId, requestedAtMs);
  const prior = priorOf(history.control, requestedAtMs, policy);
  const one: OracleCase = {
    policy,
    prior,
    decisionId: request.decision_id,
    requestedAtMs,
    utcOffsetMin: request.utc_offset_min ?? 0,
    candidates: request.candidates,
    profile,
    learned,
    epsilon,
    salt,
  };
  return { policy, learned: learned.length, profile, prior: prior?.id, decision: oracleDecision(one) };
}

export { oracleSums };
