/**
 * How often the shadow agreed depended on the order of events: a decision that was answered after its shadow's record had come was never
 * compared, and one whose record in the log was another than this service's answer was counted by the answer. A rebuild counted otherwise.
 */
import { expect, it } from 'vitest';
import type { ScoredEvent } from '../../src/topics.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';

const NOW = 1_796_000_000_000;
const candidates = ['c1', 'c2'].map((tip_id) => ({ tip_id, is_overdue: true, task_age_days: 2, priority: 3 }));
const request = { user_id: 'ana', decision_id: 'd1', requested_at_ms: NOW - 5_000, candidates };

const service = () => embeddedService({ partitions: 1, clock: () => NOW, settings: { shadow: 'egreedy-v2' } });

/** What both answer to the request. */
async function answers(): Promise<{ readonly answer: ScoredEvent; readonly shadow: ScoredEvent }> {
  const embedded = await service();
  await embedded.produce('tip.candidates', request);
  await embedded.catchUp();
  const [answer] = await embedded.scored();
  const [shadow] = await embedded.scored('tip.scored.shadow');
  return { answer: answer!, shadow: shadow! };
}

async function counted(embedded: EmbeddedService): Promise<number[]> {
  await embedded.catchUp();
  await embedded.stop();
  expect((await verified(embedded, { asOfMs: NOW })).differences).toEqual([]);
  expect((await rebuilt(embedded, { dryRun: true })).differences).toEqual([]);
  const count = (name: string) => embedded.query<{ count: number }>(0, 'SELECT count FROM tally WHERE name = ?', name)[0]?.count ?? 0;
  return [count('shadow_compared'), count('shadow_agreed')];
}

it("a shadow's record that comes before the answer is compared", async () => {
  const { answer, shadow } = await answers();
  const embedded = await service();
  await embedded.append(recordOf('tip.scored.shadow', { ...shadow, chosen_tip_id: answer.chosen_tip_id }));
  await embedded.catchUp();
  await embedded.produce('tip.candidates', request);
  expect(await counted(embedded)).toEqual([1, 1]);
});

it('the record in the log is compared, and not the answer that came too late', async () => {
  const { answer, shadow } = await answers();
  const other = candidates.map(({ tip_id: id }) => id).find((id) => id !== answer.chosen_tip_id)!;
  const embedded = await service();
  await embedded.append(recordOf('tip.scored.shadow', { ...shadow, chosen_tip_id: answer.chosen_tip_id }));
  await embedded.catchUp();
  // Another answer is in the log before this service's own: it is written while this one decides.
  const { log } = embedded;
  const resume = embedded.faults.hang();
  await log.append([recordOf('tip.candidates', request)]);
  await expect.poll(() => embedded.query(0, 'SELECT 1 FROM outbox').length, { timeout: 10_000 }).toBeGreaterThan(0);
  await log.append([recordOf('tip.scored', { ...answer, chosen_tip_id: other })]);
  resume();
  expect(await counted(embedded)).toEqual([1, 0]);
});
