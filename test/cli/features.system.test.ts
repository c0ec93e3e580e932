/** `tipstream features` says what every number of a profile means, from the definitions themselves. */
import { afterAll, describe, expect, test } from 'vitest';
import { defaultRegistry } from '../../src/projections/registry.js';
import { CliWorkspace } from '../support/cli-process.js';

const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());
const json = async (...args: readonly string[]) => JSON.parse((await workspace.run([...args, '--json'])).stdout) as Record<string, unknown>;

describe('features list', () => {
  test('has every feature with its type, unit, window, lifetime and sources', async () => {
    const { stdout, code } = await workspace.run(['features', 'list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^FEATURE +DTYPE +UNIT +WINDOW +TTL +SOURCES\n/);
    expect(stdout).toMatch(/^tip_volume_30d +numeric +tips +30 d +\d+ \w+ +tip\.served$/m);
    expect(stdout.trim().split('\n')).toHaveLength(1 + defaultRegistry.features.length);
  });

  test('--json has all of each', async () => {
    const { feature_set: featureSet, features } = await json('features', 'list');
    expect(featureSet).toBe(defaultRegistry.featureSet);
    expect((features as { name: string }[]).map(({ name }) => name)).toEqual(defaultRegistry.features.map(({ name }) => name));
    expect(features).toContainEqual(await json('features', 'show', 'preferred_category'));
  });
});

describe('features show', () => {
  test('prints the description and the SQL', async () => {
    const { stdout } = await workspace.run(['features', 'show', 'completion_rate_30d']);
    for (const text of ['numeric', 'ratio', '30 d', 'tip.served, tip.feedback', 'Share, 0 to 1, of', 'SELECT', ':as_of_ms'])
      expect(stdout).toContain(text);
    expect(stdout).toMatch(/^read by +egreedy-v2 \(completion_rate_30d\); egreedy-v3 \(/m);
    expect(stdout).toMatch(/^carried by +topic profile\.features, .*tipstream export/m);
    expect((await workspace.run(['features', 'show', 'snooze_rate_30d'])).stdout).toMatch(/^read by +no policy$/m);
  });

  test('--json has dtype, unit, window, lifetime, sources, SQL and description', async () => {
    expect(await json('features', 'show', 'preferred_category')).toMatchObject({
      name: 'preferred_category',
      dtype: 'categorical',
      unit: expect.any(String) as string,
      window_ms: 2_592_000_000,
      ttl_ms: expect.any(Number) as number,
      sources: ['tip.served', 'tip.feedback'],
      when_empty: null,
      description: expect.any(String) as string,
      sql: expect.stringMatching(/^(SELECT|WITH)\b/) as string,
    });
  });

  test('of a name that is none names the one that was meant', async () => {
    const { code, stderr } = await workspace.run(['features', 'show', 'completion_rate']);
    expect(code).toBe(64);
    expect(stderr).toContain('there is no feature "completion_rate"');
    expect(stderr).toContain('hint: ');
    expect((await workspace.run(['features', 'show', 'tip_volume_30'])).stderr).toContain('Did you mean tip_volume_30d?');
  });
});
