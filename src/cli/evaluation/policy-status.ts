/** Where policies stand on their way to all users: from policy.control as the log has it, and from the state files. No service need run. */
import { evaluateRollout, type RolloutEvaluation } from '../../analysts/evaluate-rollout.js';
import type { Config } from '../../config.js';
import { TipstreamError } from '../../errors.js';
import { answeredWithin, noAnswer } from '../../log/deadline.js';
import { placeOf } from '../../log/open.js';
import type { OffsetRange } from '../../log/port.js';
import { settingsDocument, type PolicySettings, type SettingsDocument } from '../../policies/controls/control.js';
import { effectsOf, type ControlEffect } from '../../policies/controls/promotes.js';
import { controlsInEffect } from '../../policies/controls/control.js';
import { priorDocuments, type PriorDocument } from '../../policies/controls/prior-settings.js';
import { baselineOf, newestChangeAt } from '../../policies/controls/promotion-terms.js';
import { rewardRulesAt, rewardsDocument, type RewardsDocument } from '../../policies/controls/reward-rules.js';
import { rolloutHistory } from '../../policies/controls/rollout-history.js';
import { rolloutAt, standingRollouts } from '../../policies/controls/rollout.js';
import { DEFAULT_POLICY, DEFAULT_SHADOW, findPolicy, POLICIES, policyNamed } from '../../policies/registry.js';
import { isOwned } from '../../store/directory/data-lock.js';
import { notedService } from '../../store/directory/service-note.js';
import { presentStateFiles, type StateFiles } from '../../store/directory/state-files.js';
import { PartitionReader } from '../../store/queries/partition-reader.js';
import { decisionsSince, shadowAgreement } from '../../store/queries/policy-stats.js';
import { controlsForAll } from '../../store/queries/shared-controls.js';
import { fullTopicName, type ControlEvent } from '../../topics.js';
import { nextCommand } from '../output/next-command.js';
import { openControlLog, type ControlLog } from '../control-log.js';
import { isObject, readJson } from '../input-file.js';
import type { Output } from '../output/output.js';
import { settingsOf } from '../policy-settings.js';
import { registryFor, stateSource } from '../state-source.js';
import { evidenceFrom } from './promotion-evidence.js';
import { nextStep, type GivenVerdict, type NextStep } from './next-step.js';

export interface UsedVerdict {
  readonly control_id: string;
  readonly policy: string;
  readonly percent: number;
  readonly effective_at_ms: number;
  /** Whether the promote stands; null: nobody can say. */
  readonly effect: ControlEffect['effect'];
  readonly forced: boolean;
  /** Of the document; null: there was none, or it does not say. */
  readonly hash: string | null;
  readonly evaluated_at_ms: number | null;
  readonly age_ms: number | null;
  readonly rollout_id: string | null;
}

export interface PolicyStatus {
  readonly at_ms: number;
  /** Whether a process works on this data directory: where none does, no guardrail looks. null: on Kafka other members may. */
  readonly service_runs: boolean | null;
  readonly live: readonly {
    readonly policy: string;
    readonly percent: number;
    readonly rollout_id: string | null;
    /** Percent of the users whom a promote for all leaves out; null of any other. */
    readonly holdout: number | null;
    readonly since_ms: number | null;
  }[];
  /** `shadow` null: none, or nobody knows (see could_not_tell). */
  readonly settings: SettingsDocument & { readonly rewards: RewardsDocument };
  /** Of the policies that have one, in the order of the registry. */
  readonly priors: readonly Omit<PriorDocument, 'theta'>[];
  /** Since when who is live, the settings, the priors and the migrations are what they are; 0: from the beginning. */
  readonly changed_at_ms: number;
  /** Of the decisions that a shadow has scored too since the state files were made. null: nobody can say. */
  readonly shadow_agreement: { readonly compared: number; readonly agreed: number } | null;
  /** Of the rollouts that stand, the newest first; those that could not be compared are left out. */
  readonly rollouts: readonly RolloutEvaluation[];
  /** What promotes went by, the newest first. */
  readonly verdicts: readonly UsedVerdict[];
  readonly documents: readonly GivenVerdict[];
  readonly next: NextStep;
  readonly could_not_tell: readonly string[];
}

export interface StatusQuestion {
  readonly config: Config;
  /** Documents that `evaluate` printed. */
  readonly documents: readonly string[];
  readonly output: Output;
  readonly signal: AbortSignal;
}

const MOST_VERDICTS = 5;

/** Throws what keeps both the log and the state from being read, and not_found for a document. */
export async function policyStatus(question: StatusQuestion): Promise<PolicyStatus> {
  const { config } = question;
  const nowMs = Date.now();
  const untold: string[] = [];
  const state = filesHere(config, untold);
  const reached = await reachControls(config);
  try {
    const { control } = reached;
    if (control === undefined) untold.push(`the log: ${reached.failure.message}; this goes by the controls that the state has applied`);
    const controls = control?.controls ?? appliedControls(state, config, reached.failure!);
    const base = settingsHere(config);
    const { shares, settings: inEffect } = rolloutAt(controls, nowMs, DEFAULT_POLICY, base);
    const shadow = inEffect.shadow === UNKNOWN ? undefined : inEffect.shadow;
    if (shadow === undefined) untold.push('the shadow: no control sets it, and nothing here says with which --shadow start was given');
    const changedAtMs = newestChangeAt(controls, nowMs, DEFAULT_POLICY, base);
    const histories = rolloutHistory(controls, nowMs);
    const ended = histories.at(-1)?.steps.at(-1);
    const takenBack = ended?.percent === 0 ? { policy: histories.at(-1)!.policy, atMs: ended.atMs } : null;
    const standing = histories.filter(({ steps }) => steps.at(-1)!.percent > 0);
    const newestFirst = standing.sort((a, b) => b.steps.at(-1)!.atMs - a.steps.at(-1)!.atMs);
    const ranges = control === undefined ? undefined : await rangesOf(control, config);
    const rollouts: RolloutEvaluation[] = [];
    for (const { id } of newestFirst) {
      const compared = await comparedHere(question, { id, controls, ranges, settings: base, nowMs });
      if (compared instanceof TipstreamError) untold.push(`the arms of ${id}: ${compared.message}`);
      else rollouts.push(compared);
    }
    const baseline = baselineOf(shares, shadow ?? '');
    const documents = await documentsHere(question, { control, controls, settings: base, nowMs, untold });
    const holdoutOf = (id: string) => shares.find(({ rolloutId, controlId }) => (rolloutId ?? controlId) === id)?.holdout ?? null;
    return {
      at_ms: nowMs,
      service_runs: isOwned(config.data) ? true : config.log === 'kafka' ? null : false,
      live: shares.map(({ policy, percent, rolloutId, holdout, effectiveAtMs }) => ({
        policy,
        percent,
        rollout_id: rolloutId,
        holdout,
        since_ms: effectiveAtMs,
      })),
      settings: {
        ...settingsDocument({ ...inEffect, shadow: shadow ?? null }),
        rewards: rewardsDocument(rewardRulesAt(controls, nowMs)),
      },
      priors: priorDocuments(controls, nowMs).map(({ theta: _, ...prior }) => prior),
      changed_at_ms: changedAtMs,
      shadow_agreement: state === undefined ? null : agreementIn(state),
      rollouts,
      verdicts: usedVerdicts(controls, nowMs),
      documents,
      next: nextStep({
        baseline,
        shadow,
        takenBack,
        candidate: [DEFAULT_SHADOW, ...POLICIES.map(({ name }) => name)].find((name) => name !== baseline && name !== takenBack?.policy)!,
        rollouts:
          rollouts.length < newestFirst.length ? undefined : rollouts.map((one) => ({ ...one, holdout: holdoutOf(one.rollout_id) })),
        decisions: state === undefined ? null : { ...decidedIn(state, baseline, changedAtMs), since_ms: changedAtMs },
        documents,
        command: (words) => nextCommand(words, config),
      }),
      could_not_tell: untold,
    };
  } finally {
    await reached.control?.close();
  }
}

/** undefined: there is none that can be read, which is said in `untold`. */
function filesHere(config: Config, untold: string[]): StateFiles | undefined {
  try {
    const present = presentStateFiles(stateSource(config));
    if (present.missing.length > 0)
      untold.push(`the users of partitions ${present.missing.join(', ')}: they are not in this data directory`);
    return present;
  } catch (error) {
    untold.push(`what the state says: ${asFailure(error).message}`);
    return undefined;
  }
}

type Reached =
  | { readonly control: ControlLog; readonly failure?: undefined }
  | { readonly control?: undefined; readonly failure: TipstreamError };

async function reachControls(config: Config): Promise<Reached> {
  const { logTimeoutMs: limitMs } = config;
  const opening = openControlLog(config, { readOnly: true });
  try {
    return { control: await answeredWithin(limitMs, opening, () => noAnswer(placeOf(config), limitMs, 'read policy.control')) };
  } catch (error) {
    void opening.then(({ close }) => close()).catch(() => undefined); // that it could not be opened is the failure
    return { failure: asFailure(error) };
  }
}

/** Throws why the log does not say either where there is no state. */
function appliedControls(state: StateFiles | undefined, config: Config, failure: TipstreamError): readonly ControlEvent[] {
  const [path] = state?.files.values() ?? [];
  if (path === undefined) throw failure;
  const reader = new PartitionReader(path, registryFor(config));
  try {
    return controlsForAll(reader);
  } finally {
    reader.close();
  }
}

const UNKNOWN = 'unknown';

/** What holds where no control says otherwise. The shadow as the service noted it, unless the command line names one. */
function settingsHere(config: Config): PolicySettings {
  const given = settingsOf(config);
  if (config.given.has('shadow')) return given;
  const noted = notedService(config.data);
  return { ...given, shadow: noted === undefined ? UNKNOWN : noted.shadow };
}

type Ranges = ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>;

async function rangesOf({ log }: ControlLog, config: Config): Promise<Ranges> {
  const topics = registryFor(config).topics.map((topic) => fullTopicName(config.topicPrefix, topic));
  return new Map(await Promise.all(topics.map(async (topic) => [topic, await log.offsets(topic)] as const)));
}

interface Asked {
  readonly id: string;
  readonly controls: readonly ControlEvent[];
  /** undefined: the log does not answer. */
  readonly ranges: Ranges | undefined;
  readonly settings: PolicySettings;
  readonly nowMs: number;
}

async function comparedHere(
  { config, output, signal }: StatusQuestion,
  { id, controls, ranges, settings, nowMs }: Asked,
): Promise<RolloutEvaluation | TipstreamError> {
  try {
    return await evaluateRollout({
      state: stateSource(config),
      registry: registryFor(config),
      rolloutId: id,
      controls,
      ranges: ranges ?? new Map(),
      defaultPolicy: DEFAULT_POLICY,
      settings,
      nowMs,
      signal,
      onProgress: (doing) => output.progress(doing),
    });
  } catch (error) {
    signal.throwIfAborted();
    return asFailure(error);
  } finally {
    output.progress('');
  }
}

function agreementIn({ files }: StateFiles): { readonly compared: number; readonly agreed: number } {
  const all = [...files.values()].map(shadowAgreement);
  const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
  return { compared: sum(({ compared }) => compared), agreed: sum(({ agreed }) => agreed) };
}

function decidedIn({ files }: StateFiles, policy: string, sinceMs: number): { readonly decisions: number; readonly rewarded: number } {
  const all = [...files.values()].map((path) => decisionsSince(path, policy, sinceMs));
  const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
  return { decisions: sum(({ decisions }) => decisions), rewarded: sum(({ rewarded }) => rewarded) };
}

/** Anybody may write to the topic, so a control's evidence may be anything. */
function usedVerdicts(controls: readonly ControlEvent[], nowMs: number): UsedVerdict[] {
  const all = controlsInEffect(controls, nowMs);
  const effects = effectsOf(all);
  const promotes = all.filter(({ type }) => type === 'promote').reverse();
  return promotes.slice(0, MOST_VERDICTS).map(({ control_id: id, policy, percent, effective_at_ms: effectiveAtMs, evidence }) => {
    const said = isObject(evidence) ? evidence : {};
    const evaluatedAtMs = typeof said.evaluated_at_ms === 'number' ? said.evaluated_at_ms : null;
    return {
      control_id: id,
      policy: policy!,
      percent: percent ?? 100,
      effective_at_ms: effectiveAtMs,
      effect: effects.get(id)!.effect,
      forced: said.forced === true,
      hash: typeof said.hash === 'string' ? said.hash : null,
      evaluated_at_ms: evaluatedAtMs,
      age_ms: evaluatedAtMs === null ? null : nowMs - evaluatedAtMs,
      rollout_id: typeof said.rollout_id === 'string' ? said.rollout_id : null,
    };
  });
}

interface Here {
  readonly control: ControlLog | undefined;
  readonly controls: readonly ControlEvent[];
  readonly settings: PolicySettings;
  readonly nowMs: number;
  readonly untold: string[];
}

async function documentsHere({ documents, config, output, signal }: StatusQuestion, here: Here): Promise<GivenVerdict[]> {
  const { control, controls, settings, nowMs, untold } = here;
  const given: GivenVerdict[] = [];
  for (const path of documents) {
    const { json, wrong } = await readJson(path, { hint: 'Give what `tipstream evaluate --json` printed.', signal });
    const { policy, verdict, evaluated_at_ms: evaluatedAtMs, hash, rollout_id: rolloutId } = isObject(json) ? json : {};
    if (typeof policy !== 'string' || findPolicy(policy) === undefined || typeof verdict !== 'string' || typeof evaluatedAtMs !== 'number')
      throw wrong('is not what `tipstream evaluate --json` prints about a policy that there is');
    if (control === undefined) {
      untold.push(`whether promote takes ${path}: the log does not say whether it was made from it`);
      continue;
    }
    const raised = standingRollouts(controls, nowMs).find((one) => one.policy === policy);
    const about = { path, policy: policyNamed(policy), force: false, control, controls, settings, raised, acceptedRisks: [] };
    const { featureSet } = registryFor(config);
    const why = await evidenceFrom({ ...about, featureSet, effectiveAtMs: nowMs, nowMs, output, signal }).then(() => null, asFailure);
    const used = controls.find((one) => one.type === 'promote' && isObject(one.evidence) && one.evidence.hash === hash);
    given.push({
      file: path,
      policy,
      rollout_id: typeof rolloutId === 'string' ? rolloutId : null,
      verdict,
      evaluated_at_ms: evaluatedAtMs,
      age_ms: nowMs - evaluatedAtMs,
      used_by: used?.control_id ?? null,
      accepted: why === null,
      why: why === null ? null : why.message.replace(`${path} does not allow promoting ${policy}: `, ''),
    });
  }
  return given;
}

/** An error that is none of ours is a defect. */
function asFailure(error: unknown): TipstreamError {
  if (error instanceof TipstreamError) return error;
  throw error;
}
