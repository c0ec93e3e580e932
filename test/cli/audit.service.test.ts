/** Commands that change something leave an entry in the audit trail, and `tipstream audit` reads it. */
import { existsSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import type { AuditDocument } from '../../src/audit-trail/read-trail.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService, newDirectory } from '../support/embedded/directory.js';
import { recordOf } from '../support/embedded/service.js';

const SERVED_MS = Date.UTC(2026, 0, 1);
const served = (user_id: string, tip_id: string) => ({ user_id, tip_id, served_at_ms: SERVED_MS });

async function data(): Promise<{ readonly directory: string; readonly run: (...words: string[]) => ReturnType<typeof runCommand> }> {
  const embedded = await embeddedService({ partitions: 2 });
  await embedded.append(recordOf('tip.served', served('ana', 't1')), {
    topic: 'tip.served',
    key: Buffer.from('ana'),
    value: Buffer.from('no json'),
  });
  await embedded.catchUp();
  await embedded.stop();
  return { directory: embedded.directory, run: (...words) => runCommand(COMMANDS, [...words, '--data', embedded.directory]) };
}

type Run = Awaited<ReturnType<typeof data>>['run'];
async function trail(run: Run, ...words: string[]): Promise<AuditDocument> {
  const { code, stdout } = await run('audit', '--json', ...words);
  expect(code).toBe(0);
  return JSON.parse(stdout) as AuditDocument;
}

describe('a command', () => {
  it('leaves an entry that says who ran it, what it did and what came of it', async () => {
    const { directory, run } = await data();
    const events = join(directory, 'events.ndjson');
    writeFileSync(events, `${JSON.stringify({ topic: 'tip.served', value: served('ben', 't2') })}\n{"topic":"tip.served","value":{}}\n`);
    const words = [
      ['produce', events],
      ['produce', '--atomic', events],
      ['rollback'],
      ['promote', 'egreedy-v2', '--force', '--reason', 'to see it', '--percent', '10'],
      ['rollback'],
      ['policies', 'configure', '--epsilon', '0.2'],
      ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2'],
      ['dead-letters', 'redrive'],
      ['rebuild', '--user', 'ana'],
    ];
    for (const line of words) await run(...line);
    const { entries } = await trail(run);
    const me = { kind: 'command', name: userInfo().username, host: hostname() };
    for (const { actor } of entries) expect(actor).toEqual(me);
    expect(entries.map(({ action, outcome, target, error }) => [action, outcome, target?.id, error?.code]).reverse()).toEqual([
      ['events.produce', 'done', undefined, undefined],
      ['events.produce', 'refused', undefined, undefined],
      ['policy.rollback', 'refused', undefined, 'not_found'],
      ['policy.promote', 'done', 'egreedy-v2', undefined],
      ['policy.rollback', 'done', 'egreedy-v2', undefined],
      ['policy.configure', 'done', undefined, undefined],
      ['policy.migrate', 'done', 'egreedy-v2', undefined],
      ['dead_letters.redrive', 'done', undefined, undefined],
      ['profile.rebuild', 'done', 'ana', undefined],
    ]);
    const of = (action: string) => entries.findLast((entry) => entry.action === action)!.details;
    expect(of('events.produce')).toEqual({ raw: false, written: { 'tip.served': 1 }, rejected: 1 });
    expect(of('policy.promote')).toMatchObject({
      forced: true,
      reason: 'to see it',
      percent: 10,
      control_ids: [expect.stringMatching(/^promote-/)],
    });
    expect(of('policy.configure')).toMatchObject({ settings: { epsilon: 0.2 } });
    expect(of('dead_letters.redrive')).toMatchObject({ redriven: 1 });
  });

  it('that changes nothing leaves none: a dry run, a question, a wrong line, a directory that is not there', async () => {
    const { run } = await data();
    for (const line of [
      ['dead-letters', 'redrive', '--dry-run'],
      ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--dry-run'],
      ['lag'],
      ['promote', 'no-such-policy'],
      ['policies', 'configure'],
    ])
      await run(...line);
    expect((await trail(run)).entries).toEqual([]);
    const none = join(newDirectory(), 'none');
    for (const line of [['rollback'], ['produce', join(none, 'nope.ndjson')]])
      expect((await runCommand(COMMANDS, [...line, '--data', none])).stderr).not.toContain('audit trail');
    expect(existsSync(none)).toBe(false);
  });
});

describe('tipstream audit', () => {
  it('prints a line an entry, newest first, filtered as asked', async () => {
    const { run } = await data();
    await run('policies', 'configure', '--epsilon', '0.2', '--reason', 'less luck');
    await run('rollback');
    const all = await run('audit');
    const lines = all.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^WHEN +WHO +ACTION +OF +OUTCOME +MORE$/);
    expect(lines[1]).toMatch(/policy\.rollback +refused +not_found: there is nothing to roll back/);
    expect(lines[2]).toMatch(/policy\.configure +done +.*settings=\{"epsilon":0\.2\}/);
    expect(lines).toHaveLength(3);
    const one = await run('audit', '--last', '1');
    expect([one.stdout.trimEnd().split('\n').length, one.stderr]).toEqual([
      2,
      'older entries are not shown: see --last, --since and --until\n',
    ]);
    expect((await trail(run, '--action', 'policy')).entries).toHaveLength(2);
    expect((await trail(run, '--action', 'policy.configure')).entries).toHaveLength(1);
    expect((await trail(run, '--actor', 'nobody-of-that-name')).entries).toEqual([]);
    expect((await trail(run, '--since', String(Date.now() + 60_000))).entries).toEqual([]);
    expect((await run('audit', '--actor', 'nobody-of-that-name')).stderr).toBe('no entry is like that on tipstream.audit\n');
  });

  it.each([
    [['--action', 'polic'], '--action must be one of events.produce'],
    [['--last', '0'], '--last must be a whole number of at least 1'],
    [['--since', '2026-01-02', '--until', '2026-01-01'], '--since must be before --until'],
  ])('refuses %j', async (words, message) => {
    const { run } = await data();
    const { code, stderr } = await run('audit', ...words);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});
