import { describe, expect, it } from 'vitest';
import { cardEvaluationSchema, cardSimulationSchema } from '../../src/cards/documents.js';
import { modelCard, type CardFacts } from '../../src/cards/model-card.js';
import { POLICIES, policyNamed } from '../../src/policies/registry.js';
import type { ControlEvent } from '../../src/topics.js';
import { AT_MS, EVALUATION, FACTS, SIMULATION } from '../support/card-facts.js';

const card = (facts: Partial<CardFacts> = {}): string => modelCard({ ...FACTS, ...facts });
/** A section's text, without its heading. */
const section = (name: string, facts: Partial<CardFacts> = {}): string =>
  new RegExp(`^## ${name}\n\n([^]*?)(?=\n\n## |$(?![^]))`, 'm').exec(card(facts))![1]!;

describe('a model card', () => {
  it('says from which data the policy learned, and how far that goes', () => {
    const text = section('Training data');
    expect(text).toContain('| it decided | 3 | 40 | 20 | 0.2500 | 2026-10-31T23:59:59.000Z | 2026-11-01T00:00:00.000Z |');
    expect(text).toContain('| in the shadow | 0 | 0 | 0 | - | - | - |');
    expect(text).toContain('| tip.scored | 0:12 2:3 |');
    expect(text).toContain('partitions 0, 2 of 4');
  });

  it('says which settings hold, and which its decisions were made with', () => {
    const settings = { epsilon: 0.2, salt: '`x`', shadow: null, shadowLearning: false };
    const rows = (facts: Partial<CardFacts> = {}) =>
      section('Settings', { settings, ...facts })
        .split('\n')
        .slice(2, 7);
    expect(rows()).toEqual([
      '| epsilon | 0.2 | 0.05 to 0.1 |',
      '| salt | "\\`x\\`" | "0", "a\\|b" |',
      '| lambda | 1 |  |',
      '| shadow | none |  |',
      '',
    ]);
    expect(rows({ training: { missing: 'No training today.' } })[0]).toBe('| epsilon | 0.2 | - |');
    expect(rows({ policy: policyNamed('linucb') })[0]).toBe('| epsilon | 0, whatever is configured | 0.05 to 0.1 |');
    expect(rows({ settings: { ...settings, epsilonMin: 0.02, epsilonDecay: 4 } })[0]).toBe(
      '| epsilon | 0.2; per user 4 / updates once that is less, not below 0.02 | 0.05 to 0.1 |',
    );
    const inShadow = { ...settings, shadow: 'egreedy-v2', shadowLearning: true };
    expect(rows({ settings: inShadow }).slice(3)).toEqual(['| shadow | egreedy-v2 |  |', '| shadow learns | yes |  |']);
    expect(section('Settings', { settings: { missing: 'No settings today.' } })).toBe('No settings today.');
    expect(card({ settings: undefined })).not.toContain('## Settings');
  });

  it('says which prior its users start from, and that a stale one does not hold', () => {
    const settings = { epsilon: 0.2, salt: '0', shadow: null, shadowLearning: false };
    const prior = { policy: 'egreedy-v3', control_id: 'prior-1', effective_at_ms: AT_MS, lambda: 12, theta: [], stale: false };
    const rows = (stale: boolean, policy = 'egreedy-v3') =>
      section('Settings', { policy: policyNamed(policy), settings, priors: [{ ...prior, stale }] })
        .split('\n')
        .filter((row) => /lambda|prior/.test(row));
    expect(rows(false)).toEqual(['| lambda | 12 |  |', '| prior | prior-1 |  |']);
    expect(rows(true)).toEqual(['| lambda | 10 |  |', '| prior | prior-1, stale: reactions are worth something else since |  |']);
    expect(rows(false, 'egreedy-v4')).toEqual(['| lambda | 10 |  |']);
    const text = section('Training data', { policy: policyNamed('egreedy-v3'), priors: [prior] });
    expect(text).toContain('A user of whom nothing is learned yet starts from a prior fitted on all users together.');
  });

  it('shows what it was tried on', () => {
    expect(section('Simulation')).toContain('4711 decisions of 20 simulated users over 60 days, seed 7');
    expect(section('Simulation')).toContain('Against egreedy-v1 on the same decisions: 0.0200 (0.0100 to 0.0300).');
    expect(section('Simulation', { policy: policyNamed('linucb') })).toContain('linucb did not take part.');
    const text = section('Evaluation on logged decisions');
    expect(text).toContain(
      '1200 decisions (by policy: 1200 egreedy-v1; set aside: 200 another tip was served).\n' +
        'Of the others 900 have a reward and 100 have none (10.0 %).',
    );
    expect(text).toContain('| with a reward | 900 | 0.4 | 0.43 | 0.42 | 0.425 | - | 512.3 | 12 | 1.01 |');
    expect(text).toContain('Verdict, with a simulation: **PROMOTE**.');
  });

  it('shows whom it serves worse', () => {
    expect(section('Fairness')).toContain(
      '| morning | 0.6100 (0.6000 to 0.6200) | 0.0700 (0.0600 to 0.0800) | 0.0300 (0.0200 to 0.0400) |',
    );
    expect(section('Fairness')).toContain('| category | work | 100 | 60 | -0.01 | -0.3 to 0.28 | no harm |');
    expect(section('Fairness')).toContain('Worst: category = work');
    const harmed = { ...EVALUATION.segments[0]!, harmed: true };
    expect(section('Fairness', { evaluation: { ...EVALUATION, segments: [harmed], worst_segment: harmed } })).toContain(
      '| -0.3 to 0.28 | harmed |',
    );
  });

  it('tells the rollout event by event', () => {
    const control = (control_id: string, effective_at_ms: number, more: Partial<ControlEvent>): ControlEvent =>
      ({ control_id, effective_at_ms: AT_MS + effective_at_ms, ...more }) as ControlEvent;
    const text = section('Rollout', {
      history: [
        control('c4', 4, { type: 'migrate', policy: 'egreedy-v2', undo: true }),
        control('c3', 3, { type: 'migrate', policy: 'egreedy-v2', from: 'egreedy-v1', train_from_replay: true }),
        control('c2', 2, { type: 'migrate', policy: 'egreedy-v2' }),
        control('c1', 1, { type: 'promote', policy: 'egreedy-v2', percent: 12.5, evidence: { hash: 'ab'.repeat(32), forced: false } }),
      ],
    });
    expect(text.split('\n').slice(2, 6)).toEqual([
      '| 2026-11-01T00:00:00.004Z | migrate egreedy-v2 taken back | 12.5 % |  |  |  | c4 |',
      '| 2026-11-01T00:00:00.003Z | migrate egreedy-v2 from egreedy-v1, trained | 12.5 % |  |  |  | c3 |',
      '| 2026-11-01T00:00:00.002Z | migrate egreedy-v2 from egreedy-v1 | 12.5 % |  |  |  | c2 |',
      '| 2026-11-01T00:00:00.001Z | promote egreedy-v2 12.5 % | 12.5 % |  | abababababababab |  | c1 |',
    ]);
    expect(section('Rollout', { policy: policyNamed('linucb') })).toBe('No event of policy.control concerns it.');
  });

  it('says what is missing, section by section', () => {
    const missing = (what: string) => ({ missing: `No ${what} today.` });
    const facts = {
      training: missing('training'),
      simulation: missing('simulation'),
      evaluation: missing('evaluation'),
      history: missing('history'),
    };
    for (const [heading, what] of [
      ['Training data', 'training'],
      ['Simulation', 'simulation'],
      ['Evaluation on logged decisions', 'evaluation'],
      ['Rollout', 'history'],
    ]) {
      expect(section(heading!, facts)).toContain(`No ${what} today.`);
    }
    expect(section('Fairness', facts)).toBe('Nothing was given to judge it by.');
    expect(section('Fairness', { ...facts, simulation: SIMULATION })).toContain('| morning |');
  });

  it('keeps what strangers named from meaning anything', () => {
    const bad = { ...EVALUATION.segments[0]!, segment: 'a|b\n# <script>`x`' };
    const control = {
      control_id: 'c|1',
      type: 'promote',
      effective_at_ms: AT_MS,
      policy: 'egreedy-v2',
      reason: 'see [this](x)\n| not a row |',
    } as ControlEvent;
    const text = card({
      evaluation: { ...EVALUATION, segments: [bad], worst_segment: bad, reasons: ['the segment category = <b> is harmed'] },
      history: [control],
    });
    expect(text).toContain('| category | a\\|b # \\<script\\>\\`x\\` | 100 |');
    expect(text).toContain('see \\[this\\](x) \\| not a row \\|');
    expect(text).not.toMatch(/(?<!\\)<(script|b)>/);
    expect(text.split('\n').filter((line) => line.startsWith('# '))).toEqual(['# egreedy-v2']);
  });

  it.each(POLICIES)('of $name is the same bytes for the same facts, and has no hole', (policy) => {
    expect(card({ policy })).toBe(card({ policy }));
    expect(card({ policy })).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe('the documents a card is made from', () => {
  it('are what the commands print', () => {
    expect(cardSimulationSchema.parse({ ...SIMULATION, epsilon: 0.1, curves: [] })).toEqual(SIMULATION);
    expect(cardEvaluationSchema.parse({ ...EVALUATION, hash: 'x', more_decisions: 0 })).toEqual(EVALUATION);
    expect(cardEvaluationSchema.safeParse({ n: 5, ips: 2.22, verdict: 'PROMOTE' }).success).toBe(false);
    expect(cardSimulationSchema.safeParse(EVALUATION).success).toBe(false);
  });
});
