/** Reads the answer of POST /chat/completions. Fields that nobody here needs may be there or not. */
import { z } from 'zod';
import { TipstreamError } from '../errors.js';

export interface Completion {
  /** Without white space around it, and not empty. */
  readonly text: string;
  /** The one that answered, as the gateway calls it. */
  readonly model: string;
  /** `stop`, or `length` when the text was cut; null when the gateway does not say. */
  readonly finishReason: string | null;
  /** In tokens; undefined when the gateway does not say. */
  readonly usage: TokenUsage | undefined;
}

export interface TokenUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

const tokens = z.int().min(0);
const answerSchema = z.object({
  model: z.string().nullish(),
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() })),
});
const usageSchema = z.object({ prompt_tokens: tokens, completion_tokens: tokens, total_tokens: tokens });

/** `text` undefined: it was too long to read. Throws gateway_bad_answer, which does not repeat the answer. */
export function readCompletion(text: string | undefined, modelAsked: string): Completion {
  if (text === undefined) throw badAnswer('is longer than a tip can be');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badAnswer('is not JSON');
  }
  const answer = answerSchema.safeParse(json);
  if (!answer.success) throw badAnswer(`is no chat completion: ${answer.error.issues[0]!.path.join('.') || 'it'} is not as it should be`);
  const [choice] = answer.data.choices;
  if (choice === undefined) throw badAnswer('has no choices');
  const content = (choice.message.content ?? '').trim();
  const finishReason = choice.finish_reason ?? null;
  if (content === '')
    throw badAnswer(
      finishReason === 'length' ? 'has no text: max_tokens is too small' : 'has no text',
      finishReason === null ? {} : { finish_reason: finishReason.slice(0, 64) },
    );
  const usage = usageSchema.safeParse((json as { usage?: unknown }).usage);
  return { text: content, model: answer.data.model ?? modelAsked, finishReason, usage: usage.success ? usage.data : undefined };
}

function badAnswer(what: string, details: Readonly<Record<string, unknown>> = {}): TipstreamError {
  return new TipstreamError('gateway_bad_answer', `the gateway's answer ${what}`, {
    hint: 'Check that --gateway-url is the base of an OpenAI-compatible API, such as https://host/v1.',
    details,
  });
}
