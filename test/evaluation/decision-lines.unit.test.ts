import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { evaluateFile } from '../../src/analysts/evaluate-file.js';
import type { EvaluationRow } from '../../src/evaluation/row.js';
import { policyNamed } from '../../src/policies/registry.js';
import { linesOf } from '../../src/producer/line-reader.js';

async function evaluated(text: string | Uint8Array, signal = new AbortController().signal) {
  const rows: EvaluationRow[] = [];
  const lines = linesOf(Readable.from([text]));
  const onRow = (row: EvaluationRow) => rows.push(row);
  const evaluation = await evaluateFile({ lines, name: 'f', policy: policyNamed('egreedy-v2'), epsilon: 0.1, signal, onRow });
  return { rows, evaluation };
}
const ROW = { decision_id: 'a', reward: 1, logged_propensity: 0.5, new_propensity: 0.8 };
const candidate = (tip_id: string, propensity: number) => ({ tip_id, is_overdue: false, task_age_days: 0, priority: 1, propensity });
const CONTEXT = {
  decision_id: 'a',
  user_id: 'u',
  requested_at_ms: 1_795_000_000_000,
  chosen_tip_id: 'x',
  reward: 1,
  candidates: [candidate('x', 0.75), candidate('y', 0.25)],
};
const text = (...lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

describe('a file of decisions', () => {
  it.each<[string, string]>([
    ['as it is', text(ROW, { ...ROW, decision_id: 'b' })],
    [
      'with a byte order mark, CR LF, blank lines and no end',
      `\ufeff${JSON.stringify(ROW)}\r\n\r\n${JSON.stringify({ ...ROW, decision_id: 'b' })}`,
    ],
  ])('of rows, %s', async (_, lines) => {
    expect((await evaluated(lines)).evaluation).toMatchObject({ n: 2, ips: 1.6 });
  });

  it('of contexts: before anything is learned the new policy chooses each alike', async () => {
    const { rows, evaluation } = await evaluated(text(CONTEXT));
    expect(rows).toMatchObject([
      { decisionId: 'u a', reward: 1, loggedPropensity: 0.75, newPropensity: 0.5, segments: { persona: 'newcomer', tenure: 'first week' } },
    ]);
    expect(evaluation.doubly_robust).toBeCloseTo(0.5 / 0.75, 12);
  });

  it('of nothing is not evaluable', async () => {
    expect((await evaluated('')).evaluation).toMatchObject({ n: 0, verdict: 'UNEVALUABLE' });
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['no JSON', `${text(ROW)}{`, /f line 2: not JSON/],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /f line 1: not UTF-8/],
    ['a list', '[1]', /f line 1: .*expected object/],
    ['a propensity of 0', text({ ...ROW, logged_propensity: 0 }), /f line 1: logged_propensity: must be above 0/],
    [
      'a propensity whose weight is no number',
      text({ ...ROW, logged_propensity: 5e-324 }),
      /f line 1: logged_propensity: must be at least/,
    ],
    ['a decision twice', text(ROW, ROW), /f line 2: decision "a" is on line 1 already/],
    ['a context among rows', text(ROW, CONTEXT), /f line 2: logged_propensity/],
    ['a row among contexts', text(CONTEXT, ROW), /f line 2: user_id/],
    ['a context twice', text(CONTEXT, CONTEXT), /f line 2: decision "u a" is on line 1 already/],
    [
      'propensities that are none',
      text({ ...CONTEXT, candidates: [candidate('x', 0.75), candidate('y', 0.75)] }),
      /f line 1: candidates: propensities must add up to 1, not 1\.5/,
    ],
    [
      'a candidate twice',
      text({ ...CONTEXT, candidates: [candidate('x', 0.5), candidate('x', 0.5)] }),
      /f line 1: candidates: tip_ids must be distinct/,
    ],
    ['a choice that was none', text({ ...CONTEXT, chosen_tip_id: 'z' }), /f line 1: chosen_tip_id: must be one of the candidates/],
    [
      'a choice that was impossible',
      text({ ...CONTEXT, candidates: [candidate('x', 0), candidate('y', 1)] }),
      /f line 1: chosen_tip_id: must have a propensity above 0/,
    ],
    ['a serving of something else', text({ ...CONTEXT, served_tip_id: 'z' }), /f line 1: served_tip_id: must be one of the candidates/],
  ])('%s is refused by the line', async (_, lines, message) => {
    await expect(evaluated(lines)).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) as string });
  });

  it('stops when it is told to', async () => {
    await expect(evaluated(text(ROW), AbortSignal.abort('enough'))).rejects.toBe('enough');
  });
});
