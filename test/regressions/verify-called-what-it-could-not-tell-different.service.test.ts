/**
 * What verify and a rebuild say of requests, decisions and dead letters where the log or a dead-letter topic has lost some, the state was
 * set back to earlier offsets, or only some users are looked at; and what a rebuild sends because it is missing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { named, plant, verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';

const NOW = 1_796_000_000_000;
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
const request = (user: string, decision: string) => ({ user_id: user, decision_id: decision, requested_at_ms: NOW - 5_000, candidates });
const broken = (topic: string, user = 'ana') => recordOf(topic, { user_id: user, nonsense: true });

/** One partition: three users with a decision each, and two refused servings of ana's. */
async function caughtUp(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW, topicPrefix: 'x.' });
  await embedded.produce('tip.candidates', request('ana', 'd1'), request('ben', 'd2'), request('cid', 'd3'));
  await embedded.append(broken('x.tip.served'), broken('x.tip.served'));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

const sql = (embedded: EmbeddedService, text: string, ...parameters: readonly unknown[]) => plant(embedded, 'ana', text, ...parameters);

async function said(embedded: EmbeddedService) {
  const { differences, could_not_tell: untold, equal, partitions } = await verified(embedded, { asOfMs: NOW });
  return {
    equal,
    result: partitions[0]!.result,
    found: differences.map(({ kind }) => kind),
    untold: untold.map(({ kind, topic }) => [kind, topic]),
  };
}

it('a decision that retention took from tip.scored may have answered a request: that cannot be told', async () => {
  const embedded = await caughtUp();
  sql(embedded, "DELETE FROM decision WHERE decision_id = 'd1'");
  expect((await said(embedded)).found.sort()).toEqual(['decision']); // the record that the log has
  await embedded.log.truncateBefore('x.tip.scored', 0, 1);
  const { found, untold, ...verdict } = await said(embedded);
  expect([verdict, found]).toEqual([{ equal: true, result: 'unproven' }, []]);
  expect(untold).toEqual([
    ['count', 'x.tip.scored'],
    ['request', 'x.tip.scored'],
  ]);
});

it('a state that was set back to earlier offsets finds its answers beyond them', async () => {
  const embedded = await caughtUp();
  const before = { 'x.tip.candidates': { 0: 3 }, 'x.tip.scored': { 0: 1 }, 'x.tip.served': { 0: 1 } };
  expect(await rebuilt(embedded, { to: before })).toMatchObject({ swapped: true, differences: [] });
  expect(await said(embedded)).toMatchObject({ equal: true, found: [], untold: [] });
  await embedded.catchUp();
  await embedded.stop();
  expect(await said(embedded)).toMatchObject({ equal: true, found: [], untold: [] });
  expect(await embedded.records('x.tip.scored')).toHaveLength(3);
});

it('a dead letter is looked for in the files of those that no topic takes, and is untold where its topic is gone', async () => {
  const embedded = await caughtUp();
  await embedded.append(broken('x.tip.served'));
  sql(embedded, "UPDATE position SET next_offset = 3 WHERE topic = 'x.tip.served'");
  sql(embedded, "UPDATE tally SET count = 3 WHERE name = 'rejected:tip.served:invalid_event'");
  expect(await said(embedded)).toMatchObject({ equal: false, found: ['dead_letter'] });
  const folder = join(embedded.directory, 'dead-letters');
  mkdirSync(folder);
  writeFileSync(join(folder, 'x.tip.served-0-2.record.ndjson'), '{}\n');
  expect(await said(embedded)).toMatchObject({ equal: true, found: [] });
});

it('a sample looks at its own users', async () => {
  const embedded = await caughtUp();
  await embedded.produce('tip.candidates', request('dan', 'd4'), request('eve', 'd5'), request('fay', 'd6'));
  sql(embedded, "UPDATE position SET next_offset = 6 WHERE topic = 'x.tip.candidates'");
  const all = named(await verified(embedded, { asOfMs: NOW }));
  expect(all.filter((name) => name.includes(' request '))).toHaveLength(3);
  const counts = new Set<number>();
  for (let seed = 0; seed < 12; seed++) {
    const part = named(await verified(embedded, { asOfMs: NOW, sample: { users: 1, seed: String(seed) } }));
    expect(all).toEqual(expect.arrayContaining(part));
    counts.add(part.length);
  }
  expect(Math.min(...counts)).toBeLessThan(3);
});

it('a rebuild sends dead letters that are missing and decisions that were never published', async () => {
  const embedded = await caughtUp();
  await embedded.append(broken('x.tip.feedback'));
  sql(embedded, "UPDATE position SET next_offset = 1 WHERE topic = 'x.tip.feedback'");
  const [row] = embedded.query<{ record: string }>(0, "SELECT record FROM decision WHERE decision_id = 'd1'");
  const lost = JSON.stringify({ ...(JSON.parse(row!.record) as object), decision_id: 'd9', input: null });
  const insert = "INSERT INTO decision (uid, decision_id, policy, requested_at_ms, record) SELECT uid, 'd9', policy, requested_at_ms, ? ";
  sql(embedded, `${insert} FROM decision WHERE decision_id = 'd1'`, lost);
  const { differences, swapped } = await rebuilt(embedded);
  expect([swapped, differences.map(({ kind }) => kind).sort()]).toEqual([true, ['count', 'dead_letter', 'decision']]);
  await embedded.catchUp();
  await embedded.stop();
  expect((await embedded.records('x.tip.feedback-dlt')).map(({ key }) => key!.toString())).toEqual(['ana']);
  expect((await embedded.records('x.tip.scored')).at(-1)!.value!.toString()).toBe(lost);
  expect(await said(embedded)).toMatchObject({ equal: true, found: [], untold: [] });
});
