import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEAD_LETTER_HEADER_PREFIX } from '../../src/events/dead-letter.js';
import { CORE_TOPICS, TOPIC_NAMES, TOPICS } from '../../src/topics.js';
import { CliWorkspace } from '../support/cli-process.js';

let cli: CliWorkspace;
beforeEach(() => {
  cli = new CliWorkspace();
});
afterEach(() => cli.dispose());

describe('topics', () => {
  test('create makes what is missing, once', async () => {
    const all = [...TOPIC_NAMES.filter((name) => TOPICS[name].folds !== 'rows'), ...CORE_TOPICS.map((topic) => `${topic}-dlt`)].sort();
    const created = JSON.parse((await cli.run(['topics', 'create', '--json'])).stdout) as { created: string[] };
    expect(created.created.sort()).toEqual(all);
    expect(await cli.run(['topics', 'create', '--json'])).toMatchObject({ code: 0, stdout: '{\n  "created": []\n}\n' });
    expect(await cli.run(['topics', 'check'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `${all.length} topics are as they should be\n`,
    });
  });

  test('check names what is missing', async () => {
    await cli.run(['topics', 'create']);
    const { code, stdout } = await cli.run(['topics', 'check', '--json', '--topic-prefix', 'other.']);
    const { ok, problems } = JSON.parse(stdout) as { ok: boolean; problems: { topic: string; problem: string }[] };
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(problems).toContainEqual(expect.objectContaining({ topic: 'other.tip.served', problem: 'missing' }));
    const text = await cli.run(['topics', 'check', '--topic-prefix', 'other.']);
    expect(text.stdout).toMatch(/^TOPIC +PROBLEM +FOUND +EXPECTED\n(.*\n)*other\.tip\.served +missing/);
    expect(text.stderr).toMatch(/tipstream topics create/);
  });

  test('check insists on the number of partitions that it is given', async () => {
    await cli.run(['topics', 'create', '--partitions', '2']);
    expect((await cli.run(['topics', 'check'])).code).toBe(0);
    expect((await cli.run(['topics', 'check', '--partitions', '3'])).code).toBe(1);
  });
});

describe('dead letters', () => {
  const letter = (offset: number, code: string, failedAtMs: number, message = 'user_id: is missing') => ({
    topic: 'tip.served-dlt',
    partition: offset % 4,
    key: 'ann',
    value: '{"a":1',
    timestamp_ms: 1,
    headers: {
      trace: 'x',
      ...Object.fromEntries(
        Object.entries({
          topic: 'tip.served',
          partition: '3',
          offset: `${offset}`,
          group: 'tipstream',
          stage: 'validate',
          code,
          message,
          failed_at_ms: `${failedAtMs}`,
          redrive_count: '0',
        }).map(([name, value]) => [DEAD_LETTER_HEADER_PREFIX + name, value]),
      ),
    },
  });
  const write = (letters: object[]) => cli.run(['produce', '--raw'], { input: letters.map((one) => `${JSON.stringify(one)}\n`).join('') });
  const list = async (...args: string[]) =>
    JSON.parse((await cli.run(['dead-letters', 'list', '--json', ...args])).stdout) as Record<string, unknown>[];

  test('are listed with where they came from and why, the newest last', async () => {
    await write([letter(1, 'invalid_event', 30), letter(2, 'not_json', 10), letter(3, 'invalid_event', 20)]);
    expect((await list()).map((one) => one.source_offset)).toEqual([2, 3, 1]);
    expect((await list('--max', '1'))[0]).toEqual({
      topic: 'tip.served-dlt',
      partition: 1,
      offset: 0,
      source_topic: 'tip.served',
      source_partition: 3,
      source_offset: 1,
      stage: 'validate',
      code: 'invalid_event',
      message: 'user_id: is missing',
      failed_at_ms: 30,
      redrive_count: 0,
      key: 'ann',
    });
    expect((await list('--code', 'not_json')).map((one) => one.source_offset)).toEqual([2]);
    expect(await list('--topic', 'tip.served')).toHaveLength(3);
    expect(await list('--topic', 'tip.served-dlt')).toHaveLength(3);
    expect(await list('--topic', 'tip.feedback')).toEqual([]);
  });

  test('as a table, with what is left out, and without control characters', async () => {
    await write([letter(1, 'invalid_event', 0, 'a\u001b[31mb'), letter(2, 'not_json', 10)]);
    const { stdout } = await cli.run(['dead-letters', 'list']);
    const [head, first, ...rest] = stdout.split('\n');
    expect(head).toMatch(/^DEAD LETTER +SOURCE +FAILED AT +KEY +CODE +MESSAGE$/);
    expect(first).toMatch(/^tip\.served-dlt\/1\/0 +tip\.served\/3\/1 +1970-01-01T00:00:00\.000Z +ann +invalid_event +a\?\[31mb$/);
    expect(rest.length).toBeGreaterThan(0);
    expect((await cli.run(['dead-letters', 'list', '--max', '1'])).stderr).toMatch(/the newest 1 of 2/);
  });

  test('none', async () => {
    await cli.run(['topics', 'create']);
    expect(await cli.run(['dead-letters', 'list'])).toEqual({ code: 0, stdout: '', stderr: 'no dead letters\n' });
  });

  test('show prints one whole', async () => {
    await write([letter(1, 'invalid_event', 30)]);
    const { code, stdout } = await cli.run(['dead-letters', 'show', 'tip.served-dlt/1/0']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'invalid_event',
      group: 'tipstream',
      value: '{"a":1',
      key_hex: '616e6e',
      value_hex: '7b2261223a31',
      headers: { trace: 'x' },
      schema: { title: 'tip.served', required: expect.arrayContaining(['tip_id', 'user_id', 'served_at_ms']) as string[] },
      source_topic: 'tip.served',
      source_offset: 1,
    });
    const missing = await cli.run(['dead-letters', 'show', 'tip.served-dlt/1/1', '--json']);
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: 'not_found', details: { offset: 1 } } });
  });
});
