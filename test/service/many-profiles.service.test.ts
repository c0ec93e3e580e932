/** Profiles of many users in one question: what each alone would be, in order, with other requests served in between. */
import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { partitionsHolding } from '../../src/service/user-routing.js';
import { embeddedService } from '../support/embedded/directory.js';
import { turns, type EmbeddedService } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';

const clock = () => TRAFFIC_AS_OF_MS;

async function running(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 4, clock, publishProfiles: false });
  await embedded.append(...traffic(5).next(2_000));
  await embedded.catchUp();
  return embedded;
}

describe('profiles of many users', () => {
  it('are those of each alone, in the order asked for, over all partitions, known or not', async () => {
    const embedded = await running();
    const { service } = embedded;
    const known = service.knownUsers(3);
    expect(new Set(known.map((user) => embedded.partitionOf(user))).size).toBe(4);
    const asked = [known[3]!, 'nobody', ...known, known[3]!];
    for (const asOfMs of [TRAFFIC_AS_OF_MS, TRAFFIC_AS_OF_MS - 3 * 86_400_000, 1]) {
      const { profiles, ...rest } = await service.profiles(asked, asOfMs);
      expect(rest).toEqual({ as_of_ms: asOfMs, feature_set: service.features().feature_set });
      expect(profiles.map(({ user_id }) => user_id)).toEqual(asked);
      for (const { user_id, found, features } of profiles) {
        const alone = await service.profile(user_id, asOfMs).catch((error: { code: string }) => error.code);
        if (found) expect(alone).toMatchObject({ user_id, features });
        else expect([alone, features]).toEqual(['user_not_found', null]);
      }
    }
    expect((await service.profiles(asked)).as_of_ms).toBe(TRAFFIC_AS_OF_MS);
  }, 60_000);

  it('let others have their turn, and end when nobody waits for them', async () => {
    const { service } = await running();
    // So many that no machine does them in the turns below.
    const many = Array.from({ length: 40_000 }, (_, i) => `user-${i}`);
    let over = false;
    const asked = service.profiles(many, TRAFFIC_AS_OF_MS - 86_400_000).finally(() => (over = true));
    await turns(3);
    expect(over).toBe(false);
    expect((await asked).profiles.length).toBe(many.length);
    const gone = new AbortController();
    const unwanted = service.profiles(many, undefined, gone.signal);
    gone.abort(new Error('gone'));
    await expect(unwanted).rejects.toThrow('gone');
  }, 60_000);

  it('100 users in one request take a fraction of the time of 100 requests', async () => {
    const { service } = await running();
    const server = buildServer(service, { host: '127.0.0.1' });
    const users = Array.from({ length: 100 }, (_, i) => `user-${i % 40}`);
    const least = async (work: () => Promise<unknown>): Promise<number> => {
      let best = Infinity;
      for (let i = 0; i < 5; i++) {
        const began = performance.now();
        await work();
        best = Math.min(best, performance.now() - began);
      }
      return best;
    };
    const one = await least(async () => {
      const answer = await server.inject({ method: 'POST', url: '/v1/profiles:batch', payload: { user_ids: users } });
      expect(answer.json<{ profiles: object[] }>().profiles.length).toBe(100);
    });
    const each = await least(async () => {
      for (const user of users) expect((await server.inject(`/v1/profiles/${user}`)).statusCode).toBe(200);
    });
    if (process.env['PRINT_TIMES'] !== undefined) console.log(`batch ${one} ms, one by one ${each} ms`);
    expect(one).toBeLessThan(each / 2);
  }, 60_000);
});

describe('users whose partitions are elsewhere', () => {
  it('are all named, by partition and owner, in one answer with one question to the group', async () => {
    let questions = 0;
    const options = {
      partitioner: 'murmur2' as const,
      partitions: 4,
      held: { readable: [], life: () => undefined, reading: () => undefined } as never,
      owners: async () => {
        questions++;
        return new Map([
          [0, 'http://10.0.0.7:8080'],
          [1, 'http://10.0.0.8:8080'],
        ]);
      },
    };
    const users = ['a', 'b', 'c', 'd', 'e', 'f', 'a'];
    const refused = await partitionsHolding(users, options).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'not_owner', hint: expect.stringContaining('details.elsewhere') as string });
    const { elsewhere } = (refused as { details: { elsewhere: { partition: number; owner: string | null; user_ids: string[] }[] } })
      .details;
    expect(elsewhere.flatMap(({ user_ids }) => user_ids).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    for (const { partition, owner } of elsewhere)
      expect(owner).toBe(partition === 0 ? 'http://10.0.0.7:8080' : partition === 1 ? 'http://10.0.0.8:8080' : null);
    expect(questions).toBe(1);
  });
});
