/** One line of a terminal a refused record, however long its key is and however many owners of its partition sent its letter. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEAD_LETTER_HEADER_PREFIX } from '../../src/events/dead-letter.js';
import { CliWorkspace } from '../support/cli-process.js';

let cli: CliWorkspace;
beforeEach(() => {
  cli = new CliWorkspace();
});
afterEach(() => cli.dispose());

const letter = (source: number, failedAtMs: number, { key = 'ann' as unknown, message = 'no' } = {}) => ({
  topic: 'tip.served-dlt',
  partition: 1,
  key,
  value: '{"a":1',
  timestamp_ms: 1,
  headers: Object.entries({ topic: 'tip.served', partition: 1, offset: source, group: `g${failedAtMs}`, stage: 'decode', code: 'not_json' })
    .concat(Object.entries({ message, failed_at_ms: failedAtMs, redrive_count: 0 }))
    .map(([name, value]) => [DEAD_LETTER_HEADER_PREFIX + name, String(value)]),
});
const write = (...letters: object[]) => cli.run(['produce', '--raw'], { input: letters.map((one) => `${JSON.stringify(one)}\n`).join('') });
const list = async () => JSON.parse((await cli.run(['dead-letters', 'list', '--json'])).stdout) as Record<string, unknown>[];

test('a record refused by three owners is listed once', async () => {
  await write(letter(1, 10), letter(2, 20), letter(1, 30), letter(1, 40), letter(3, 50));
  expect((await list()).map(({ offset, source_offset, repeated }) => [offset, source_offset, repeated])).toEqual([
    [0, 1, 2],
    [1, 2, undefined],
    [4, 3, undefined],
  ]);
  expect((await cli.run(['dead-letters', 'list'])).stdout.trim().split('\n')).toHaveLength(4);
  expect((await cli.run(['dead-letters', 'list', '--max', '1'])).stderr).toContain('the newest 1 of 3');
});

test('long keys and messages are cut, and --json says how long they are', async () => {
  const long = 'ä'.repeat(200_000);
  await write(letter(1, 10, { key: long, message: 'm'.repeat(200_000) }), letter(2, 20, { key: { base64: '//8A'.repeat(100_000) } }));
  const { stdout } = await cli.run(['dead-letters', 'list']);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(180);
  const [text, bytes] = await list();
  expect(text!.truncated).toEqual({ key: 400_000, message: 200_000 });
  expect([text!.key === long.slice(0, 4_096), text!.message === 'm'.repeat(4_096)]).toEqual([true, true]);
  expect(bytes!.truncated).toEqual({ key: 300_000 });
  expect(JSON.stringify(bytes).length).toBeLessThan(5_000);
  const shown = JSON.parse((await cli.run(['dead-letters', 'show', 'tip.served-dlt/1/0'])).stdout) as Record<string, unknown>;
  expect(shown.key === long).toBe(true);
});

test('a letter that its topic did not take is listed by its file', async () => {
  await write(letter(1, 10));
  mkdirSync(join(cli.directory, 'data', 'dead-letters'));
  for (const source of [1, 2])
    writeFileSync(
      join(cli.directory, 'data', 'dead-letters', `tip.served-1-${source}.record.ndjson`),
      `${JSON.stringify(letter(source, 30))}\n`,
    );
  writeFileSync(join(cli.directory, 'data', 'dead-letters', 'other.record.ndjson'), 'not ours\n');
  expect((await list()).map(({ offset, source_offset, kept }) => [offset, source_offset, kept])).toEqual([
    [0, 1, undefined],
    [null, 2, { bytes: 6, sha256: expect.any(String) as string, record: 'tip.served-1-2.record.ndjson' }],
  ]);
  const { stdout, stderr } = await cli.run(['dead-letters', 'list']);
  expect(stdout).toContain('tip.served-1-2.record.ndjson');
  expect(stderr).toContain('1 did not fit');
});

test('show, tail and the letters before it live with a value nested 100,000 deep', async () => {
  const deep = `{"mine":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  await write(letter(1, 10), { ...letter(2, 20), value: deep });
  const shown = await cli.run(['dead-letters', 'show', 'tip.served-dlt/1/1']);
  expect(shown.code).toBe(0);
  expect(shown.stdout.includes(`"value": ${deep},`)).toBe(true);
  const tail = await cli.run(['tail', 'tip.served-dlt', '--from-beginning', '--until-end']);
  expect(tail.code).toBe(0);
  expect(tail.stdout.split('\n')).toHaveLength(3);
  expect(tail.stdout.includes(`"value":${deep},`)).toBe(true);
});
