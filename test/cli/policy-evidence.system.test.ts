/** `tipstream simulate` and `tipstream evaluate` as a user runs them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SimulationResult } from '../../src/simulation/simulate.js';
import { CliWorkspace } from '../support/cli-process.js';

const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());
const file = (name: string, text: string): string => {
  const path = join(workspace.directory, name);
  writeFileSync(path, text);
  return path;
};
const REFERENCE = [
  [0.5, 1, 0.8],
  [0.25, 0, 0.1],
  [0.1, 1, 0.9],
  [0.5, 0, 0.8],
  [0.4, 1, 0.2],
];
const rows = (of: readonly (readonly number[])[]): string =>
  of
    .map(
      ([logged, reward, next], i) =>
        `${JSON.stringify({ decision_id: `d${i}`, logged_propensity: logged, reward, new_propensity: next })}\n`,
    )
    .join('');

describe('evaluate', () => {
  it('prints the reference values, and that five decisions are too few', async () => {
    const { code, stdout } = await workspace.run(['evaluate', file('rows.ndjson', rows(REFERENCE)), '--json']);
    const document = JSON.parse(stdout) as Record<string, number | string | string[]>;
    expect(code).toBe(2);
    expect(document.n).toBe(5);
    expect(document.ips).toBeCloseTo(2.22, 9);
    expect(document.snips).toBeCloseTo(0.8473282442748091, 9);
    expect(document.ess).toBeCloseTo(171.61 / 86.53, 9);
    expect(document.max_weight).toBeCloseTo(9, 9);
    expect(document.verdict).toBe('UNEVALUABLE');
    expect(document.reasons).toEqual([expect.stringMatching(/effective sample size is 1\.983 of 5/)]);
  });

  it('promotes on evidence, with exit code 0', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => (i % 10 < 3 ? [0.3, i % 5 < 3 ? 1 : 0, 0.9] : [0.7, i % 5 < 1 ? 1 : 0, 0.1]));
    const { code, stdout } = await workspace.run(['evaluate', file('many.ndjson', rows(many))]);
    expect(stdout).toMatch(/\nPROMOTE\n- the new policy's reward would have been/);
    expect(code).toBe(0);
  });

  it.each([
    ['{"decision_id":"a"', /line 1: not JSON/],
    ['\n{"decision_id":"a","reward":1,"logged_propensity":0,"new_propensity":1}', /line 2: logged_propensity: must be above 0/],
    ['{"decision_id":"a","reward":2,"logged_propensity":1,"new_propensity":1}', /line 1: reward/],
    [
      '{"decision_id":"a","reward":1,"logged_propensity":1,"new_propensity":1}\n' +
        '{"decision_id":"a","reward":1,"logged_propensity":1,"new_propensity":1}',
      /line 2: decision "a" is on line 1 already/,
    ],
  ])('names the line that is wrong: %s', async (text, message) => {
    const { code, stderr } = await workspace.run(['evaluate', file('wrong.ndjson', text)]);
    expect(stderr).toMatch(message);
    expect(code).toBe(64);
  });

  it('says so when there is no such file', async () => {
    expect(await workspace.run(['evaluate', join(workspace.directory, 'none.ndjson')])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot read .*none\.ndjson/) as string,
    });
  });
});

describe('simulate', () => {
  const args = ['simulate', '--users', '18', '--days', '10', '--seed', '3'];

  it('prints the same bytes for the same seed', async () => {
    const [one, two] = [await workspace.run([...args, '--json']), await workspace.run([...args, '--json'])];
    expect(one.code).toBe(0);
    expect(one.stdout).toBe(two.stdout);
    expect((JSON.parse(one.stdout) as { policies: { policy: string }[] }).policies.map(({ policy }) => policy)).toEqual([
      'egreedy-v1',
      'egreedy-v2',
      'egreedy-v3',
      'egreedy-v4',
      'linucb',
      'random',
      'oracle',
    ]);
  });

  it('shows a table and draws curves', async () => {
    const svg = join(workspace.directory, 'curves.svg');
    const { code, stdout } = await workspace.run([...args, '--svg', svg]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^POLICY +REWARD +95% +REGRET/m);
    expect(stdout).toMatch(/^newcomer /m);
    expect(stdout).toMatch(/^The first 20 decisions of each user, \d+ in all:$/m);
    expect(stdout).toMatch(/^random .* \+\d+\.\d% \(\+\d+\.\d to \+\d+\.\d\)/m);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /);
    expect((await workspace.run([...args, '--svg', svg])).stderr).toMatch(/it exists/);
  });

  it('takes personas from a file that it printed itself', async () => {
    const printed = await workspace.run(['simulate', '--print-personas']);
    const own = file('personas.json', printed.stdout);
    const builtin = JSON.parse((await workspace.run([...args, '--json'])).stdout) as SimulationResult;
    expect(JSON.parse((await workspace.run([...args, '--personas', own, '--json'])).stdout)).toEqual({ ...builtin, population: 'file' });
    expect(await workspace.run([...args, '--personas', file('bad.json', '[{"name":"x"}]')])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/bad\.json: 0\.decisions_per_day/) as string,
    });
  });

  it('draws users from a mixture, without history, with a taste, and only the decisions asked for', async () => {
    const more = ['--population', 'mixture', '--no-history', '--taste', '0.5', '--decisions', '3', '--policies', 'egreedy-v1,random'];
    const { stdout } = await workspace.run([...args, ...more, '--json']);
    const result = JSON.parse(stdout) as SimulationResult;
    expect(result).toMatchObject({ population: 'mixture', history: false, taste: 0.5, decisions_each: 3 });
    expect(result.personas.map(({ persona }) => persona)).toEqual(['mixture']);
    expect(result.decisions).toBeLessThanOrEqual(3 * 18);
    expect(result.first_20).toMatchObject({ decisions: result.decisions, policies: result.policies });
  });

  it('lets policies begin with a prior, also a wrong one', async () => {
    const more = ['--decisions', '2', '--policies', 'egreedy-v1,random', '--prior-users', '110', '--wrong-prior'];
    const { code, stdout } = await workspace.run([...args, ...more]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+ decisions of 18 users \(opposite builtin\) over 10 days, seed 3$/m);
    expect(stdout).toMatch(/^Priors are of the first 100 decisions of 110 other users \(builtin\) whom egreedy-v1 decided for:$/m);
    expect(stdout).toMatch(/^egreedy-v1 +1\d\d +\d{4} +10 +\d/m);
    expect(stdout).toMatch(/^egreedy-v1\+prior +0\.\d{4} /m);
  });

  it.each([
    [['--wrong-prior'], /--wrong-prior needs a policy that begins with a prior/],
    [['--prior-users', '110', '--policies', 'random'], /needs a policy that begins with a prior/],
    [['--policies', 'egreedy-v1+decay'], /needs to know how fast epsilon decays/],
    [['--population', 'other'], /--population must be builtin or mixture, not "other"/],
    [['--population', 'mixture', '--personas', 'mine.json'], /leave --population out/],
    [['--population', 'mixture', '--print-personas'], /--print-personas prints the built-in personas/],
    [['--taste', 'much'], /--taste must be a number from -20 to 20, not "much"/],
    [['--decisions', '0'], /--decisions must be a whole number of at least 1/],
  ])('refuses %j', async (more, message) => {
    expect(await workspace.run([...args, ...more])).toMatchObject({ code: 64, stderr: expect.stringMatching(message) as string });
  });

  it('refuses a prior from too few users, as policies prior does', async () => {
    const message = expect.stringMatching(/a prior cannot be fitted on \d+ users/) as string;
    expect(await workspace.run([...args, '--prior-users', '20'])).toMatchObject({ code: 2, stderr: message });
  });

  it('refuses a policy that there is not', async () => {
    expect(await workspace.run([...args, '--policies', 'egreedy-v9'])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/no policy named "egreedy-v9"/) as string,
    });
  });
});
