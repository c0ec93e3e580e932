/** What holds for every command there is: one condition has one code and one wording, whichever command says so. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runCommand, type Answered, type RunOptions } from '../support/cli-in-process.js';
import { everyCommand, type Leaf } from '../support/every-command.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';

const LEAVES: readonly Leaf[] = await everyCommand();

const folder = mkdtempSync(join(tmpdir(), 'tipstream-every-'));
const data = join(folder, 'data');
const out = (name: string) => join(folder, name);
const NONE = join(folder, 'none');
const USER = 'user-7';
let deadLetter = '';

/** Arguments with which each command works on the data made below, and prints something. */
const WORKING: Readonly<Record<string, () => readonly string[]>> = {
  produce: () => ['--json', out('events.ndjson')],
  tail: () => ['tip.served', '--from-beginning', '--until-end'],
  profile: () => [USER, '--as-of', AS_OF],
  digest: () => [],
  rebuild: () => ['--user', USER, '--dry-run', '--json'],
  verify: () => [],
  forget: () => [USER, '--dry-run', '--json'],
  export: () => ['--as-of', AS_OF],
  'features list': () => [],
  'features show': () => ['tip_volume_30d'],
  sql: () => ['SELECT 1'],
  snapshot: () => ['--json', out('snapshot.db'), '--force'],
  status: () => [],
  lag: () => [],
  'quality report': () => ['--as-of', AS_OF],
  'quality baseline': () => ['--as-of', AS_OF],
  'quality history': () => ['--last', '1', '--as-of', AS_OF],
  'quality skew': () => [],
  'dead-letters list': () => ['--json'],
  'dead-letters show': () => [deadLetter],
  'dead-letters redrive': () => ['--dry-run', '--json'],
  audit: () => ['--json'],
  'topics create': () => ['--json'],
  'topics check': () => ['--json'],
  'schema show': () => [],
  'schema check': () => [out('contracts')],
  simulate: () => ['--users', '1', '--days', '2'],
  evaluate: () => [],
  promote: () => ['egreedy-v2', '--force', '--reason', 'a test', '--percent', '10'],
  rollback: () => [],
  'policies status': () => [],
  'policies list': () => [],
  'policies history': () => [],
  'policies configure': () => ['--epsilon', '0.1'],
  'policies migrate': () => ['egreedy-v1', 'egreedy-v2', '--dry-run'],
  'policies power': () => [],
  // Too few users here: what it fits is in policies-prior.service.test.ts.
  'policies prior': () => ['egreedy-v3', '--off'],
  'policies prompts': () => [],
  'policies card': () => ['egreedy-v1'],
  'policies aa-test': () => ['--rollouts', '4'],
};
const AS_OF = String(TRAFFIC_AS_OF_MS);
/** They run worker threads, which need what is compiled: system tests run them. */
const WITH_THREADS = ['demo', 'rehearse', 'start'];

/** Options that name a file to write; every other option of a <file>, and every argument [file], names one to read. */
const OUTPUTS = ['--out', '--rows', '--svg', '--report', '--manifest'];
/** What else a command needs before it reads the file. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  'profile --known-at': [USER],
  'export --known-at': ['--as-of', AS_OF],
  'promote --evidence': ['egreedy-v2'],
  'policies card --simulation': ['egreedy-v2'],
  'policies card --evaluation': ['egreedy-v2'],
};

/** Each way to name a file that is read: [words, the arguments before its name]. */
const INPUTS = LEAVES.flatMap(({ words, command }): [string, readonly string[]][] => {
  const flags = (command.options ?? []).map(({ flags: text }) => text).filter((text) => text.includes('<file>'));
  const options = flags.map((text) => text.split(' ')[0]!).filter((flag) => !OUTPUTS.includes(flag));
  const argument = (command.arguments ?? '').includes('[file]') ? [''] : [];
  return [...options, ...argument].map((flag) => {
    const name = `${words} ${flag}`.trim();
    return [name, [...words.split(' '), ...(BESIDE[name] ?? []), ...(flag === '' ? [] : [flag])]];
  });
});

const isData = ({ command }: Leaf) => command.groups.includes('log');
const hasJson = ({ command }: Leaf) => command.json !== undefined || (command.options ?? []).some(({ flags }) => flags === '--json');
const run = (argv: readonly string[], options: RunOptions = {}): Promise<Answered> => runCommand(COMMANDS, argv, options);
/** A rehearsal has a directory of its own, which it makes. */
const here = (leaf: Leaf | undefined) =>
  leaf?.words === 'rehearse' ? ['--data', out('rehearsal')] : leaf === undefined || isData(leaf) ? ['--data', data] : [];
const leafOf = (words: string) => LEAVES.find((leaf) => leaf.words === words)!;

/** Runs it as people do and, where it has --json, as programs do: the same exit code and error, in one line on stdout. */
async function expectError(leaf: Leaf, argv: readonly string[], wanted: { code: number; error: string; message: RegExp }): Promise<void> {
  const forPeople = await run(argv);
  expect(forPeople, argv.join(' ')).toMatchObject({ code: wanted.code, stdout: '' });
  expect(forPeople.stderr, argv.join(' ')).toMatch(wanted.message);
  if (!hasJson(leaf)) return;
  const [first, ...rest] = argv;
  const forPrograms = await run([
    first!,
    ...rest.slice(0, leaf.words.split(' ').length - 1),
    '--json',
    ...rest.slice(leaf.words.split(' ').length - 1),
  ]);
  expect(forPrograms.code, argv.join(' ')).toBe(wanted.code);
  expect(forPrograms.stdout, argv.join(' ')).toMatch(/^[^\n]+\n$/);
  const { error } = JSON.parse(forPrograms.stdout) as { error: { code: string; message: string; hint?: string } };
  expect(error.code, argv.join(' ')).toBe(wanted.error);
  expect(forPrograms.stderr).toContain(error.message);
  if (error.hint !== undefined) expect(error.hint).toMatch(/^[A-Z`][^]*\.$|^Did you mean/);
}

beforeAll(async () => {
  await run(['schema', '--out', out('contracts')]);
  const embedded = await EmbeddedService.open(data, { partitions: 2 });
  try {
    await embedded.start();
    await embedded.append(...traffic(5).next(600));
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    deadLetter = `${letter!.topic}/${letter!.partition}/${letter!.offset}`;
  } finally {
    await embedded.stop();
    await embedded.log.close();
  }
  writeFileSync(out('events.ndjson'), '{"topic":"tip.served","value":{"user_id":"a","tip_id":"t","served_at_ms":1795132800000}}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('all commands are in these tables', () => {
  expect([...Object.keys(WORKING), ...WITH_THREADS].sort()).toEqual(LEAVES.map(({ words }) => words).sort());
  expect(INPUTS.map(([name]) => name)).toEqual(expect.arrayContaining(['produce', 'evaluate', 'export --spine', 'rebuild --to-offsets']));
  for (const name of Object.keys(BESIDE)) expect(INPUTS.map(([known]) => known)).toContain(name);
});

describe('a stdout that cannot be written is 74, with a line on stderr', () => {
  it.each(Object.keys(WORKING))('%s', async (words) => {
    const { code, stderr } = await run([...words.split(' '), ...here(leafOf(words)), ...WORKING[words]!()], { stdout: '/dev/full' });
    expect({ code, stderr }).toMatchObject({ code: 74 });
    expect(stderr.match(/^error: cannot write stdout: no space is left \[output_failed\]$/gm)).toHaveLength(1);
  });
});

describe('a file that cannot be written is output_failed, 74, and is named', () => {
  const BEFORE: Readonly<Record<string, readonly string[]>> = {
    'export --out': ['--as-of', AS_OF],
    'export --manifest': ['--as-of', AS_OF],
    'simulate --svg': ['--users', '1', '--days', '2'],
    'evaluate --svg': ['--policies', 'all'],
    'policies migrate --report': ['egreedy-v1', 'egreedy-v2', '--dry-run'],
    'forget --out': ['user-39', '--yes'],
    'policies card --out': ['egreedy-v1'],
  };
  const outputs = LEAVES.flatMap(({ words, command }): [string, string][] => [
    ...(command.options ?? []).flatMap(({ flags }): [string, string][] => {
      const [flag, value] = flags.split(' ') as [string, string?];
      return value === '<file>' && OUTPUTS.includes(flag) ? [[words, flag]] : [];
    }),
    ...((command.arguments ?? '').includes('<file>') ? [[words, ''] as [string, string]] : []),
  ]);
  it('are all walked', () => expect(outputs.map(([words]) => words)).toEqual(expect.arrayContaining(['snapshot', 'export', 'evaluate'])));

  it.each(outputs)('%s %s', async (words, flag) => {
    for (const file of ['/dev/full', join(folder, 'no-folder', 'file')]) {
      const before = BEFORE[`${words} ${flag}`] ?? [];
      const argv = [...words.split(' '), ...here(leafOf(words)), ...before, ...(flag === '' ? [] : [flag]), file];
      await expectError(leafOf(words), argv, {
        code: 74,
        error: 'output_failed',
        message: new RegExp(`^error: cannot write ${file}: .* \\[output_failed\\]$`, 'm'),
      });
    }
    expect(existsSync(join(folder, 'no-folder'))).toBe(false);
  });
});

describe('a file that is not there is not_found, 1', () => {
  it.each(INPUTS)('%s', async (name, argv) => {
    const leaf = LEAVES.find(({ words }) => name === words || name.startsWith(`${words} `))!;
    const words = leaf.words.split(' ');
    await expectError(leaf, [...words, ...here(leaf), ...argv.slice(words.length), NONE], {
      code: 1,
      error: 'not_found',
      message: new RegExp(`^error: cannot read ${NONE}: there is no such file \\[not_found\\]$`, 'm'),
    });
  });

  it.each([
    ['tail', 'tip.served'],
    ['produce'],
    ['topics', 'check'],
    ['topics', 'create'],
    ['promote', 'egreedy-v2', '--force', '--reason', 'x'],
  ])('a TLS file: %s', async (...argv) => {
    for (const files of [
      ['--kafka-ca', NONE],
      ['--kafka-cert', NONE, '--kafka-key', NONE],
    ])
      expect(await run([...argv, '--brokers', '127.0.0.1:1', ...files])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`error: cannot read ${NONE}: there is no such file [not_found]\n`) as string,
      });
  });
});

describe('a pipe that nobody writes ends with the signal', () => {
  it.each(INPUTS)('%s', async (name, argv) => {
    const path = join(folder, `pipe-${name.replace(/\W+/g, '-')}`);
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    // A command that is deaf while it waits would keep this process for ever.
    const writer = spawn('sh', ['-c', 'sleep 10; : > "$0"', path], { stdio: 'ignore' });
    try {
      const interrupt = new AbortController();
      const timer = setTimeout(() => interrupt.abort('SIGINT'), 200);
      const leaf = LEAVES.find(({ words }) => name === words || name.startsWith(`${words} `))!;
      const words = leaf.words.split(' ');
      const beganMs = performance.now();
      const { code } = await run([...words, ...here(leaf), ...argv.slice(words.length), path], { signal: interrupt.signal });
      clearTimeout(timer);
      expect(code).toBe(130);
      expect(performance.now() - beganMs).toBeLessThan(5_000);
    } finally {
      writer.kill('SIGKILL');
    }
  });
});

describe('an option that makes no sense is invalid_argument, 64', () => {
  it.each(LEAVES.map((leaf) => [leaf.words, leaf] as const))('%s', async (words, leaf) => {
    const numbers = (leaf.command.options ?? []).filter(
      ({ flags, parse }) => parse !== undefined && / <(number|time|format)>$/.test(flags),
    );
    const misuses = [
      ...numbers.map(({ flags }) => [flags.split(' ')[0]!, 'nonsense']),
      ...(isData(leaf) ? [['--partitions', '0']] : []),
      ['--no-such-option'],
    ];
    const policies: Readonly<Record<string, string>> = { '<policy>': 'egreedy-v2', '<from>': 'egreedy-v1', '<into>': 'egreedy-v2' };
    const needed = ((leaf.command.arguments ?? '').match(/<\w+>/g) ?? []).map((name) => policies[name] ?? name);
    const beside = { promote: ['--force', '--reason', 'x'], export: ['--as-of', AS_OF] }[words] ?? [];
    for (const misuse of misuses)
      await expectError(leaf, [...words.split(' '), ...(beside[0] === misuse[0] ? [] : beside), ...misuse, ...needed], {
        code: 64,
        error: 'invalid_argument',
        message: new RegExp(`^error: [^\n]*${misuse[0]}`),
      });
  });
});

describe('a data directory that is not there is no_data, 1', () => {
  /** They make it, or need none. */
  const WITHOUT = [
    'demo',
    'rehearse',
    'start',
    'status',
    'produce',
    'features list',
    'features show',
    'topics create',
    'schema show',
    'schema check',
    'simulate',
    'policies card',
  ];
  it.each(LEAVES.filter(({ words }) => !WITHOUT.includes(words)).map((leaf) => [leaf.words, leaf] as const))('%s', async (words, leaf) => {
    const argv = [...words.split(' '), '--data', NONE, ...WORKING[words]!().filter((word) => word !== '--json')];
    await expectError(leaf, argv, { code: 1, error: 'no_data', message: /\[no_data\]$/m });
  });
});

describe('an unknown topic is topic_not_found, 1', () => {
  it.each([
    ['tail', ['no.such']],
    ['schema show', ['no.such']],
    ['produce', ['--topic', 'no.such']],
    ['dead-letters list', ['--topic', 'no.such']],
    ['dead-letters show', ['no.such-dlt/0/0']],
    ['dead-letters redrive', ['--topic', 'no.such']],
    ['dead-letters redrive', ['no.such-dlt/0/0']],
  ])('%s', async (words, argv) => {
    await expectError(leafOf(words), [...words.split(' '), '--data', data, ...argv], {
      code: 1,
      error: 'topic_not_found',
      message: /^error: [^\n]*no\.such[^\n]* \[topic_not_found\]$/m,
    });
  });

  it('every command that names a topic is here', () => {
    const naming = LEAVES.filter(({ command }) =>
      [command.arguments ?? '', ...(command.options ?? []).map(({ flags }) => flags)].some((text) => /[<[](topic|address)[>\]]/.test(text)),
    );
    expect(naming.map(({ words }) => words).sort()).toEqual([
      'dead-letters list',
      'dead-letters redrive',
      'dead-letters show',
      'produce',
      'schema show',
      'tail',
    ]);
  });
});

describe('an unknown policy is policy_not_found, 64', () => {
  it.each([
    ['evaluate', ['--policy', 'nobody']],
    ['evaluate', ['--policies', 'egreedy-v1,nobody']],
    ['policies power', ['--policy', 'nobody']],
    ['simulate', ['--policies', 'random,nobody']],
    ['promote', ['nobody', '--force', '--reason', 'x']],
    ['policies migrate', ['egreedy-v1', 'nobody']],
    ['policies card', ['nobody']],
  ])('%s', async (words, argv) => {
    await expectError(leafOf(words), [...words.split(' '), ...here(leafOf(words)), ...argv], {
      code: 64,
      error: 'policy_not_found',
      message: /\[policy_not_found\]$/m,
    });
  });
});

describe('an unknown user is user_not_found, 1', () => {
  it.each([
    ['profile', ['nobody']],
    ['rebuild', ['--user', 'nobody']],
    ['rebuild', ['--user', 'nobody', '--dry-run']],
  ])('%s %j', async (words, argv) => {
    await expectError(leafOf(words), [words, '--data', data, ...argv], {
      code: 1,
      error: 'user_not_found',
      message: /^error: user "nobody" is not known[^\n]* \[user_not_found\]$/m,
    });
  });
});
