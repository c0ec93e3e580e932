/** A verdict on a rollout, from the state files of --data and from policy.control as the log has it. */
import { evaluateRollout, type RolloutEvaluation } from '../../analysts/evaluate-rollout.js';
import type { Config } from '../../config.js';
import { DEFAULT_POLICY } from '../../policies/registry.js';
import { fullTopicName } from '../../topics.js';
import { openControlLog } from '../control-log.js';
import type { Output } from '../output/output.js';
import { settingsOf } from '../policy-settings.js';
import { registryFor, stateSourceOf } from '../state-source.js';

/** `rolloutId` undefined: the newest. Throws what evaluateRollout and opening the log do. */
export async function rolloutEvaluation(
  config: Config,
  rolloutId: string | undefined,
  output: Output,
  signal: AbortSignal,
): Promise<RolloutEvaluation> {
  const { log, controls, close } = await openControlLog(config, { readOnly: true });
  try {
    const topics = registryFor(config).topics.map((topic) => fullTopicName(config.topicPrefix, topic));
    return await evaluateRollout({
      state: await stateSourceOf(config, log),
      registry: registryFor(config),
      rolloutId,
      controls,
      ranges: new Map(await Promise.all(topics.map(async (topic) => [topic, await log.offsets(topic)] as const))),
      defaultPolicy: DEFAULT_POLICY,
      settings: settingsOf(config),
      nowMs: Date.now(),
      signal,
      onProgress: (doing) => output.progress(doing),
    });
  } finally {
    await close();
  }
}
