/** The service as it runs all day: how long a decision, a profile read and POST /score take, on a state of many users. */
import { decisionLoad } from './decision-load.js';
import { knownUsers } from './known-users.js';
import { httpLoad, type HttpLoad } from './http-load.js';
import type { Percentiles } from './latencies.js';
import type { Usage } from './measured-process.js';
import type { Place } from './places.js';
import { startService } from './service.js';

export interface Live {
  /** Candidates to tip.scored at 200 a second, the shadow on, each decision served and most reacted to. */
  readonly decision: Percentiles;
  /** GET /v1/profiles/{user_id}, 200 a second, with nothing else going on, and during the load above. */
  readonly profileIdle: Percentiles;
  readonly profileUnderLoad: Percentiles;
  /** POST /score without a decision_id. */
  readonly score200: Percentiles;
  readonly score500: Percentiles;
  /** POST /score with a decision_id, answered when tip.scored has it. */
  readonly decide200: Percentiles;
  readonly usage: Usage;
}

export const PER_SECOND = 200;
const WARM_UP_SECONDS = 5;

/** The place's newest state must be caught up. `seconds` is how long each measurement takes. */
export async function live(place: Place, seconds: number): Promise<Live> {
  const users = knownUsers(place.data, Date.now());
  const service = await startService(['--shadow', 'egreedy-v2', ...place.again()]);
  const { address } = service;
  const [writing, reading] = await Promise.all([place.open(), place.open()]);
  try {
    const http = (name: string, load: Pick<HttpLoad, 'request' | 'perSecond' | 'seconds'>) => httpLoad({ address, users, name, ...load });
    const profileLoad = { request: 'profile', perSecond: PER_SECOND, seconds } as const;
    const profileIdle = await http('profile-idle', profileLoad);
    let underLoad: Promise<Percentiles> | undefined;
    const decision = await decisionLoad(
      {
        writing,
        reading,
        prefix: place.prefix,
        users,
        perSecond: PER_SECOND,
        warmUpSeconds: WARM_UP_SECONDS,
        seconds: seconds + 2,
        name: 'decision',
      },
      () => {
        underLoad = http('profile-under-load', profileLoad);
        underLoad.catch(() => undefined);
      },
    );
    const profileUnderLoad = await underLoad!;
    const score200 = await http('score-200', { request: 'score', perSecond: 200, seconds });
    const score500 = await http('score-500', { request: 'score', perSecond: 500, seconds });
    const decide200 = await http('decide-200', { request: 'decide', perSecond: 200, seconds });
    await Promise.all([writing.close(), reading.close()]);
    const usage = await service.stop();
    return { decision, profileIdle, profileUnderLoad, score200, score500, decide200, usage };
  } finally {
    await Promise.allSettled([writing.close(), reading.close(), service.stop()]);
  }
}
