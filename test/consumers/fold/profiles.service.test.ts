/**
 * Profiles are the oracle's, bit for bit, whatever the order, the duplicates, the appends, the batches, the restarts and crashes, the
 * clock and the time asked about; and every record that is no event ends in its dead letters, whole, without taking a valid one with
 * it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDeadLetterReason } from '../../../src/events/dead-letter.js';
import { MAX_TIME_MS, type ProfileFeaturesEvent } from '../../../src/topics.js';
import { oracleDigest, oracleProfiles } from '../../oracle/profile.js';
import { refusedRecord, scoringRequest, tipEvents } from '../../support/embedded/events.js';
import { addressOf, decisionsOf, type History, profileEvents, profileOf, readHistory, upTo } from '../../support/embedded/history.js';
import { live, life, type PlannedRecord } from '../../support/embedded/scenario.js';
import { runs, RUNS_WITHIN_MS, withEmbeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedService } from '../../support/embedded/service.js';
import { recompute } from '../../support/recompute.js';
import { asOfMs } from '../../support/tip-generators.js';

const scenario = fc.record({
  life,
  events: tipEvents,
  requests: fc.array(scoringRequest, { maxLength: 6 }),
  refused: fc.array(refusedRecord, { maxLength: 6 }),
  // A clock past the last time an event may carry is nobody's.
  nows: fc.array(
    asOfMs.map((ms) => Math.min(ms, MAX_TIME_MS)),
    { minLength: 1, maxLength: 3 },
  ),
  asked: fc.array(asOfMs, { minLength: 1, maxLength: 3 }),
});

describe('profiles on the embedded log', () => {
  it(
    "are the oracle's, whatever happens on the way",
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, ({ life: plan, events, requests, refused: bad, nows, asked }) =>
          withEmbeddedService({ partitions: plan.partitions }, async (embedded) => {
            const records = [...events, ...requests, ...bad.map((one) => one(plan.partitions))];
            const { refused } = await live(embedded, records, plan, nows);
            const history = await readHistory(embedded, new Set(refused.keys()));
            for (const asOf of [...asked, ...nows]) {
              const expected = oracleProfiles(profileEvents(history), asOf);
              expect(embedded.digest(asOf)).toMatchObject({ digest: oracleDigest(expected), users: expected.size });
              for (const [userId, features] of expected) expect((await embedded.service.profile(userId, asOf)).features).toEqual(features);
            }
            await checkDeadLetters(embedded, refused);
            if (plan.publishProfiles) await checkPublished(embedded, history);
            for (const { partition, event } of history.scored) {
              expect(recompute(event).differences).toEqual([]);
              expect(event.profile.features).toEqual(
                profileOf(upTo(history, partition, event.positions), event.user_id, event.profile.as_of_ms),
              );
            }
            for (const userId of new Set(history.candidates.map(({ event }) => event.user_id))) {
              const asked = history.candidates.filter(({ event }) => event.user_id === userId).map(({ event }) => event.decision_id);
              expect([...decisionsOf(history.scored, userId).keys()].sort()).toEqual([...new Set(asked)].sort());
            }
          }),
        ),
        { numRuns: runs(40) },
      );
    },
    RUNS_WITHIN_MS,
  );
});

async function checkDeadLetters(embedded: EmbeddedService, refused: ReadonlyMap<string, PlannedRecord>): Promise<void> {
  const found = new Set<string>();
  for (const name of ['tip.served', 'tip.feedback', 'tip.candidates', 'tip.scored', 'tip.scored.shadow', 'policy.control'] as const) {
    for (const { key, value, headers } of await embedded.records(`${embedded.topic(name)}-dlt`)) {
      const { topic, partition, offset, code } = readDeadLetterReason(headers);
      const address = addressOf({ topic: topic!, partition: partition!, offset: offset! });
      const planned = refused.get(address);
      expect(planned, `${address} was refused as ${code}`).toBeDefined();
      expect({ code, key, value, headers: headers.filter(([header]) => !header.startsWith('__dlq.')) }).toEqual({
        code: planned!.refused,
        key: planned!.key,
        value: planned!.value,
        headers: planned!.headers ?? [],
      });
      found.add(address);
    }
  }
  expect([...found].sort()).toEqual([...refused.keys()].sort());
  const counts = [...embedded.service.counts()].filter(([name]) => name.startsWith('rejected:'));
  expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(refused.size);
}

/**
 * Each published profile holds at its own positions and time, and the last one of each user knows every event of theirs; null stands
 * for a user not known.
 */
async function checkPublished(embedded: EmbeddedService, history: History): Promise<void> {
  const newest = new Map<string, ProfileFeaturesEvent | null>();
  for (const { partition, key, value } of await embedded.records(embedded.topic('profile.features'))) {
    const userId = key!.toString();
    const event = value === null ? null : (JSON.parse(value.toString()) as ProfileFeaturesEvent);
    newest.set(userId, event);
    if (event !== null)
      expect(event).toMatchObject({
        user_id: userId,
        features: profileOf(upTo(history, partition, event.positions!), userId, event.as_of_ms),
      });
  }
  for (const userId of new Set(profileEvents(history).map(({ value }) => value.user_id))) {
    const last = newest.get(userId);
    expect(last, `the profile of ${userId} was never published`).toBeDefined();
    if (last !== null) expect(last!.features).toEqual(profileOf(history, userId, last!.as_of_ms));
  }
}
