/** Which records tail prints, that what it prints as --raw can be written again byte for byte, and bare events. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { produceCommand } from '../../src/cli/commands/produce.js';
import { tailCommand } from '../../src/cli/commands/tail.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';

const COMMANDS = [produceCommand, tailCommand];
const T0 = Date.UTC(2026, 10, 20);
let folder: string;
const run = (argv: readonly string[], data = 'data'): Promise<Answered> =>
  runCommand(COMMANDS, [...argv, '--data', join(folder, data), '--partitions', '2']);
const printed = async (...argv: string[]): Promise<{ partition: number; offset: number; key: string }[]> =>
  (await run(['tail', 'tip.served', '--until-end', ...argv])).stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { partition: number; offset: number; key: string });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tipstream-tail-'));
  const value = '{"tip_id":"t","user_id":"ana","served_at_ms":1,"more":[9007199254740993, 1e400, {"a":1,"a":2}]}';
  const lines = [0, 1, 2, 3, 4].map((n) =>
    JSON.stringify({
      topic: 'tip.served',
      partition: n % 2,
      timestamp_ms: T0 + n * 1_000,
      key: n === 4 ? 'ben' : 'ana',
      value,
      headers: [
        ['twice', 'x'],
        ['twice', null],
        ['bytes', { base64: '/w==' }],
      ],
    }),
  );
  writeFileSync(join(folder, 'raw.ndjson'), `${lines.join('\n')}\n`);
  expect(await run(['produce', '--raw', join(folder, 'raw.ndjson')])).toMatchObject({ code: 0 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('tail', () => {
  it.each([
    [['--from-beginning'], ['0/0', '0/1', '0/2', '1/0', '1/1']],
    [
      ['--from-beginning', '--partition', '1'],
      ['1/0', '1/1'],
    ],
    [
      ['--partition', '0', '--offset', '1'],
      ['0/1', '0/2'],
    ],
    [['--partition', '0', '--offset', '3'], []],
    [
      ['--last', '1'],
      ['0/2', '1/1'],
    ],
    [
      ['--last', '100'],
      ['0/0', '0/1', '0/2', '1/0', '1/1'],
    ],
    [
      ['--since', new Date(T0 + 2_000).toISOString()],
      ['0/1', '0/2', '1/1'],
    ],
    [['--from-beginning', '--key', 'ben'], ['0/2']],
    [
      ['--from-beginning', '--key', 'ana', '--max', '3'],
      ['0/0', '0/1', '1/0'],
    ],
    [['--from-beginning', '--key', 'nobody'], []],
  ])('%j prints %j', async (options, expected) => {
    expect((await printed(...options)).map(({ partition, offset }) => `${partition}/${offset}`)).toEqual(expected);
  });

  it.each([
    [['--offset', '1'], 64, '--offset needs --partition'],
    [['--last', '1', '--from-beginning'], 64, '--from-beginning and --last each say where to start'],
    [['--partition', '7'], 1, 'tip.served has no partition 7 [not_found]'],
    [['--partition', '0', '--offset', '9'], 1, 'tip.served partition 0 holds no offset 9 [offset_out_of_range]'],
    [['--since', 'yesterday'], 64, '--since must be'],
    [['--partition', '-1'], 64, '--partition must be'],
  ])('%j is refused with %i', async (options, code, message) => {
    expect(await run(['tail', 'tip.served', ...options])).toMatchObject({ code, stderr: expect.stringContaining(message) as string });
  });

  it('--raw prints what produce --raw writes again, byte for byte', async () => {
    const all = ['tail', 'tip.served', '--from-beginning', '--until-end', '--raw'];
    const { stdout } = await run(all);
    writeFileSync(join(folder, 'again.ndjson'), stdout);
    expect(await run(['produce', '--raw', join(folder, 'again.ndjson')], 'copy')).toMatchObject({ code: 0 });
    expect((await run(all, 'copy')).stdout).toBe(stdout);
    expect(stdout).toContain('9007199254740993, 1e400');
    expect(stdout).toContain('[["twice","x"],["twice",null],["bytes",{"base64":"/w=="}]]');
  });
});

describe('produce --topic', () => {
  it('takes lines that are events, keyed by their user', async () => {
    writeFileSync(join(folder, 'bare.ndjson'), '{"tip_id":"t1","user_id":"cem","served_at_ms":1}\n{"tip_id":"t2","user_id":"cem"}\n');
    expect(await run(['produce', '--topic', 'tip.served', '--json', join(folder, 'bare.ndjson')], 'bare')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/"accepted": 1,\s+"rejected": 1[\s\S]*"line": 2/) as string,
    });
    const { stdout } = await run(['tail', 'tip.served', '--from-beginning', '--until-end'], 'bare');
    expect(JSON.parse(stdout)).toMatchObject({ key: 'cem', value: { tip_id: 't1' } });
  });

  it('refuses a topic that does not exist, and --raw beside it', async () => {
    const file = join(folder, 'bare.ndjson');
    expect(await run(['produce', '--topic', 'tip.seved', file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no topic "tip.seved"') as string,
    });
    expect(await run(['produce', '--topic', 'tip.served', '--raw', file])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--topic and --raw exclude each other') as string,
    });
  });
});
