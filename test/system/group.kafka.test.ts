/**
 * Several members of one group, each with a data directory of its own: one is killed, others come and go, and nobody's user is lost
 * between them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { decisionsInLog, decisionsKept } from '../support/e2e/decisions.js';
import { decisionIds, oracleEvents, STREAM_AS_OF_MS } from '../support/e2e/events.js';
import { Load } from '../support/e2e/load.js';
import type { Member } from '../support/e2e/member.js';
import { ownersDigest, untilAllApplied } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { sharedBroker } from '../support/broker/shared.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';

const brokers = await sharedBroker();

/** The union of what owners hold is what the oracle says, and every candidates event has its one decision. */
async function expectWhole(stream: Stream, members: readonly Member[], load: Load): Promise<void> {
  const asked = decisionIds(load.written);
  const answered = async () => (await decisionsInLog(stream)).first;
  for (const deadline = Date.now() + 60_000; (await answered()).size < asked.size && Date.now() < deadline; ) await delay(200);
  const owners = await untilAllApplied(stream, members);
  expect(ownersDigest(owners, STREAM_AS_OF_MS).digest).toBe(oracleDigest(oracleProfiles(oracleEvents(load.written), STREAM_AS_OF_MS)));

  const { first } = await decisionsInLog(stream);
  expect(new Set(first.keys())).toEqual(asked);
  const kept = decisionsKept(owners);
  expect(new Set(kept.keys())).toEqual(asked);
  for (const [id, record] of first) expect(kept.get(id), id).toEqual(JSON.parse(record));
}

describe.skipIf(brokers === null)('members of one group', () => {
  it('one is killed in the middle of a batch: the other takes over, and it comes back to its old directory and goes on', async () => {
    const stream = await Stream.open(brokers!);
    const [survivor, victim] = [stream.start(), stream.start()];
    await Promise.all([survivor.untilRunning(2), victim.untilRunning(2)]);
    const load = new Load(stream, 1500);
    await load.more(1000);
    await victim.untilStatus(({ counts }) => counts.applied > 300 && counts.decisions > 30, 'something applied');
    await victim.kill();
    await load.more(500);
    await survivor.untilRunning(4);
    await load.stop();
    await expectWhole(stream, [survivor], load);

    load.resume();
    const again = stream.start([], 'member-2');
    await Promise.all([survivor, again].map((member) => member.untilRunning(2)));
    await load.more(200);
    await load.stop();
    await expectWhole(stream, [survivor, again], load);
    expect(await Promise.all([survivor.stop(), again.stop()])).toEqual([0, 0]);
  });

  it('a third joins and leaves under load: no gap, and no partition stands still', async () => {
    const stream = await Stream.open(brokers!);
    const members = [stream.start(), stream.start()];
    await Promise.all(members.map((member) => member.untilRunning(2)));
    const load = new Load(stream, 1000);
    await load.more(300);
    const third = stream.start();
    await third.untilStatus(({ ready, partitions }) => ready && partitions.length > 0, 'a partition of its own');
    await load.more(500);
    expect(await third.stop()).toBe(0);
    await load.more(300);
    await load.stop();
    await expectWhole(stream, members, load);
    // What each handed over it committed, and nobody complained.
    for (const member of [...members, third])
      expect(
        member.log.filter(({ level }) => level >= 50),
        member.lastWords(),
      ).toEqual([]);
    expect(await Promise.all(members.map((member) => member.stop()))).toEqual([0, 0]);
    const { repeated } = await decisionsInLog(stream);
    expect(repeated, 'graceful hand-over publishes no decision twice').toBe(0);
  });

  it('one freezes for longer than its session and wakes up: others have its partitions, and it does no harm', async () => {
    const stream = await Stream.open(brokers!);
    const [awake, sleeper] = [stream.start(), stream.start()];
    await Promise.all([awake.untilRunning(2), sleeper.untilRunning(2)]);
    const load = new Load(stream, 1000);
    await load.more(500);
    sleeper.freeze();
    await awake.untilRunning(4);
    await load.more(200);
    sleeper.thaw();
    await Promise.all([awake.untilRunning(2), sleeper.untilRunning(2)]);
    await load.more(200);
    await load.stop();
    await expectWhole(stream, [awake, sleeper], load);
    expect(await Promise.all([awake.stop(), sleeper.stop()])).toEqual([0, 0]);
  });

  it('one that catches up has nothing to do where others hold all partitions', async () => {
    const stream = await Stream.open(brokers!, { partitions: 1 });
    const member = stream.start();
    await member.untilRunning(1);
    expect(await stream.catchUp('second')).toMatchObject({ code: 0 });
    expect((await member.status()).ready).toBe(true);
    expect(await member.stop()).toBe(0);
  });

  it("answers 421 with the owner's address for a user of another member's partition", async () => {
    const stream = await Stream.open(brokers!);
    const members = [stream.start(), stream.start()];
    await Promise.all(members.map((member) => member.untilRunning(2)));
    const load = new Load(stream, 1000);
    await load.more(200);
    await load.stop();
    await untilAllApplied(stream, members);
    const users = [...new Set(load.written.map(({ value }) => value.user_id))].slice(0, 20);
    const addresses = await Promise.all(members.map((member) => member.address()));
    let refused = 0;
    for (const user of users) {
      const path = `/v1/profiles/${user}?as_of_ms=${STREAM_AS_OF_MS}`;
      const answers = await Promise.all(members.map((member) => member.get(path)));
      const owner = answers.findIndex(({ status }) => status === 200);
      const other = answers.findIndex(({ status }) => status === 421);
      expect([owner, other].toSorted(), JSON.stringify(answers)).toEqual([0, 1]);
      expect(answers[owner]!.body).toMatchObject({ user_id: user });
      expect(answers[other]!.body).toMatchObject({
        error: { code: 'not_owner', details: { owner: addresses[owner], hint: `Ask ${addresses[owner]}.` } },
      });
      refused++;
    }
    expect(refused).toBe(20);
    expect(await Promise.all(members.map((member) => member.stop()))).toEqual([0, 0]);
  });
});
