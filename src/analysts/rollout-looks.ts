/** What the looks at a rollout need of a data directory: its users as they were before, how far it has come, and the looks themselves. */
import type { Epoch } from '../evaluation/rollouts/epochs.js';
import { judgeLook, type Gain, type LookState, type LookVerdict } from '../evaluation/rollouts/judge-look.js';
import { LookSums, placeInRollout } from '../evaluation/rollouts/look-sums.js';
import type { Look } from '../evaluation/rollouts/looks.js';
import { dueLooks, isIncomparable } from '../evaluation/rollouts/rollout-looks.js';
import { judgeSegments, type SegmentVerdict } from '../evaluation/rollouts/segments.js';
import { streamTimeOf } from '../evaluation/rollouts/stream-time.js';
import type { RolloutUsers } from '../evaluation/rollouts/users.js';
import { couldFind } from '../evaluation/rollout-verdict/could-find.js';
import { ROLLOUT_VERDICT_THRESHOLDS } from '../evaluation/rollout-verdict/thresholds.js';
import { splitOfGain } from '../evaluation/rollout-verdict/verdict.js';
import { userSegments } from '../evaluation/segment-of.js';
import { inTurns } from '../in-turns.js';
import type { OffsetRange } from '../log/port.js';
import type { AppliedRecord } from '../log/record-hash.js';
import type { RolloutHistory } from '../policies/controls/rollout-history.js';
import type { Registry } from '../projections/registry.js';
import { LoggedDecisions } from '../store/queries/logged-decisions.js';
import { rolloutDecisions } from '../store/queries/rollout-decisions.js';
import { surveyDecisions, type DecisionSurvey } from '../store/queries/users-before.js';
import type { ControlEvent } from '../topics.js';

export interface LooksOptions {
  readonly registry: Registry;
  /** Those for everybody, as the log has them. */
  readonly controls: readonly ControlEvent[];
  /** What the log holds: full topic name -> partition -> range. */
  readonly ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>;
  readonly defaultPolicy: string;
  readonly nowMs: number;
  readonly relabellings?: number;
  readonly signal: AbortSignal;
  /** What is being done, in a few words. */
  readonly onProgress?: (doing: string) => void;
}

export interface Seen {
  readonly files: readonly string[];
  /** undefined: that cannot be told. */
  readonly streamTimeMs: number | undefined;
  readonly segmentsOf: (userId: string) => Readonly<Record<string, string>>;
  readonly positions: ReadonlyMap<number, ReadonlyMap<string, number>>;
  readonly records: Record<string, Record<string, AppliedRecord>>;
}

/** How far the files have come, and whom they knew before the rollout. */
export async function survey(
  files: ReadonlyMap<number, string>,
  startMs: number,
  { registry, ranges, nowMs, signal, onProgress }: LooksOptions,
): Promise<Seen> {
  const positions = new Map<number, ReadonlyMap<string, number>>();
  const records: Record<string, Record<string, AppliedRecord>> = {};
  const surveys: { readonly survey: DecisionSurvey; readonly isBehind: boolean }[] = [];
  for (const [partition, path] of files) {
    onProgress?.(`reading partition ${partition}`);
    const logged = new LoggedDecisions(path, registry.featureSet);
    try {
      positions.set(partition, logged.positions());
      for (const [topic, record] of logged.lastApplied()) (records[topic] ??= {})[partition] = record;
    } finally {
      logged.close();
    }
    const isBehind = [...ranges].some(([topic, ofTopic]) => {
      const range = ofTopic.get(partition);
      return range !== undefined && (positions.get(partition)!.get(topic) ?? range.low) < range.end;
    });
    surveys.push({ survey: await inTurns(surveyDecisions(path, startMs), signal), isBehind });
  }
  const streamTimeMs = streamTimeOf(surveys.map((one) => ({ newestMs: one.survey.newestMs, isBehind: one.isBehind })));
  const newcomer = userSegments({ profile: {}, tenureMs: 0 });
  const known = new Map(
    surveys.flatMap((one) =>
      one.survey.users.map(
        ({ userId, profile, firstRequestedAtMs }) => [userId, userSegments({ profile, tenureMs: startMs - firstRequestedAtMs })] as const,
      ),
    ),
  );
  return {
    files: [...files.values()],
    // A clock of a producer that is ahead must not bring looks forward.
    streamTimeMs: streamTimeMs === undefined ? undefined : Math.min(streamTimeMs, nowMs),
    segmentsOf: (userId) => known.get(userId) ?? newcomer,
    positions,
    records,
  };
}

export interface GainLook {
  readonly look: Look;
  readonly gain: Gain;
}

export interface TakenLooks {
  /** Of the last epoch, as those that follow. null: none was taken. */
  readonly newest: LookVerdict | null;
  /** Share of alpha that the looks before `newest` may have spent. */
  readonly spentBefore: number;
  /** The newest that was asked about a gain. */
  readonly gained: GainLook | null;
  /** The first of any epoch that says to take the rollout back. */
  readonly harm: LookVerdict | null;
  /** By the users of `gained`. */
  readonly segments: readonly SegmentVerdict[];
  readonly couldFind: number | null;
}

/** Those that are due, in their order, each as of its own time. */
export async function takeLooks(
  history: RolloutHistory,
  epochs: readonly Epoch[],
  { files, streamTimeMs, segmentsOf }: Seen,
  { controls, defaultPolicy, relabellings, signal, onProgress }: LooksOptions,
): Promise<TakenLooks> {
  const last = epochs.at(-1)!;
  const planned = streamTimeMs === undefined ? [] : dueLooks(epochs, streamTimeMs).filter(({ epoch }) => !isIncomparable([epoch]));
  const sums = new LookSums(
    planned.map(({ look }) => look),
    { controls, defaultPolicy },
  );
  if (sums.window !== null)
    for (const [i, path] of files.entries()) {
      onProgress?.(`comparing users, file ${i + 1} of ${files.length}`);
      await inTurns(sums.addPieces(rolloutDecisions(path, sums.window)), signal);
    }
  const placeOf = placeInRollout(history);
  let state: LookState | null = null;
  let newest: LookVerdict | null = null;
  let spentBefore = 0;
  let harm: LookVerdict | null = null;
  let gained: (GainLook & { readonly epoch: Epoch; readonly users: RolloutUsers }) | null = null;
  for (const [i, { epoch, look }] of planned.entries()) {
    onProgress?.(`look ${i + 1} of ${planned.length}`);
    const users: RolloutUsers = await inTurns(sums.users(i, placeOf, segmentsOf), signal);
    const verdict: LookVerdict = await inTurns(
      judgeLook({ epoch, look, users, state: look.index === 0 ? null : state, ...(relabellings === undefined ? {} : { relabellings }) }),
      signal,
    );
    state = verdict.state;
    if (verdict.rollback.now) harm ??= verdict;
    if (epoch !== last) continue;
    spentBefore = (newest as LookVerdict | null)?.look.spent ?? 0;
    newest = verdict;
    if (verdict.gain !== null) gained = { look, gain: verdict.gain, epoch, users };
  }
  if (gained === null) return { newest, spentBefore, gained, harm, segments: [], couldFind: null };
  const { users, gain, epoch } = gained;
  const split = splitOfGain(epoch);
  onProgress?.('comparing segments');
  const segments =
    gain.undecided === null
      ? await inTurns(
          judgeSegments({
            split,
            users,
            alpha: epoch.alpha,
            margin: ROLLOUT_VERDICT_THRESHOLDS.max_segment_harm,
            ...(relabellings === undefined ? {} : { relabellings }),
          }),
          signal,
        )
      : [];
  // Everybody by another name says nothing more.
  const divided = segments.filter(({ dimension }) => users.segments.get(dimension)!.size > 1);
  return { newest, spentBefore, gained, harm, segments: divided, couldFind: await inTurns(couldFind(users, split, gain), signal) };
}
