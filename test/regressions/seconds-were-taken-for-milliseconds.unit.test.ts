/** `--as-of 1795132800` and `--as-of 20261120` were taken as milliseconds of 1970: every feature was null, and the exit code 0. */
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runCommand } from '../support/cli-in-process.js';
import { everyCommand } from '../support/every-command.js';

const run = (...argv: string[]) => runCommand(COMMANDS, [...argv, '--data', 'no-such-folder']);

const TIMES = [
  ['digest', '--as-of'],
  ['evaluate', '--since'],
  ['evaluate', '--until'],
  ['export', '--as-of'],
  ['profile', 'ana', '--as-of'],
  ['snapshot', 'out.db', '--as-of'],
  ['sql', 'SELECT 1', '--as-of'],
  ['verify', '--as-of'],
  ['tail', 'tip.served', '--since'],
  ['promote', 'egreedy-v2', '--force', '--reason', 'r', '--effective-at'],
  ['rollback', '--effective-at'],
  ['policies', 'configure', '--epsilon', '0.1', '--effective-at'],
  ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--effective-at'],
  ['policies', 'prior', 'egreedy-v3', '--since'],
  ['policies', 'prior', 'egreedy-v3', '--until'],
  ['policies', 'prior', 'egreedy-v3', '--effective-at'],
  ['policies', 'power', '--gain', '0.05', '--since'],
  ['policies', 'power', '--gain', '0.05', '--until'],
  ['audit', '--since'],
  ['audit', '--until'],
  ['quality', 'report', '--as-of'],
  ['quality', 'baseline', '--as-of'],
  ['quality', 'history', '--as-of'],
  ['rehearse', '--start'],
  ['dead-letters', 'list', '--since'],
  ['dead-letters', 'redrive', '--since'],
];

describe.each(TIMES)('%s %s %s', (...words) => {
  const argv = words.filter((word) => word !== undefined);
  const flag = argv.at(-1)!;

  it('asks back about seconds, before anything is opened', async () => {
    expect(await run(...argv, '1795132800')).toEqual({
      code: 64,
      stdout: '',
      stderr:
        `error: ${flag}: 1795132800 ms is 1970-01-21T18:38:52.800Z; did you mean seconds? [invalid_argument]\n` +
        'hint: 1795132800 s is 1795132800000 ms. Give a time before 1973-03-04 as ISO 8601.\n',
    });
  });
});

it.each(['20261120', '20261120T101500Z', '2026-11-20T10:15:00+0000', '1795132800000', '1795132800000.0'])('%s is taken', async (time) => {
  expect(await run('digest', '--as-of', time)).toMatchObject({ code: 1, stderr: expect.stringContaining('[no_data]') as string });
});

it('every option that takes a time is in this test', async () => {
  const flags = (await everyCommand()).flatMap(({ command: { name, options = [] } }) =>
    options.filter((option) => option.flags.endsWith('<time>')).map((option) => `${name} ${option.flags.split(' ')[0]!}`),
  );
  expect(flags.sort()).toEqual(
    TIMES.map((words) => `${['policies', 'quality', 'dead-letters'].includes(words[0]!) ? words[1]! : words[0]!} ${words.at(-1)!}`).sort(),
  );
});

it('what is wrong with other options is said before a wrong time', async () => {
  for (const [argv, said] of [
    [['export', '--as-of', '1', '--spine', 'x.csv'], '--as-of cannot go with --spine'],
    [['export', '--as-of', '1', '--json', '--format', 'csv'], '--json is NDJSON, not csv'],
    [['export', '--as-of', '1', '--format', 'xlsx'], '--format must be csv, ndjson, parquet'],
    [['tail', 'tip.served', '--since', '1', '--max', 'x'], '--max must be a whole number'],
    [['tail', 'tip.served', '--since', '1', '--last', '3'], '--since and --last each say where to start'],
    [['promote', 'egreedy-v2', '--effective-at', '1'], 'promote needs --evidence FILE'],
    [['sql', 'SELECT 1', '--as-of', '1', '--json', '--csv'], '--json and --csv cannot go together'],
    [
      ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--undo', '--train-from-replay', '--effective-at', '1'],
      '--undo takes back the last migration',
    ],
  ] as const) {
    const { code, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([64, expect.stringContaining(said)]);
  }
});
