/** How many decisions the gate needs, said of a real service's log, and checked against what the gate then says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { powerHere } from '../../src/analysts/power.js';
import { evaluateLogged } from '../../src/analysts/evaluate-logged.js';
import { policyNamed } from '../../src/policies/registry.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { runCommand } from '../support/cli-in-process.js';
import { HOUR_MS, openHistory, START_MS, writeHistory } from '../support/embedded/decided-history.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from '../support/embedded/service.js';
import { stateIn } from '../support/state-in.js';

const DECISIONS = 60;
let service: EmbeddedService;
beforeAll(async () => {
  service = await openHistory();
  await writeHistory(service, DECISIONS);
});
afterAll(async () => service.close());

const question = () => ({
  state: stateIn(service.directory),
  registry: coreRegistry,
  defaultPolicy: 'egreedy-v1',
  settings: DEFAULT_SETTINGS,
  nowMs: START_MS + 1000 * HOUR_MS,
  signal: new AbortController().signal,
});

describe('power', () => {
  it('goes by the epsilon, the candidates, the rewards and the pace of the log', async () => {
    const found = await powerHere({ ...question(), gain: 0.05, of: 0.3 });
    expect(found).toMatchObject({
      gain: 0.05,
      policy: null,
      baseline: 'egreedy-v1',
      epsilon: 0.1,
      candidates: { low: 2, median: 2, high: 2 },
      decisions_so_far: DECISIONS,
      missing_share: 0.1,
      since_ms: 0,
      chance: 0.8,
      reason: null,
    });
    expect(found.differs).toBeCloseTo(0.3, 1);
    // An hour apart.
    expect(found.decisions_a_day).toBeCloseTo((24 * DECISIONS) / (DECISIONS - 1), 1);
    expect(found.days! * found.decisions_a_day!).toBeCloseTo(found.decisions!, -2);
    expect(found.more_decisions).toBe(found.decisions! - DECISIONS);
    expect(found.table.length).toBeGreaterThan(2);
  });

  it('takes the weights of a policy that there is from its replay, as evaluate does', async () => {
    const found = await powerHere({ ...question(), gain: 0.01, of: policyNamed('egreedy-v2') });
    const { power } = await evaluateLogged({ ...question(), policy: policyNamed('egreedy-v2') });
    expect(found).toMatchObject({ policy: 'egreedy-v2', baseline: 'egreedy-v1', decisions_so_far: DECISIONS });
    const gains = power.map(({ gain }) => gain);
    expect(gains).toEqual(found.table.map(({ gain }) => gain));
    for (const [i, { decisions, days }] of power.entries()) {
      expect(decisions! / found.table[i]!.decisions!).toBeGreaterThan(0.7);
      expect(decisions! / found.table[i]!.decisions!).toBeLessThan(1.4);
      expect(days).toBeGreaterThan(0);
    }
    const same = await powerHere({ ...question(), gain: 0.01, of: policyNamed('egreedy-v1') });
    expect(same).toMatchObject({
      decisions: null,
      days: null,
      differs: 0,
      reason: 'the policy would have chosen the same in every decision',
    });
  });

  it('says so where there are no decisions to go by', async () => {
    const sinceMs = START_MS + 2 * DECISIONS * HOUR_MS;
    const found = await powerHere({ ...question(), gain: 0.05, of: 0.3, sinceMs });
    expect(found).toMatchObject({ decisions: null, days: null, differs: null, decisions_so_far: 0, table: [] });
    expect(found.reason).toBe(`there are no decisions since ${new Date(sinceMs).toISOString()}, when who is live or the settings changed`);
  });
});

describe('tipstream policies power', () => {
  const power = (...argv: string[]) => runCommand(COMMANDS, ['policies', 'power', '--data', service.directory, ...argv]);

  it('answers in a table, or in a document', async () => {
    const until = ['--until', String(START_MS + 1000 * HOUR_MS)];
    const { code, stdout } = await power('--gain', '0.05', ...until);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^a policy that chooses otherwise than egreedy-v1 in \d+\.\d % of the decisions: 2 candidates, epsilon 0\.1/);
    expect(stdout).toMatch(/^a gain of 0\.05: \d+ decisions for four of five such policies \(\d+ more, about \d/m);
    const document = JSON.parse((await power('--gain', '0.05', '--json', ...until)).stdout) as Record<string, unknown>;
    expect(document).toMatchObject({ gain: 0.05, decisions: expect.any(Number) as number, days: expect.any(Number) as number });
    // The same log gives the same answer.
    expect(JSON.parse((await power('--json', ...until)).stdout)).toEqual(document);
  });

  it('is 2 with the reason where nobody can say, and 64 for what makes no sense', async () => {
    const later = String(START_MS + 900 * HOUR_MS);
    const none = await power('--since', later);
    expect(none).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^nobody can say how many decisions it takes: there are no/) as string,
    });
    expect(await power('--gain', '0.9')).toMatchObject({ code: 2, stdout: expect.stringMatching(/cannot be gained/) as string });
    for (const wrong of [
      ['--gain', '0'],
      ['--gain', '-1'],
      ['--differs', '2'],
      ['--policy', 'egreedy-v2', '--differs', '0.2'],
    ])
      expect(await power(...wrong), wrong.join(' ')).toMatchObject({ code: 64 });
  });
});
