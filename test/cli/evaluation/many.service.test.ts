/** Many policies on one log, as somebody at a terminal compares them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { runCommand } from '../../support/cli-in-process.js';
import { HOUR_MS, openHistory, START_MS, writeHistory } from '../../support/embedded/decided-history.js';
import type { EmbeddedService } from '../../support/embedded/service.js';
import { contextLines } from '../../support/logged-contexts.js';

const folder = mkdtempSync(join(tmpdir(), 'tipstream-many-'));
const file = (name: string, content?: string | Buffer) => {
  if (content !== undefined) writeFileSync(join(folder, name), content);
  return join(folder, name);
};
let service: EmbeddedService;
beforeAll(async () => {
  service = await openHistory();
  await writeHistory(service, 60);
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

const UNTIL = ['--until', String(START_MS + 1000 * HOUR_MS)];
const evaluate = (...argv: string[]) => runCommand(COMMANDS, ['evaluate', ...argv]);
const here = (...argv: string[]) => evaluate('--data', service.directory, ...UNTIL, ...argv);
interface Many {
  readonly compared: number;
  readonly decisions: number;
  readonly variants: readonly { policy: string; epsilon: number | null; lambda: number; n: number; gain: number; segments?: unknown[] }[];
}

describe('evaluate of many', () => {
  it('compares all policies and settings with the live one, in one document', async () => {
    const { code, stdout } = await here('--policies', 'all', '--epsilon', '.05,.1,.2', '--lambda', '.5,1,2', '--json');
    expect(code).toBe(0);
    const many = JSON.parse(stdout) as Many;
    expect(many).toMatchObject({
      baseline: 'egreedy-v1',
      epsilon: 0.1,
      compared: 4 * 9 + 3 + 1,
      decisions: 60,
      correction: 'bonferroni',
      evidence: false,
      best: null,
      baseline_share: 1,
    });
    expect(many.variants).toHaveLength(40);
    // The live policy as it is.
    const live = many.variants.find(({ policy, epsilon, lambda }) => policy === 'egreedy-v1' && epsilon === 0.1 && lambda === 1);
    expect(live).toMatchObject({ n: 60, gain: expect.closeTo(0, 9) as number });
  });

  it('says of one policy as it is what its verdict says', async () => {
    const one = JSON.parse((await here('--policy', 'egreedy-v2', '--json')).stdout) as {
      missing_as_zero: { difference: { mean: number } };
    };
    const { variants } = JSON.parse((await here('--policies', 'egreedy-v2', '--json')).stdout) as Many;
    expect(variants).toMatchObject([
      { policy: 'egreedy-v2', epsilon: null, n: 60, gain: expect.closeTo(one.missing_as_zero.difference.mean, 12) as number },
    ]);
  });

  it('prints a table, what the correction is, and that it is no evidence; and draws it', async () => {
    const svg = file('gains.svg');
    const { code, stdout } = await here('--policies', 'egreedy-v1,egreedy-v2', '--epsilon', '0.05,0.1', '--by-segment', '--svg', svg);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^4 policies and settings against egreedy-v1 at epsilon 0\.1, from the beginning to /);
    expect(stdout).toMatch(/^POLICY +EPSILON +LAMBDA +DIMENSION +SEGMENT/m);
    expect(stdout).toMatch(/each is at alpha 0\.05 \/ 4 \(Bonferroni\)\. A gain is shown where the e-value is at least 80\./);
    expect(stdout).toMatch(/None is shown to be better\.\n$/);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [^]*egreedy-v2, ε 0\.05, λ 1[^]*<\/svg>\n$/);
    expect(await here('--policies', 'all', '--svg', svg)).toMatchObject({ code: 64 });
    expect(await here('--policies', 'all', '--svg', svg, '--force')).toMatchObject({ code: 0 });
  });

  it('is no evidence for promote', async () => {
    const document = file('many.json', (await here('--policies', 'egreedy-v2', '--json')).stdout);
    const { code, stderr } = await runCommand(COMMANDS, ['promote', 'egreedy-v2', '--data', service.directory, '--evidence', document]);
    expect({ code, stderr }).toMatchObject({ code: 64 });
    expect(stderr).toMatch(/is not what `tipstream evaluate --policy NAME --json` prints/);
  });

  it('reads contexts from a file, whatever it is and in whatever order, and says what to do with the best', async () => {
    const lines = contextLines({ decisions: 2_500, users: 2, epsilon: 0.4 });
    const ndjson = lines.map((line) => `${JSON.stringify(line)}\n`);
    const columns = Object.keys(lines[0]!);
    const cell = (value: unknown) => `"${(typeof value === 'object' ? JSON.stringify(value) : String(value)).replaceAll('"', '""')}"`;
    const csv = [
      columns.join(','),
      ...lines.map((line) =>
        Object.values(line)
          .map((value) => (value === null ? '' : cell(value)))
          .join(','),
      ),
    ];
    const options = ['--policies', 'egreedy-v1', '--epsilon', '.05,.2', '--json'];
    const found = await evaluate(file('in-order.ndjson', ndjson.join('')), ...options);
    expect(found.code).toBe(0);
    const many = JSON.parse(found.stdout) as Many;
    expect(many).toMatchObject({ baseline: null, decisions: 2_500, best: { policy: 'egreedy-v1', epsilon: 0.05 } });
    for (const [name, content] of [
      ['not-in-order.ndjson', ndjson.toReversed().join('')],
      ['compressed.gz', gzipSync(ndjson.join(''))],
      ['decisions.csv', csv.join('\n')],
      ['decisions.csv.gz', gzipSync(csv.join('\n'))],
    ] as const)
      expect((await evaluate(file(name, content), ...options)).stdout, name).toBe(found.stdout);
    const { stdout } = await evaluate(file('in-order.ndjson'), ...options.slice(0, -1));
    expect(stdout).toMatch(/The best of them is egreedy-v1, ε 0\.05, λ 1\. It was picked, so this is no evidence for promote\.\n$/);
  });

  it('wants contexts, not rows', async () => {
    const rows = file('rows.ndjson', '{"decision_id": "a", "reward": 1, "logged_propensity": 0.5, "new_propensity": 0.5}\n');
    expect(await evaluate(rows, '--policies', 'all')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/has rows, which say what one policy would have done/) as string,
    });
  });

  it.each([
    [['--by-segment'], /--by-segment is for many/],
    [['--policies', 'all', '--policy', 'egreedy-v2'], /--policies and --policy exclude each other/],
    [['--svg', 'x.svg'], /--svg is for many/],
    [['--policies', 'all', '--rows', 'x'], /--rows is for the verdict about one policy/],
    [['--policies', 'all', '--simulation', 'x'], /--simulation is for the verdict about one policy/],
    [['--policies', 'all', '--epsilon', '.1,2'], /--epsilon must be numbers from 0 to 1, such as/],
    [['--lambda', '0'], /--lambda must be numbers above 0, such as/],
    [['--policies', 'egreedy-v1,nobody'], /there is no policy named "nobody"/],
    [['--epsilon', '7'], /--epsilon must be .*not "7"/],
  ])('%j is a misuse', async (argv, message) => {
    expect(await here(...argv)).toMatchObject({ code: 64, stderr: expect.stringMatching(message) as string });
  });

  it('takes one --epsilon as the option that it is everywhere', async () => {
    expect(JSON.parse((await here('--epsilon', '0.3', '--json')).stdout)).toMatchObject({
      epsilon: 0.3,
      set_aside: { 'made with other settings': 60 },
    });
  });
});
