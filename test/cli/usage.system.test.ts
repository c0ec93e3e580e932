import { afterAll, describe, expect, test } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());

/** The commands that help lists, families opened: ['produce'], ['topics', 'create'], ... */
async function commandsBehind(words: readonly string[]): Promise<string[][]> {
  const { stdout } = await cli.run([...words, '--help']);
  const listed = [...(stdout.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help');
  if (listed.length === 0) return [[...words]];
  return (await Promise.all(listed.map((name) => commandsBehind([...words, name])))).flat();
}

test('every command has help with an example, and says what its options do', async () => {
  const commands = await commandsBehind([]);
  expect(commands.map((words) => words.join(' '))).toEqual(
    expect.arrayContaining([
      'produce',
      'tail',
      'topics create',
      'topics check',
      'schema show',
      'schema check',
      'dead-letters list',
      'dead-letters show',
    ]),
  );
  for (const words of commands) {
    const { code, stdout, stderr } = await cli.run([...words, '--help']);
    expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
    expect(stdout, words.join(' ')).toMatch(/\nExamples?:\n {2}\S/);
    // The simulated world is nowhere on disk, and contracts are compared without a log.
    if (!['simulate', 'schema check'].includes(words.join(' ')))
      expect(stdout, words.join(' ')).toMatch(/--data <dir>[^]*\[TIPSTREAM_DATA\]/);
  }
});

test('--version', async () => {
  expect(await cli.run(['--version'])).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: '' });
});

describe('misuse is 64, said on stderr', () => {
  const misuses: [args: string[], message: RegExp][] = [
    [[], /^Usage: tipstream/],
    [['topics'], /^Usage: tipstream topics/],
    [['produc'], /^error: unknown command 'produc'\n\(Did you mean produce\?\)/],
    [['produce', '--atomc'], /^error: unknown option '--atomc'\n\(Did you mean --atomic\?\)/],
    [['tail'], /^error: missing required argument 'topic'/],
    [['produce', 'a', 'b'], /^error: too many arguments/],
    [['tail', 'tip.served', '--max', 'ten'], /^error: --max must be a whole number of at least 0, not "ten"/],
    [['tail', 'tip.served', '--max'], /^error: option '--max <number>' argument missing/],
    [['produce', '--partitions', '0'], /^error: --partitions must be at least 1/],
    [['--partitions', '0', 'produce'], /^error: --partitions must be at least 1/],
    [['tail', 'tip.served', '--log', 'kafka'], /^error: --log kafka needs to know the brokers[^\n]*\nhint: Give --brokers/],
    [['dead-letters', 'show', 'tip.served/0/1'], /^error: "tip.served\/0\/1" is not the address of a dead letter/],
  ];
  test.each(misuses)('%j', async (args, message) => {
    expect(await cli.run(args)).toEqual({ code: 64, stdout: '', stderr: expect.stringMatching(message) as string });
  });

  test.each([
    ['schema', 'tip.seved'],
    ['dead-letters', 'list', '--topic', 'profile.features'],
  ])('a topic that there is not is no misuse: %s %s', async (...args) => {
    expect(await cli.run(args)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: there is no topic "[^\n]*\[topic_not_found\]/) as string,
    });
  });

  test('a variable is named as a variable', async () => {
    expect(await cli.run(['produce'], { env: { TIPSTREAM_PARTITIONS: 'x' } })).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^error: TIPSTREAM_PARTITIONS must be/) as string,
    });
  });

  test('with --json the error is the document on stdout', async () => {
    const { code, stdout } = await cli.run(['dead-letters', 'list', '--json', '--max', '0']);
    expect(code).toBe(64);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_argument', message: expect.stringContaining('--max') as string } });
  });
});

describe('schema', () => {
  test('of a topic, with or without the prefix', async () => {
    const { code, stdout } = await cli.run(['schema', 'tip.served']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'tip.served',
      required: ['tip_id', 'user_id', 'served_at_ms'],
    });
    expect((await cli.run(['schema', 'signals.tip.served', '--topic-prefix', 'signals.'])).stdout).toBe(stdout);
  });

  test('of all topics', async () => {
    const { stdout } = await cli.run(['schema'], { env: { TIPSTREAM_TOPIC_PREFIX: 'signals.' } });
    expect(JSON.parse(stdout)).toMatchObject({
      asyncapi: '3.1.0',
      channels: { 'tip.served-dlt': { bindings: { kafka: { topic: 'signals.tip.served-dlt' } } } },
    });
  });
});
