/** What must hold of every seed, whatever was done to it. Each is compared with something that never saw a state file. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { verify } from '../../src/verify/verify.js';
import { TipstreamError } from '../../src/errors.js';
import { readDeadLetterReason, originalHeaders } from '../../src/events/dead-letter.js';
import { currentGeneration, generationDirectory, partitionFile } from '../../src/store/directory/layout.js';
import { digestDocument, openReaders } from '../../src/store/queries/profiles.js';
import { PartitionReader } from '../../src/store/queries/partition-reader.js';
import { openStateForReading } from '../../src/store/state-file.js';
import { deadLetterTopic, FORGOTTEN_TOPIC, type ProfileFeaturesEvent } from '../../src/topics.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import type { OraclePrune } from '../oracle/prunes.js';
import { inPartition, profileEvents, profileOf, upTo, withActivity, type History } from '../support/embedded/history.js';
import { remainingProfileEvents, remainsOf, withoutPrunedActivity } from '../support/prune-history.js';
import { MAX_VALUE_BYTES } from './broken-records.js';
import { Violation } from './life.js';
import { DAY_MS } from './workload.js';
import { checkAnswers, checkDecisions, checkSums, type Answered } from './decision-invariants.js';
import { checkForgotten } from './forget-invariants.js';
import { historyOf, require, requireSame, type Here, type Question } from './question.js';
import { stateIn } from '../support/state-in.js';

const WINDOW_MS = 30 * DAY_MS;

interface PruneRow {
  readonly seq: number;
  readonly horizon_ms: number;
  readonly after_user: string;
  readonly to_user: string | null;
  readonly positions: string;
  readonly tips: number;
}

/** As the file records them. */
const prunesIn = (state: Database.Database): (OraclePrune & { readonly seq: number; readonly tips: number })[] =>
  state
    .prepare<[], PruneRow>('SELECT * FROM prune ORDER BY seq')
    .all()
    .map((row) => ({
      seq: row.seq,
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
  const sessions = world.registry.kinds.length > 0 ? ['app.session', 'signal.synced'] : [];
  const read = ['tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow', FORGOTTEN_TOPIC, ...sessions];
  // What is deleted from now on is known.
  await ledger.refresh(world, read);
  const state = openStateForReading(path);
  try {
    const reader = new PartitionReader(path, world.registry, 'refuse', state);
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
    await ledger.refresh(world, read);
    const known = upTo(historyOf(question, positions[FORGOTTEN_TOPIC]), partition, positions);
    const expected = oracleProfiles(
      remainingProfileEvents(known, remainsOf(known, prunes)).filter(({ value }) => value.user_id === userId),
      asOfMs,
    ).get(userId);
    requireSame(
      profile?.known === true ? profile.features : undefined,
      expected && withActivity(withoutPrunedActivity(known, prunes).left, userId, expected, asOfMs),
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
export async function checkEnd(question: Question, answered: ReadonlyMap<string, Answered>): Promise<void> {
  const { world, ledger } = question;
  await ledger.refresh(world);
  await checkForgotten(question);
  const history = historyOf(question);
  const states = Array.from(
    { length: world.partitions },
    (_, partition) => new Database(partitionFile(generationDirectory(world.directory), partition), { readonly: true }),
  );
  const partitions: Here[] = [];
  try {
    checkControls(states);
    for (const [partition, state] of states.entries()) {
      const here = hereOf(question, history, partition, state);
      partitions.push(here);
      checkPositions(question, partition, state);
      checkPending(partition, state);
      checkCounts(question, partition, state);
      checkDecisions(history, partition, state);
      checkSums(question, here, partition, state);
    }
  } finally {
    for (const state of states) state.close();
  }
  checkAnswers(question, history, answered);
  checkDeadLetters(question);
  checkDigests(question, history, partitions);
  checkPublishedProfiles(question, history);
  await checkVerify(question);
}

function hereOf({ ledger }: Question, history: History, partition: number, state: Database.Database): Here {
  const recorded = prunesIn(state);
  const own = inPartition(history, partition);
  const remains = remainsOf(own, recorded);
  const tips = recorded.map((prune) => prune.tips);
  const { left, taken } = withoutPrunedActivity(own, recorded);
  const rows = recorded.map(({ seq }) => rowsTaken(state, seq));
  // Of those who were forgotten later, nothing says any more how many were theirs.
  const wasForgotten = ledger.forgets.events.some((event) => event.partition === partition);
  const isRight =
    wasForgotten &&
    tips.every((count, i) => count >= remains.taken[i]!) &&
    taken.every((expected, i) => Object.entries(expected).every(([kind, count]) => (rows[i]![kind] ?? 0) >= count));
  if (!isRight) {
    requireSame(tips, remains.taken, `how many tips each prune of partition ${partition} took`);
    requireSame(
      rows,
      taken.map((expected) => Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0))),
      `how many rows of each kind each prune of partition ${partition} took`,
    );
  }
  return { own: left, remains, horizonMs: recorded.length === 0 ? undefined : Math.max(...recorded.map(({ horizonMs }) => horizonMs)) };
}

/** kind -> rows, as the file records them; it has no such table where profiles are of tips alone. */
function rowsTaken(state: Database.Database, seq: number): Record<string, number> {
  if (state.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'pruned_rows'").get() === undefined) return {};
  const rows = state.prepare<[number], [string, number]>('SELECT kind, rows FROM pruned_rows WHERE seq = ? ORDER BY kind').raw();
  return Object.fromEntries(rows.all(seq));
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

function checkPositions({ world, ledger }: Question, partition: number, state: Database.Database): void {
  const positions = new Map(state.prepare<[], [string, number]>('SELECT topic, next_offset FROM position').raw().all());
  for (const topic of world.registry.topics)
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
function checkCounts({ world, ledger }: Question, partition: number, state: Database.Database): void {
  const counted = new Map(state.prepare<[], [string, number]>('SELECT name, count FROM tally').raw().all());
  const expected = new Map<string, number>();
  for (const topic of world.registry.topics) {
    for (const record of ledger.records(topic)) {
      if (record.partition !== partition) continue;
      const code = ledger.refusalOf(record);
      const name = code === undefined ? `applied:${topic}` : `rejected:${topic}:${code}`;
      expected.set(name, (expected.get(name) ?? 0) + 1);
    }
  }
  const found = [...counted].filter(([name]) => /^(applied|rejected):/.test(name));
  // Records that were deleted had been counted, if they were applied before.
  if (ledger.forgets.events.length > 0) {
    for (const [name, count] of expected)
      require((counted.get(name) ?? 0) >=
        count, `partition ${partition} has counted ${counted.get(name)} ${name}, and the log has ${count}`);
    for (const topic of world.registry.topics) {
      const sum = found.reduce((all, [name, count]) => (name.split(':')[1] === topic ? all + count : all), 0);
      require(sum <= ledger.end(topic, partition), `partition ${partition} has counted ${sum} records of ${topic}`);
    }
    return;
  }
  requireSame(Object.fromEntries(found.sort()), Object.fromEntries([...expected].sort()), `records counted in partition ${partition}`);
}

/** Each refused record has its dead letter, byte for byte, and nothing else has one. */
function checkDeadLetters({ world, ledger }: Question): void {
  for (const topic of world.registry.topics) {
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
      requireSame(
        [key, value, originalHeaders(headers)],
        [record.key, record.value, originalHeaders(record.headers)],
        `the dead letter of ${topic}/${at}`,
      );
      buried.add(at);
    }
    for (const at of refused.keys()) require(buried.has(at), `${topic}/${at} was refused and has no dead letter`);
  }
}

function checkDigests({ world, workload, random }: Question, history: History, partitions: readonly Here[]): void {
  const nowMs = world.time.now();
  const events = partitions.flatMap(({ own, remains }) => remainingProfileEvents(own, remains));
  const left: History = { ...history, activity: history.activity && partitions.flatMap(({ own }) => own.activity!) };
  const exactFromMs = Math.max(
    -Infinity,
    ...partitions.map(({ horizonMs }) => (horizonMs === undefined ? -Infinity : horizonMs + WINDOW_MS)),
  );
  const readers = openReaders(stateIn(world.directory), world.registry);
  try {
    for (const asOfMs of [
      nowMs,
      nowMs - 15 * DAY_MS,
      nowMs - random.integer(0, workload.spanMs),
      nowMs + 31 * DAY_MS,
      ...(Number.isFinite(exactFromMs) ? [exactFromMs] : []),
    ]) {
      if (asOfMs < exactFromMs) continue;
      const profiles = [...oracleProfiles(events, asOfMs)];
      const expected = new Map(profiles.map(([userId, profile]) => [userId, withActivity(left, userId, profile, asOfMs)]));
      const { digest, users } = digestDocument(readers, asOfMs, world.registry.featureSet);
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
      registry: world.registry,
      target,
      question: { asOfMs: world.time.now() },
      signal: new AbortController().signal,
    }),
  );
  require(document.equal, `verify finds differences: ${JSON.stringify(document.differences.slice(0, 3))}`);
  requireSame([document.unproven_count, document.unproven_features], [0, []], 'what verify cannot prove');
  const ofProcesses = /^The log does not tell (candidates_repeated|shadow_failed)\.$/;
  requireSame(
    document.could_not_tell.filter(({ reason }) => !ofProcesses.test(reason)),
    [],
    'what verify could not tell',
  );
}
