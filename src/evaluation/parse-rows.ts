/** Logged decisions from NDJSON: {decision_id, reward, logged_propensity, new_propensity, expected?, segments?} a line. */
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import type { EvaluationRow } from './row.js';

const probability = z.number().min(0).max(1);
const rowSchema = z.object({
  decision_id: z.string().min(1),
  reward: z.number().min(0).max(1).nullish(),
  logged_propensity: probability.refine((value) => value > 0, { error: 'must be above 0: what the logged policy never does cannot have been logged' }),
  new_propensity: probability,
  expected: z.object({ served: z.number(), under_new: z.number(), under_logged: z.number() }).nullish(),
  segments: z.record(z.string(), z.string()).nullish(),
});

/** Blank lines are no lines. Throws invalid_argument with the line's number, for a line that is no row and for a decision that comes twice. */
export async function parseRows(lines: AsyncIterable<string>, name: string): Promise<EvaluationRow[]> {
  const rows: EvaluationRow[] = [];
  const firstLine = new Map<string, number>();
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const wrong = (what: string): TipstreamError => new TipstreamError('invalid_argument', `${name} line ${number}: ${what}`, {
      hint: 'each line is {"decision_id": ..., "reward": 0 to 1 or null, "logged_propensity": above 0 to 1, "new_propensity": 0 to 1}', details: { line: number },
    });
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (error) {
      throw wrong(`not JSON: ${(error as Error).message}`);
    }
    const result = rowSchema.safeParse(json);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw wrong(`${issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `}${issue!.message}`);
    }
    const { decision_id: decisionId, reward, logged_propensity, new_propensity, expected, segments } = result.data;
    const before = firstLine.get(decisionId);
    if (before !== undefined) throw wrong(`decision ${JSON.stringify(decisionId)} is on line ${before} already`);
    firstLine.set(decisionId, number);
    rows.push({
      decisionId, reward: reward ?? null, loggedPropensity: logged_propensity, newPropensity: new_propensity, segments: segments ?? {},
      expected: expected == null ? null : { served: expected.served, underNew: expected.under_new, underLogged: expected.under_logged },
    });
  }
  return rows;
}
