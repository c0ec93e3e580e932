/** Looks at everything that `status` judges. What cannot be looked at is said by its check, and keeps no other from being made. */
import type { Config } from '../../../config.js';
import { listLetters } from '../../../dead-letters/letter-list.js';
import { keptInFile, LetterFiles } from '../../../dead-letters/letters-in-files.js';
import { NewestLetters } from '../../../dead-letters/newest-letters.js';
import { TipstreamError } from '../../../errors.js';
import { answeredWithin, noAnswer } from '../../../log/deadline.js';
import { openLog, placeOf } from '../../../log/open.js';
import type { Log, TopicDescription } from '../../../log/port.js';
import { unfoldedTopics, type UnfoldedTopic } from '../../../log/checks/unfolded.js';
import { topicSettings } from '../../../log/topic-settings.js';
import { dataOwner, isOwned } from '../../../store/directory/data-lock.js';
import { currentGeneration, deadLetterDirectory, generationDirectory, partitionFile } from '../../../store/directory/layout.js';
import { notedService } from '../../../store/directory/service-note.js';
import { silentPartitions } from '../../../store/directory/silent-partitions.js';
import { stoppedPartitions } from '../../../store/directory/stopped-partitions.js';
import { lastVerified } from '../../../store/directory/verified-note.js';
import { PartitionReader } from '../../../store/queries/partition-reader.js';
import { controlsForAll } from '../../../store/queries/shared-controls.js';
import { fullTopicName, type ControlEvent } from '../../../topics.js';
import { settingsOf } from '../../policy-settings.js';
import { appliedPositions, type AppliedPositions } from '../lag/applied-positions.js';
import { ownGroup, readOwnLag } from '../lag/read-own-lag.js';
import type { Check } from './check.js';
import { deadLettersCheck } from './checks/dead-letters.js';
import { diskCheck, readDisk } from './checks/disk.js';
import { lagCheck } from './checks/lag.js';
import { logCheck } from './checks/log.js';
import { partitionsCheck } from './checks/partitions.js';
import { policyCheck } from './checks/policy.js';
import { topicsCheck } from './checks/topics.js';
import { verifiedCheck } from './checks/verified.js';
import { registryFor } from '../../state-source.js';

/** For reading dead letters, newest first. */
const LETTERS_WITHIN_MS = 1_500;

/** In the order of the screen. The log is waited for twice --log-timeout-ms at most: for its topics, and for all else. */
export async function lookAtAll(config: Config, nowMs: number): Promise<Check[]> {
  const state = readState(config);
  const group = config.given.has('group') ? config.group : ownGroup(config);
  const reached = await reachLog(config);
  try {
    const { log } = reached;
    const lateMs = config.logTimeoutMs;
    const answer = <T>(action: string, ask: (log: Log) => Promise<T>): Promise<T | TipstreamError> =>
      log === undefined
        ? Promise.resolve(reached.failure)
        : answeredWithin(lateMs, ask(log), () => noAnswer(placeOf(config), lateMs, action)).catch(asFailure);
    const [members, lag, letters] = await Promise.all([
      answer('describe the group', (open) => heldPartitions(open, config, group)),
      state.refused ?? answer('read the lag', (open) => readOwnLag(open, config, { group })),
      answer('read the dead letters', (open) => readLetters(open, config)),
    ]);
    const held = members instanceof TipstreamError ? undefined : members;
    const unknown = (name: string, { message, code }: TipstreamError): Check => ({
      name,
      status: 'could_not_tell',
      summary:
        reached.failure === undefined ? `${message} [${code}]` : code === 'no_data' ? 'there is no log yet' : 'the log does not answer',
      code,
    });
    return [
      logCheck(config, reached.failure === undefined ? { tookMs: reached.tookMs } : { failure: reached.failure }),
      reached.failure === undefined ? topicsCheck(config, reached.topics, reached.unfolded) : unknown('topics', reached.failure),
      partitionsCheck(config, {
        partitions: (reached.failure === undefined ? reached.topics[0]?.partitions : undefined) ?? state.partitions,
        readable: [...state.applied.keys()],
        unreadable: state.unreadable,
        stopped: stoppedPartitions(config.data),
        silent: silentPartitions(config.data),
        running: isOwned(config.data),
        owner: dataOwner(config.data),
        held,
        refused: state.refused,
      }),
      lag instanceof TipstreamError ? unknown('lag', lag) : lagCheck(config, lag.rows, held ?? new Set()),
      letters instanceof TipstreamError ? unknown('dead_letters', letters) : deadLettersCheck(config, { ...letters, nowMs }),
      policyCheck({
        controls: state.controls,
        base: { ...settingsOf(config), shadow: notedService(config.data)?.shadow },
        nowMs,
      }),
      verifiedCheck(config, {
        note: lastVerified(config.data),
        generation: state.generation,
        applied: state.applied,
        nowMs,
      }),
      disk(config),
    ];
  } finally {
    await reached.log?.close();
  }
}

interface LogTopics {
  readonly topics: readonly TopicDescription[];
  readonly unfolded: readonly UnfoldedTopic[];
}

type Reached =
  | ({ readonly log: Log; readonly failure: undefined; readonly tookMs: number } & LogTopics)
  | { readonly log: undefined; readonly failure: TipstreamError };

async function reachLog(config: Config): Promise<Reached> {
  const beganMs = performance.now();
  const names = topicSettings(config.topicPrefix, config.partitions, undefined, registryFor(config).topics).map(({ name }) => name);
  const limitMs = config.logTimeoutMs;
  const opening = openLog(config, { readOnly: true });
  try {
    return await answeredWithin(
      limitMs,
      opening.then(async (log) => ({
        log,
        failure: undefined,
        topics: await log.describeTopics(names),
        // A hint beside the check: who may not describe topics that are not folded gets none.
        unfolded: await unfoldedTopics(log, config.topicPrefix, registryFor(config).topics).catch(() => []),
        tookMs: performance.now() - beganMs,
      })),
      () => noAnswer(placeOf(config), limitMs, 'describe the topics'),
    );
  } catch (error) {
    await opening.then((log) => log.close()).catch(() => undefined); // that it could not be opened is the failure
    return { log: undefined, failure: asFailure(error) };
  }
}

/** An error that is none of ours is a defect, and no check's to judge. */
function asFailure(error: unknown): TipstreamError {
  if (error instanceof TipstreamError) return error;
  throw error;
}

interface StateSeen extends AppliedPositions {
  readonly generation: string | undefined;
  /** How many there are altogether, as the files say. */
  readonly partitions: number | undefined;
  readonly controls: readonly ControlEvent[] | undefined;
  /** Why the directory is not one to read from at all. */
  readonly refused?: TipstreamError;
}

function readState(config: Config): StateSeen {
  try {
    const positions = appliedPositions(config);
    const generation = currentGeneration(config.data);
    const [partition] = positions.applied.keys();
    if (partition === undefined) return { ...positions, generation, partitions: undefined, controls: undefined };
    const reader = new PartitionReader(partitionFile(generationDirectory(config.data), partition), registryFor(config));
    try {
      return { ...positions, generation, partitions: reader.identity.partitions, controls: controlsForAll(reader) };
    } finally {
      reader.close();
    }
  } catch (error) {
    const refused = asFailure(error);
    return { applied: new Map(), unreadable: new Map(), generation: undefined, partitions: undefined, controls: undefined, refused };
  }
}

/** The partitions that members of the group hold; undefined while they are dealt out, or where nobody says. */
async function heldPartitions(log: Log, config: Config, name: string): Promise<ReadonlySet<number> | undefined> {
  if (log.kind === 'sqlite') return new Set();
  const group = await log.describeGroup(name);
  if (group === undefined) return new Set();
  if (group.members === null || group.isRebalancing) return undefined;
  const topics = registryFor(config).topics.map((topic) => fullTopicName(config.topicPrefix, topic));
  const held = group.members.map(({ partitions }) => topics.map((topic) => new Set(partitions.get(topic) ?? [])));
  const numbers = new Set(held.flatMap(([first]) => [...(first ?? [])]));
  return new Set([...numbers].filter((partition) => held.some((ofMember) => ofMember.every((has) => has.has(partition)))));
}

async function readLetters(log: Log, config: Config) {
  const newest = new NewestLetters(log, { prefix: config.topicPrefix });
  await newest.look(Math.min(LETTERS_WITHIN_MS, config.logTimeoutMs / 2));
  const files = await new LetterFiles(deadLetterDirectory(config.data)).look();
  const inFiles = files.letters.map((letter) => keptInFile(config.topicPrefix, letter)).filter((letter) => letter !== undefined);
  const { groups } = listLetters([...newest.letters(), ...inFiles], { limit: 1 });
  const isWhole = files.omitted === 0 && newest.unread.length === 0;
  return { groups, isWhole };
}

function disk(config: Config): Check {
  try {
    return diskCheck(readDisk(config));
  } catch (error) {
    const { message } = error as Error;
    return { name: 'disk', status: 'could_not_tell', summary: `the file system does not say: ${message}` };
  }
}
