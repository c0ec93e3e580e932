/** What must hold of every seed, whatever was done to it. Each is compared with something that never saw a state file. */
import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { verify } from '../../src/verify/verify.js';
import type { Random } from '../../src/random.js';
import { TipstreamError } from '../../src/errors.js';
import { readDeadLetterReason, originalHeaders } from '../../src/events/dead-letter.js';
import { decodeState } from '../../src/policies/ridge-codec.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { currentGeneration, generationDirectory, partitionFile } from '../../src/store/directory/layout.js';
import { digestDocument, openReaders } from '../../src/store/queries/profiles.js';
import { PartitionReader } from '../../src/store/queries/partition-reader.js';
import { openStateForReading } from '../../src/store/state-file.js';
import { CONSUMED_TOPICS, deadLetterTopic, type CandidatesEvent, type ProfileFeaturesEvent, type ScoredEvent } from '../../src/topics.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import { oracleReward, type OracleExample } from '../oracle/policy.js';
import type { OraclePrune, Remains } from '../oracle/prunes.js';
import {
  decisionsOf,
  dimensionOf,
  expectedDecision,
  inPartition,
  exampleOf,
  oracleSums,
  profileEvents,
  profileOf,
  settingsOf,
  upTo,
  type History,
} from '../support/embedded/history.js';
import { remainingProfileEvents, remainsOf } from '../support/prune-history.js';
import { recompute } from '../support/recompute.js';
import { MAX_VALUE_BYTES } from './broken-records.js';
import type { Ledger } from './ledger.js';
import { Violation, type World } from './world.js';
import { DAY_MS, type Workload } from './workload.js';

export interface Question {
  readonly world: World;
  readonly ledger: Ledger;
  readonly workload: Workload;
  readonly random: Random;
}

const WINDOW_MS = 30 * DAY_MS;

interface PruneRow {
  readonly horizon_ms: number;
  readonly after_user: string;
  readonly to_user: string | null;
  readonly positions: string;
  readonly tips: number;
}

/** As the file records them. */
const prunesIn = (state: Database.Database): (OraclePrune & { readonly tips: number })[] =>
  state
    .prepare<[], PruneRow>('SELECT * FROM prune ORDER BY seq')
    .all()
    .map((row) => ({
      horizonMs: row.horizon_ms,
      afterUser: row.after_user,
      toUser: row.to_user,
      positions: JSON.parse(row.positions) as Record<string, number>,
      tips: row.tips,
    }));

function isExact(reader: PartitionReader, asOfMs: number): boolean {
  try {
    reader.profile('', asOfMs);
    return true;
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'as_of_pruned') return false;
    throw error;
  }
}

/** One partition as the log and the prunes that its file records have it. */
interface Here {
  readonly own: History;
  readonly remains: Remains;
  /** undefined: nothing was pruned. */
  readonly horizonMs: number | undefined;
}

export function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

function requireSame(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Violation(`${what}:\n  found    ${JSON.stringify(actual)}\n  expected ${JSON.stringify(expected)}`);
}

const historyOf = ({ world, ledger }: Question): History =>
  ledger.history({ livePolicy: world.scoring.livePolicy, settings: world.scoring.settings });

/** At any moment, as another process sees it: what is read is what the events below its positions come to. */
export async function checkReading(question: Question): Promise<string> {
  const { world, ledger, workload, random } = question;
  const userId = random.pick(workload.users);
  const asOfMs = random.pick([
    world.time.now(),
    world.time.now() - random.integer(0, 40) * DAY_MS,
    world.time.now() + random.integer(0, 40) * DAY_MS,
  ]);
  const partition = ledger.partitionOf(Buffer.from(userId));
  const generation = currentGeneration(world.directory);
  const path = generation === undefined ? undefined : partitionFile(generationDirectory(world.directory), partition);
  if (path === undefined || !existsSync(path)) return 'no state yet';
  const state = openStateForReading(path);
  try {
    const reader = new PartitionReader(path, coreRegistry, 'refuse', state);
    const { positions, prunes, profile } = reader.snapshot(() => ({
      positions: Object.fromEntries(reader.positions()),
      prunes: prunesIn(state),
      profile: isExact(reader, asOfMs) ? reader.profile(userId, asOfMs) : ('not exact' as const),
    }));
    const exactFromMs = Math.max(-Infinity, ...prunes.map(({ horizonMs }) => horizonMs)) + WINDOW_MS;
    require((profile === 'not exact') ===
      asOfMs < exactFromMs, `a reading as of ${asOfMs} is ${profile === 'not exact' ? 'refused' : 'answered'}; ` +
      `it is exact from ${exactFromMs} on`);
    if (profile === 'not exact') return `${userId} as of ${asOfMs}: pruned`;
    await ledger.refresh(world, ['tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow']);
    const known = upTo(historyOf(question), partition, positions);
    const expected = oracleProfiles(
      remainingProfileEvents(known, remainsOf(known, prunes)).filter(({ value }) => value.user_id === userId),
      asOfMs,
    ).get(userId);
    requireSame(
      profile?.known === true ? profile.features : undefined,
      expected,
      `profile of ${userId} as of ${asOfMs} at ${JSON.stringify(positions)}`,
    );
    return (
      `${userId} as of ${asOfMs}: ${profile?.known === true ? profile.features['tip_volume_30d'] : 'unknown'} ` +
      `at ${Object.values(positions).join(' ')}`
    );
  } finally {
    state.close();
  }
}

/** When everything is caught up and the service has stopped. */
export async function checkEnd(question: Question, answered: ReadonlyMap<string, ScoredEvent>): Promise<void> {
  const { world, ledger } = question;
  await ledger.refresh(world);
  const history = historyOf(question);
  const states = Array.from(
    { length: world.partitions },
    (_, partition) => new Database(partitionFile(generationDirectory(world.directory), partition), { readonly: true }),
  );
  const partitions: Here[] = [];
  try {
    checkControls(states);
    for (const [partition, state] of states.entries()) {
      const here = hereOf(history, partition, state);
      partitions.push(here);
      checkPositions(ledger, partition, state);
      checkPending(partition, state);
      checkCounts(ledger, partition, state);
      checkDecisions(history, partition, state);
      checkSums(question, here, partition, state);
    }
  } finally {
    for (const state of states) state.close();
  }
  checkAnswers(question, history, answered);
  checkDeadLetters(ledger);
  checkDigests(question, partitions);
  checkPublishedProfiles(question, history);
  await checkVerify(question);
}

function hereOf(history: History, partition: number, state: Database.Database): Here {
  const recorded = prunesIn(state);
  const own = inPartition(history, partition);
  const remains = remainsOf(own, recorded);
  requireSame(
    recorded.map(({ tips }) => tips),
    remains.taken,
    `how many tips each prune of partition ${partition} took`,
  );
  return { own, remains, horizonMs: recorded.length === 0 ? undefined : Math.max(...recorded.map(({ horizonMs }) => horizonMs)) };
}

/**
 * What a producer that died wrote to some partitions has come to all of them; where its id was taken by a user's reset, that came
 * first.
 */
function checkControls(states: readonly Database.Database[]): void {
  const idsOf = (state: Database.Database, which: string) =>
    state.prepare<[], string>(`SELECT control_id FROM control ${which}`).pluck().all();
  const shared = new Set(states.flatMap((state) => idsOf(state, 'WHERE uid IS NULL')));
  for (const [partition, state] of states.entries()) {
    const known = new Set(idsOf(state, ''));
    requireSame(
      [...shared].filter((id) => !known.has(id)),
      [],
      `controls that partition ${partition} has never heard of`,
    );
  }
}

function checkPositions(ledger: Ledger, partition: number, state: Database.Database): void {
  const positions = new Map(state.prepare<[], [string, number]>('SELECT topic, next_offset FROM position').raw().all());
  for (const topic of CONSUMED_TOPICS)
    require(positions.get(topic) ===
      ledger.end(
        topic,
        partition,
      ), `partition ${partition} stands at ${positions.get(topic)} of ${topic}, which ends at ${ledger.end(topic, partition)}`);
}

function checkPending(partition: number, state: Database.Database): void {
  for (const table of ['outbox', 'shadow_pending'])
    require(state.prepare(`SELECT count(*) FROM ${table}`).pluck().get() === 0, `partition ${partition} still has rows in ${table}`);
  require(state.pragma('integrity_check', { simple: true }) === 'ok', `partition ${partition} fails the integrity check`);
}

/** Exactly once: each record was counted once, as what it is. */
function checkCounts(ledger: Ledger, partition: number, state: Database.Database): void {
  const counted = new Map(state.prepare<[], [string, number]>('SELECT name, count FROM tally').raw().all());
  const expected = new Map<string, number>();
  for (const topic of CONSUMED_TOPICS) {
    for (const record of ledger.records(topic)) {
      if (record.partition !== partition) continue;
      const code = ledger.refusalOf(record);
      const name = code === undefined ? `applied:${topic}` : `rejected:${topic}:${code}`;
      expected.set(name, (expected.get(name) ?? 0) + 1);
    }
  }
  const found = [...counted].filter(([name]) => /^(applied|rejected):/.test(name));
  requireSame(Object.fromEntries(found.sort()), Object.fromEntries([...expected].sort()), `records counted in partition ${partition}`);
}

function checkDecisions(history: History, partition: number, state: Database.Database): void {
  for (const [topic, table, list] of [
    ['tip.scored', 'decision', history.scored],
    ['tip.scored.shadow', 'shadow_decision', history.shadow],
  ] as const) {
    const first = new Map<string, { readonly offset: number; readonly event: ScoredEvent }>();
    for (const one of list.filter((each) => each.partition === partition)) {
      const name = `${one.event.user_id} ${one.event.decision_id}`;
      const known = first.get(name);
      if (known === undefined) first.set(name, one);
      else requireSame(one.event, known.event, `${topic} holds two contents of decision ${name}`);
    }
    const rows = state
      .prepare<[], [string, string, number | null, string]>(
        `SELECT user_id, decision_id, scored_offset, record FROM ${table} JOIN user USING (uid)`,
      )
      .raw()
      .all();
    requireSame(
      rows.map(([user, decision, offset, record]) => [`${user} ${decision}`, offset, JSON.parse(record) as unknown]).sort(),
      [...first].map(([name, { offset, event }]) => [name, offset, event]).sort(),
      `the ${table}s of partition ${partition}`,
    );
  }
  const answered = new Set(
    history.scored.filter((one) => one.partition === partition).map(({ event }) => `${event.user_id} ${event.decision_id}`),
  );
  for (const { event } of history.candidates.filter((one) => one.partition === partition))
    require(answered.has(`${event.user_id} ${event.decision_id}`), `decision ${event.decision_id} of ${event.user_id} was never answered`);
}

/** What was learned is what the log teaches, bit for bit. */
function checkSums({ workload, ledger }: Question, here: Here, partition: number, state: Database.Database): void {
  const rows = state
    .prepare<[], { user_id: string; policy: string; reset_at_ms: number; state: Buffer }>(
      'SELECT user_id, policy, reset_at_ms, state FROM policy_state JOIN user USING (uid)',
    )
    .all();
  for (const { user_id, policy, reset_at_ms, state: stored } of rows) {
    const examples = examplesOf(here, user_id, policy, reset_at_ms);
    const { g, b } = oracleSums(examples, dimensionOf(policy));
    const found = decodeState(stored, dimensionOf(policy));
    requireSame(
      [found.updates, [...found.g], [...found.b]],
      [examples.length, g.flatMap((row, i) => row.slice(0, i + 1)), b],
      `what ${policy} has learned of ${user_id}`,
    );
  }
  const held = new Set(rows.map(({ user_id, policy }) => `${user_id} ${policy}`));
  for (const userId of workload.users.filter((user) => ledger.partitionOf(Buffer.from(user)) === partition)) {
    for (const policy of ['egreedy-v1', 'egreedy-v2', 'egreedy-v2-shadow']) {
      if (examplesOf(here, userId, policy, -1).length > 0)
        require(held.has(`${userId} ${policy}`), `nothing is kept of what ${policy} has learned of ${userId}`);
    }
  }
}

/** The rewards of a user's decisions in those sums, requested since then, with what the prunes have left. */
function examplesOf({ own, remains }: Here, userId: string, sums: string, sinceMs: number): OracleExample[] {
  const [eventPolicy, into] = sums.split('>') as [string, string?];
  const live = decisionsOf(own.scored, userId);
  const decisions = eventPolicy.endsWith('-shadow') ? decisionsOf(own.shadow, userId) : live;
  const events = remains.events.filter((event) => event.userId === userId);
  const examples: OracleExample[] = [];
  for (const [decisionId, decision] of decisions) {
    const answered = live.get(decisionId);
    if (decision.policy !== eventPolicy || answered === undefined || decision.profile.as_of_ms < sinceMs) continue;
    if (decisions !== live && !settingsOf(own, answered.profile.as_of_ms).shadowLearning) continue;
    const closed = remains.closed.get(`${userId} ${decisionId}`);
    const earned = closed !== undefined ? closed : oracleReward(decisionId, Object.keys(answered.features.vectors), events);
    const x = earned === null ? undefined : exampleOf(decision, earned.tipId, into);
    if (x !== undefined) examples.push({ x, reward: earned!.reward });
  }
  return examples;
}

/** Decisions are what the definitions give for what their own positions say had been applied. */
function checkAnswers({ world, workload, random }: Question, history: History, answered: ReadonlyMap<string, ScoredEvent>): void {
  const asked = new Map<string, CandidatesEvent[]>();
  const note = (request: CandidatesEvent) => {
    const name = `${request.user_id} ${request.decision_id}`;
    asked.set(name, [...(asked.get(name) ?? []), request]);
  };
  for (const { request } of workload.asked) note(request);
  for (const [i, { partition, event }] of history.scored.entries()) {
    requireSame(recompute(event).differences, [], `decision ${event.decision_id} of ${event.user_id} computed again`);
    // What a file that is gone had pruned by then, nobody knows.
    if (world.pruned || (i >= 12 && !random.chance(0.2))) continue;
    const known = upTo(history, partition, event.positions);
    require(!decisionsOf(known.scored, event.user_id).has(
      event.decision_id,
    ), `decision ${event.decision_id} of ${event.user_id} was answered although its answer had been read`);
    const { input } = event;
    const requests =
      input === null
        ? (asked.get(`${event.user_id} ${event.decision_id}`) ?? [])
        : history.candidates.filter((one) => one.partition === input.partition && one.offset === input.offset).map((one) => one.event);
    const why = requests.map((request) => differenceOf(event, known, request));
    require(why.includes(undefined), `decision ${event.decision_id} of ${event.user_id}: ${why[0] ?? 'nobody asked for it'}`);
  }
  for (const [name, answer] of answered) {
    const inLog = history.scored.find(({ event }) => `${event.user_id} ${event.decision_id}` === name)?.event;
    requireSame(inLog, JSON.parse(JSON.stringify(answer)), `the answer that was given for ${name}`);
  }
  for (const { event } of history.shadow)
    requireSame(recompute(event).differences, [], `shadow decision ${event.decision_id} of ${event.user_id} computed again`);
}

function differenceOf(event: ScoredEvent, known: History, request: CandidatesEvent): string | undefined {
  const { policy, learned, profile, decision } = expectedDecision(known, request);
  const found = [
    event.policy,
    event.model.updates,
    event.profile.as_of_ms,
    event.profile.features,
    event.chosen_tip_id,
    event.explored,
    Object.entries(event.features.vectors).sort(),
  ];
  const expected = [policy, learned, request.requested_at_ms, profile, decision.chosen, decision.explored, [...decision.vectors].sort()];
  const at = found.findIndex((one, i) => !isDeepStrictEqual(one, expected[i]));
  return at === -1 ? undefined : `found ${JSON.stringify(found[at])}, expected ${JSON.stringify(expected[at])}`;
}

/** Each refused record has its dead letter, byte for byte, and nothing else has one. */
function checkDeadLetters(ledger: Ledger): void {
  for (const topic of CONSUMED_TOPICS) {
    const refused = new Map(
      ledger
        .records(topic)
        .filter((record) => ledger.refusalOf(record) !== undefined)
        .map((record) => [`${record.partition}/${record.offset}`, record]),
    );
    const buried = new Set<string>();
    for (const { key, value, headers } of ledger.records(deadLetterTopic(topic))) {
      const reason = readDeadLetterReason(headers);
      const at = `${reason.partition}/${reason.offset}`;
      const record = refused.get(at);
      require(record !== undefined, `${topic}/${at} has a dead letter (${reason.code}) and is a valid event`);
      requireSame([reason.topic, reason.code], [topic, ledger.refusalOf(record)], `the reason in the dead letter of ${topic}/${at}`);
      requireSame([key, value, originalHeaders(headers)], [record.key, record.value, record.headers], `the dead letter of ${topic}/${at}`);
      buried.add(at);
    }
    for (const at of refused.keys()) require(buried.has(at), `${topic}/${at} was refused and has no dead letter`);
  }
}

function checkDigests({ world, workload, random }: Question, partitions: readonly Here[]): void {
  const nowMs = world.time.now();
  const events = partitions.flatMap(({ own, remains }) => remainingProfileEvents(own, remains));
  const exactFromMs = Math.max(
    -Infinity,
    ...partitions.map(({ horizonMs }) => (horizonMs === undefined ? -Infinity : horizonMs + WINDOW_MS)),
  );
  const readers = openReaders(world.directory, coreRegistry);
  try {
    for (const asOfMs of [
      nowMs,
      nowMs - 15 * DAY_MS,
      nowMs - random.integer(0, workload.spanMs),
      nowMs + 31 * DAY_MS,
      ...(Number.isFinite(exactFromMs) ? [exactFromMs] : []),
    ]) {
      if (asOfMs < exactFromMs) continue;
      const expected = oracleProfiles(events, asOfMs);
      const { digest, users } = digestDocument(readers, asOfMs, coreRegistry.featureSet);
      if (digest === oracleDigest(expected)) continue;
      for (const userId of workload.users) {
        for (const reader of readers.values()) {
          const found = reader.profile(userId, asOfMs);
          if (found?.known === true || expected.has(userId))
            requireSame(found?.known === true ? found.features : undefined, expected.get(userId), `profile of ${userId} as of ${asOfMs}`);
        }
      }
      throw new Violation(`the digest as of ${asOfMs} is not the oracle's: ${users} users, expected ${expected.size}`);
    }
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

/** Every profile that was ever published is what its positions explain; the newest of each user is that of all events. */
function checkPublishedProfiles({ world, ledger, workload, random }: Question, history: History): void {
  if (!world.publishProfiles || world.pruned) return;
  const newest = new Map<string, { readonly event: ProfileFeaturesEvent | null; readonly appendedAtMs: number }>();
  const messages = ledger.records('profile.features');
  for (const { key, value, partition, offset, timestampMs } of messages) {
    const event = value === null ? null : (JSON.parse(value.toString()) as ProfileFeaturesEvent);
    newest.set(key!.toString(), { event, appendedAtMs: timestampMs });
    if (event === null || (messages.length > 30 && !random.chance(30 / messages.length))) continue;
    requireSame(
      event.features,
      profileOf(upTo(history, partition, event.positions!), event.user_id, event.as_of_ms),
      `published profile ${partition}/${offset} of ${event.user_id}`,
    );
  }
  for (const userId of workload.users) {
    const said = newest.get(userId);
    if (said === undefined)
      require(!profileEvents(history).some(({ value }) => value.user_id === userId), `nothing was published about ${userId}`);
    else if (said.event !== null)
      requireSame(said.event.features, profileOf(history, userId, said.event.as_of_ms), `the newest published profile of ${userId}`);
    // Not as of now: after the clock went back, an event can be one of the future for a while. What time alone changes is not published.
    else require(!oracleProfiles(profileEvents(history), said.appendedAtMs).has(userId), `${userId} was published as unknown`);
  }
}

async function checkVerify({ world }: Question): Promise<void> {
  const target = {
    dataDirectory: world.directory,
    topicPrefix: '',
    partitioner: 'murmur2' as const,
    maxValueBytes: MAX_VALUE_BYTES,
    shadowLearning: world.scoring.settings.shadowLearning,
  };
  const document = await world.wait(
    'verify',
    verify({
      log: world.log,
      registry: coreRegistry,
      target,
      question: { asOfMs: world.time.now() },
      signal: new AbortController().signal,
    }),
  );
  require(document.equal, `verify finds differences: ${JSON.stringify(document.differences.slice(0, 3))}`);
  requireSame([document.unproven_count, document.unproven_features], [0, []], 'what verify cannot prove');
}
