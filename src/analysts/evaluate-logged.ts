/** Evaluates a policy on the decisions that a data directory holds. Reads only; the service may run meanwhile. */
import { setImmediate } from 'node:timers/promises';
import { evaluate, type Evaluation } from '../evaluation/evaluate.js';
import { vectorFingerprint } from '../policies/vector-fingerprint.js';
import { documentHash } from '../evaluation/evidence.js';
import type { SimulatedGain } from '../evaluation/gate.js';
import { recordedDecision } from '../evaluation/logged-decision.js';
import { PolicyReplay, type SetAside } from '../evaluation/policy-replay.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import { policyHash } from '../policies/policy-hash.js';
import type { PolicyDefinition } from '../policies/policy.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { LoggedDecisions, type DecisionOutcome } from '../store/queries/logged-decisions.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import type { AppliedRecord } from '../log/record-hash.js';

export interface LoggedEvaluation extends Evaluation {
  readonly policy: string;
  /** Identifies what was judged: the policy's definition and the features that it reads. */
  readonly policy_hash: string;
  /** Of what its code makes of fixed requests: see cards/vector-fingerprint.ts. */
  readonly vectors: string;
  readonly feature_set: string;
  readonly positions: Positions;
  /** Partitions whose decisions were not read, ascending: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
  /** topic -> partition -> the record applied last. */
  readonly records: LastRecords;
  readonly evaluated_at_ms: number;
  /** Whether the verdict asked a simulation too. */
  readonly simulated: boolean;
  /** Over all the rest: see evaluation/evidence.ts. */
  readonly hash: string;
  /** Decisions read, and those that say nothing, by reason. */
  readonly decisions: number;
  readonly set_aside: Readonly<Partial<Record<SetAside, number>>>;
  /** Decisions by the policy that made them. */
  readonly decided_by: Readonly<Record<string, number>>;
}

type LastRecords = Readonly<Record<string, Readonly<Record<string, AppliedRecord>>>>;

export interface LoggedOptions {
  readonly state: StateSource;
  readonly registry: Registry;
  readonly policy: PolicyDefinition;
  readonly epsilon: number;
  readonly nowMs: number;
  readonly simulation?: SimulatedGain | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

const DECISIONS_AT_ONCE = 500;

/** Throws no_data, state_mismatch, state_incomplete and the signal's reason. */
export async function evaluateLogged(
  question: LoggedOptions,
): Promise<{ readonly evaluation: LoggedEvaluation; readonly rows: readonly EvaluationRow[] }> {
  const { state, registry, policy, epsilon, nowMs, simulation, signal, onProgress } = question;
  const present = stateFiles(state, registry);
  const files = new Map<number, LoggedDecisions>();
  try {
    for (const [partition, path] of present.files) files.set(partition, new LoggedDecisions(path, registry.featureSet));
    const total = [...files.values()].reduce((sum, file) => sum + file.count(), 0);
    const replay = new PolicyReplay(policy, epsilon);
    const rows: EvaluationRow[] = [];
    const setAside: Partial<Record<SetAside, number>> = {};
    const decidedBy: Record<string, number> = {};
    let decisions = 0;
    for (const outcome of merged([...files.values()])) {
      if (++decisions % DECISIONS_AT_ONCE === 0) {
        onProgress?.(decisions, total);
        await setImmediate();
        signal.throwIfAborted();
      }
      decidedBy[outcome.event.policy] = (decidedBy[outcome.event.policy] ?? 0) + 1;
      const row = replay.next(recordedDecision(outcome));
      if (typeof row === 'string') setAside[row] = (setAside[row] ?? 0) + 1;
      else rows.push(row);
    }
    const [live] = Object.entries(decidedBy).sort(([, a], [, b]) => b - a)[0] ?? [];
    const judged = evaluate(rows, GATE_THRESHOLDS, { simulation, live });
    const document = {
      policy: policy.name,
      policy_hash: policyHash(policy),
      vectors: vectorFingerprint(policy),
      feature_set: registry.featureSet,
      evaluated_at_ms: nowMs,
      simulated: simulation !== undefined,
      positions: positionsOf(new Map([...files].map(([partition, file]) => [partition, file.positions()]))),
      partitions_missing: present.missing,
      records: lastRecords(files),
      decisions,
      set_aside: setAside,
      decided_by: decidedBy,
      ...judged,
    };
    return { evaluation: { ...document, hash: documentHash(document) }, rows };
  } finally {
    for (const file of files.values()) file.close();
  }
}

function lastRecords(files: ReadonlyMap<number, LoggedDecisions>): LastRecords {
  const records: Record<string, Record<string, AppliedRecord>> = {};
  for (const [partition, file] of files) for (const [topic, record] of file.lastApplied()) (records[topic] ??= {})[partition] = record;
  return records;
}

/** All files' decisions in the order of their requests. */
function* merged(files: readonly LoggedDecisions[]): Generator<DecisionOutcome> {
  const streams = files.map((file) => file.inOrder());
  const heads = streams.map((stream) => stream.next());
  for (;;) {
    let first = -1;
    for (const [i, head] of heads.entries()) {
      if (
        head.done !== true &&
        (first < 0 || head.value.event.profile.as_of_ms < (heads[first]!.value as DecisionOutcome).event.profile.as_of_ms)
      )
        first = i;
    }
    if (first < 0) return;
    yield heads[first]!.value as DecisionOutcome;
    heads[first] = streams[first]!.next();
  }
}
