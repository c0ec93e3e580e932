/** Decisions on lines of JSON: what every such file has in common, whatever is said of a decision. */
import type { z } from 'zod';
import { jsonProblem } from '../events/json-problem.js';
import { TipstreamError } from '../errors.js';
import type { LoggedDecision } from './logged-decision.js';
import type { EvaluationRow } from './row.js';
import { SeenIdentities } from './seen-identities.js';

/** What a line was read as: one of the two. */
export interface DecisionLine {
  /** What no two lines may share. */
  readonly identity: string;
  readonly row?: EvaluationRow;
  readonly decision?: LoggedDecision;
}

/** How the lines of one file are to be read. */
export interface LineKind {
  readonly schema: z.ZodType<DecisionLine>;
  readonly hint: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Blank lines are no lines. `kindOf` is asked of the first. Throws invalid_argument with the line's number: for what is not JSON or
 * not of its kind, and for a decision that comes twice; and the signal's reason.
 */
export async function* decisionLines(
  lines: AsyncIterable<Uint8Array>,
  name: string,
  kindOf: (first: unknown) => LineKind,
  signal?: AbortSignal,
): AsyncGenerator<DecisionLine> {
  const identities = new SeenIdentities();
  let kind: LineKind | undefined;
  let number = 0;
  const wrong = (what: string): TipstreamError =>
    new TipstreamError('invalid_argument', `${name} line ${number}: ${what}`, {
      ...(kind === undefined ? {} : { hint: kind.hint }),
      details: { line: number },
    });
  for await (const bytes of lines) {
    signal?.throwIfAborted();
    number++;
    const json = parsed(bytes, wrong);
    if (json === undefined) continue;
    kind ??= kindOf(json);
    const result = kind.schema.safeParse(json);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw wrong(`${issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `}${issue!.message}`);
    }
    const { identity } = result.data;
    const before = identities.seen(identity, number);
    if (before !== undefined) throw wrong(`decision ${JSON.stringify(identity)} is on line ${before} already`);
    yield result.data;
  }
}

function parsed(bytes: Uint8Array, wrong: (what: string) => TipstreamError): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw wrong('not UTF-8');
  }
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(`not JSON: ${jsonProblem(error)}`);
  }
}
