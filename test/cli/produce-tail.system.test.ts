import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CliWorkspace, linesOf, records } from '../support/cli-process.js';

let cli: CliWorkspace;
beforeEach(() => {
  cli = new CliWorkspace();
});
afterEach(() => cli.dispose());

const served = (user: string, at = 5) =>
  JSON.stringify({ topic: 'tip.served', value: { tip_id: `t-${user}`, user_id: user, served_at_ms: at } });
const lines = (...texts: string[]) => texts.map((text) => `${text}\n`).join('');
const allServed = async () => records((await cli.run(['tail', 'tip.served', '--from-beginning', '--until-end'])).stdout);

describe('produce', () => {
  test('makes the data directory, the log and its topics, and says what it did', async () => {
    expect(await cli.run(['produce', '--partitions', '2'], { input: lines(served('ann'), served('bob')) })).toEqual({
      code: 0,
      stdout: '',
      stderr: '2 accepted, 0 rejected\n',
    });
    const { topics } = JSON.parse((await cli.run(['topics', 'check', '--json'])).stdout) as {
      topics: { topic: string; partitions: number }[];
    };
    for (const { topic, partitions } of topics) expect([topic, partitions]).toEqual([topic, topic === 'tipstream.audit' ? 1 : 2]);
    expect((await allServed()).map((record) => record.key).sort()).toEqual(['ann', 'bob']);
  });

  test('writes what is valid and reports the rest by line', async () => {
    const input = lines(served('ann'), '{', '', served(''), served('bob'));
    const { code, stdout, stderr } = await cli.run(['produce', '--json', '-'], { input });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: 2,
      rejected: 2,
      errors: [
        { line: 2, code: 'not_json' },
        { line: 4, code: 'invalid_event' },
      ],
    });
    const text = await cli.run(['produce'], { input });
    expect(text).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^line 2: not_json: .*\nline 4: invalid_event: user_id: .*\n2 accepted, 2 rejected\n$/) as string,
    });
  });

  test.each(['a file', 'stdin'])('--atomic from %s writes nothing when a line is refused', async (source) => {
    const file = join(cli.directory, 'events.ndjson');
    const produce = (input: string) => {
      writeFileSync(file, input);
      return cli.run(['produce', '--atomic', '--json', ...(source === 'stdin' ? [] : [file])], { input });
    };
    const refused = await produce(lines(served('ann'), '{'));
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ accepted: 0, rejected: 1, errors: [{ line: 2 }] });
    expect(await allServed()).toEqual([]);
    const accepted = await produce(lines(served('ann'), served('bob')));
    expect(JSON.parse(accepted.stdout)).toEqual({ accepted: 2, rejected: 0, errors: [] });
    expect(await allServed()).toHaveLength(2);
  });

  test('a missing file is an error, and nothing is created', async () => {
    expect(await cli.run(['produce', 'nope.ndjson'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: cannot read nope.ndjson: there is no such file/) as string,
    });
    expect(existsSync(join(cli.directory, 'data'))).toBe(false);
  });

  test('another number of partitions than the topics have is refused', async () => {
    await cli.run(['topics', 'create', '--partitions', '2']);
    expect(await cli.run(['produce'], { input: lines(served('ann')) })).toMatchObject({ code: 0 });
    expect(await cli.run(['produce', '--partitions', '3'], { input: lines(served('ann')) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[partition_count_changed]') as string,
    });
  });

  test('takes what tail prints, and --raw takes bytes', async () => {
    const raw = [
      {
        topic: 'tip.served',
        value_base64: '/w==',
        key_base64: '/g==',
        partition: 1,
        timestamp_ms: 9,
        headers: { a: ['x', { base64: '/w==' }] },
      },
    ];
    await cli.run(['produce', '--raw'], { input: lines(...raw.map((line) => JSON.stringify(line))) });
    const first = (await cli.run(['tail', 'tip.served', '--from-beginning', '--until-end'])).stdout;
    expect(records(first)).toEqual([
      {
        topic: 'tip.served',
        partition: 1,
        offset: 0,
        timestamp_ms: 9,
        key: { base64: '/g==' },
        value: { base64: '/w==' },
        headers: { a: ['x', { base64: '/w==' }] },
      },
    ]);
    await cli.run(['produce', '--raw', '--data', 'copy'], { input: first });
    expect((await cli.run(['tail', 'tip.served', '--from-beginning', '--until-end', '--data', 'copy'])).stdout).toBe(first);
    await cli.run(['produce'], { input: lines(served('ann')) });
    const valid = records((await cli.run(['tail', 'tip.served', '--from-beginning', '--until-end'])).stdout).filter(
      (record) => record.key === 'ann',
    );
    expect(await cli.run(['produce', '--data', 'third'], { input: lines(JSON.stringify(valid[0])) })).toMatchObject({ code: 0 });
  });

  test('common options may come before the command', async () => {
    await cli.run(['--data', 'elsewhere', '--topic-prefix', 's.', 'produce'], { input: lines(served('ann')) });
    const { stdout } = await cli.run(['--data=elsewhere', 'tail', 'tip.served', '--from-beginning', '--until-end', '--topic-prefix', 's.']);
    expect(records(stdout)).toMatchObject([{ topic: 's.tip.served', key: 'ann' }]);
  });

  test('an interruption while waiting for input is 130', async () => {
    const child = cli.start(['produce']);
    const closed = once(child, 'close');
    child.stdin.write('{\n');
    expect(String((await once(child.stderr, 'data'))[0])).toMatch(/^line 1: not_json/);
    child.kill('SIGINT');
    expect((await closed)[0]).toBe(130);
  });
});

describe('tail', () => {
  test('follows all partitions, from other processes too, until Ctrl-C', async () => {
    await cli.run(['produce'], { input: lines(served('before')) });
    const child = cli.start(['tail', 'tip.served', '--from-beginning']);
    const outcome = once(child, 'close');
    const printed = linesOf(child.stdout);
    expect(JSON.parse((await printed.next()).value as string)).toMatchObject({ key: 'before' });
    await cli.run(['produce'], { input: lines(...['a', 'b', 'c', 'd', 'e'].map((user) => served(user))) });
    const seen: unknown[] = [];
    while (seen.length < 5) seen.push((JSON.parse((await printed.next()).value as string) as { key: unknown }).key);
    expect(seen.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    child.kill('SIGINT');
    expect((await outcome)[0]).toBe(130);
  });

  test('stops after --max records', async () => {
    await cli.run(['produce'], { input: lines(...Array.from({ length: 50 }, (_, i) => served(`u${i}`))) });
    expect(records((await cli.run(['tail', 'tip.served', '--from-beginning', '--max', '7'])).stdout)).toHaveLength(7);
    expect(await cli.run(['tail', 'tip.served', '--max', '0'])).toMatchObject({ code: 0, stdout: '' });
    expect(records((await cli.run(['tail', 'tip.served', '--from-beginning', '--until-end', '--max', '1000'])).stdout)).toHaveLength(50);
    expect(await cli.run(['tail', 'tip.served', '--until-end'])).toMatchObject({ code: 0, stdout: '' });
  });

  test('ends quietly when its reader has seen enough', async () => {
    await cli.run(['produce'], { input: lines(...Array.from({ length: 3_000 }, (_, i) => served(`u${i}`))) });
    const child = cli.start(['tail', 'tip.served', '--from-beginning', '--until-end']);
    const errors: Buffer[] = [];
    child.stderr.on('data', (piece: Buffer) => errors.push(piece));
    const closed = once(child, 'close');
    await once(child.stdout, 'readable');
    child.stdout.destroy();
    expect({ code: ((await closed) as [number])[0], stderr: Buffer.concat(errors).toString() }).toEqual({ code: 141, stderr: '' });
  });

  test('without data there is nothing to read', async () => {
    expect(await cli.run(['tail', 'tip.served'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('[no_data]') as string,
    });
    expect(existsSync(join(cli.directory, 'data'))).toBe(false);
  });

  test('a topic that does not exist', async () => {
    await cli.run(['topics', 'create']);
    expect(await cli.run(['tail', 'other'])).toMatchObject({ code: 1, stderr: expect.stringContaining('[topic_not_found]') as string });
  });
});
