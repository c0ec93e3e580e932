/** --known-at: what `digest` printed yesterday asks for yesterday's knowledge, in every command that reads profiles. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import { generatedEvents, oracleEvents, STREAM_AS_OF_MS, type ProduceLine } from '../support/e2e/events.js';
import { CliWorkspace, records } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());
const AS_OF = ['--as-of', String(STREAM_AS_OF_MS)];
const events = generatedEvents(5);
const take = (count: number): ProduceLine[] =>
  Array.from({ length: count }, () => events.next().value as ProduceLine).filter(({ topic }) => topic !== 'tip.candidates');
const [first, later] = [take(400), take(300)];
const MONDAY = 'monday.json';

async function fold(lines: readonly ProduceLine[]): Promise<void> {
  expect((await cli.run(['produce'], { input: lines.map((line) => `${JSON.stringify(line)}\n`).join('') })).code).toBe(0);
  expect((await cli.run(['start', '--until-caught-up', '--no-http', '--no-publish-profiles', '--log-level', 'error'])).code).toBe(0);
}

beforeAll(async () => {
  await fold(first);
  const { stdout } = await cli.run(['digest', ...AS_OF, '--json']);
  writeFileSync(join(cli.directory, MONDAY), stdout);
  await fold(later);
});

describe('--known-at', () => {
  it('digest is what it was, and what the oracle says of those events alone', async () => {
    const { code, stdout } = await cli.run(['digest', ...AS_OF, '--known-at', MONDAY, '--json']);
    expect(code).toBe(0);
    const then = oracleDigest(oracleProfiles(oracleEvents(first), STREAM_AS_OF_MS));
    expect((JSON.parse(stdout) as { digest: string }).digest).toBe(then);
    expect((JSON.parse((await cli.run(['digest', ...AS_OF, '--json'])).stdout) as { digest: string }).digest).toBe(
      oracleDigest(oracleProfiles(oracleEvents([...first, ...later]), STREAM_AS_OF_MS)),
    );
  });

  it('export gives every profile and every spine line by what was known', async () => {
    const expected = oracleProfiles(oracleEvents(first), STREAM_AS_OF_MS);
    const { stdout } = await cli.run(['export', ...AS_OF, '--known-at', MONDAY, '--json']);
    expect(new Map(records(stdout).map(({ user_id, as_of_ms: _, ...features }) => [user_id, features]))).toEqual(expected);
    const [user] = expected.keys();
    writeFileSync(join(cli.directory, 'spine.ndjson'), `${JSON.stringify({ user_id: user, as_of_ms: STREAM_AS_OF_MS, label: 1 })}\n`);
    const spine = await cli.run(['export', '--spine', 'spine.ndjson', '--known-at', MONDAY, '--json']);
    expect(records(spine.stdout)).toEqual([{ user_id: user, as_of_ms: STREAM_AS_OF_MS, ...expected.get(user!), label: 1 }]);
  });

  it('profile says for which positions it holds, and reads the positions from stdin too', async () => {
    const expected = oracleProfiles(oracleEvents(first), STREAM_AS_OF_MS);
    const [user, features] = [...expected][0]!;
    const positions = (await cli.run(['digest', ...AS_OF, '--known-at', MONDAY, '--json'])).stdout;
    const { code, stdout } = await cli.run(['profile', user, ...AS_OF, '--known-at', '-', '--json'], { input: positions });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ user_id: user, features });
  });

  it.each([
    [['digest', '--known-at', 'none.json'], /cannot read none\.json: there is no such file/],
    [['digest', '--known-at', 'bad.json'], /--known-at bad\.json: tip\.served partition 0: "x" is not an offset/],
    [['digest', '--known-at', 'far.json'], /ends at offset/],
    [['export', '--as-served', '--known-at', MONDAY], /--known-at cannot go with --as-served/],
  ])('%j says what is wrong', async (args, message) => {
    writeFileSync(join(cli.directory, 'bad.json'), '{"tip.served":{"0":"x"}}');
    writeFileSync(join(cli.directory, 'far.json'), '{"positions":{"tip.served":{"0":100000}}}');
    const { code, stderr } = await cli.run(args);
    expect(stderr).toMatch(message);
    expect(code).not.toBe(0);
  });
});
