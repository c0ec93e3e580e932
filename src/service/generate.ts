/** POST /generate: a decision, the prompt made of it, and the gateway's text. */
import type { GenerationOptions } from './options.js';
import { randomUUID } from 'node:crypto';
import { TipstreamError } from '../errors.js';
import type { Application, GenerateResponse, ScoreResponse } from './application.js';
import { choosePromptVersion, promptSettings } from '../prompts/choice.js';
import { promptVersionNamed } from '../prompts/registry.js';
import type { GatewayMetrics } from './metrics/gateway-metrics.js';

/** `score` decides by the live policy. Without options: no gateway. */
export function generateWith(
  options: GenerationOptions | undefined,
  score: Application['score'],
  metrics: GatewayMetrics,
): Application['generate'] {
  const { prompts, gateway } = options ?? { prompts: promptSettings() };
  return async (request, signal) => {
    const { prompt_version: requested, max_tokens: maxTokens, locale, ...rest } = request;
    // Whatever can be refused is refused before the decision is recorded.
    if (requested !== undefined) promptVersionNamed(requested);
    if (gateway === undefined) {
      throw new TipstreamError('gateway_not_configured', 'no gateway is configured, so no text can be generated', {
        hint: 'Start with --gateway-url and --gateway-model; POST /score decides without a gateway.',
      });
    }
    const decision = await score({ ...rest, candidates: rest.candidates.map(({ title: _, ...candidate }) => candidate) });
    const chosen = request.candidates.find(({ tip_id }) => tip_id === decision.chosen_tip_id);
    if (chosen === undefined) throw otherCandidates(decision);
    const version = choosePromptVersion(prompts, requested, request.decision_id ?? randomUUID());
    const made: Decided = {
      tip_id: decision.chosen_tip_id,
      decision_id: decision.decision_id,
      recorded: decision.recorded,
      policy: decision.policy,
      prompt_version: version.name,
    };
    const messages = version.messages({
      profile: decision.profile.features,
      candidates: request.candidates,
      chosen,
      ...(locale === undefined ? {} : { locale }),
    });
    try {
      const { text, model, finishReason, usage } = await metrics.called(
        (onRetry) => gateway.complete({ messages, ...(maxTokens === undefined ? {} : { maxTokens }) }, signal, onRetry),
        signal,
      );
      return { text, ...made, model, finish_reason: finishReason, ...(usage === undefined ? {} : { usage }) };
    } catch (error) {
      throw withDecision(error, made);
    }
  };
}

type Decided = Pick<GenerateResponse, 'tip_id' | 'decision_id' | 'recorded' | 'policy' | 'prompt_version'>;

/** The decision stands, whatever the gateway did: the caller may serve its tip with a text of their own. */
function withDecision(error: unknown, made: Decided): unknown {
  if (!(error instanceof TipstreamError)) return error;
  return new TipstreamError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: { ...error.details, ...made },
  });
}

function otherCandidates({ decision_id, chosen_tip_id }: ScoreResponse): TipstreamError {
  return new TipstreamError(
    'invalid_argument',
    `decision ${JSON.stringify(decision_id)} was made of other candidates: the tip that it chose is not among these`,
    {
      hint: 'Send the candidates that it was made of, or another decision_id.',
      details: { decision_id, tip_id: chosen_tip_id },
    },
  );
}
