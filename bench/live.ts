/** The service as it runs all day: how long a decision, a profile read and POST /score take, on a state of many users. */
import { decisionLoad, type DecisionLoad } from './decision-load.js';
import { foldLoad } from './fold-load.js';
import { say } from './command.js';
import { knownUsers } from './known-users.js';
import { httpLoad, type HttpLoad } from './http-load.js';
import type { Percentiles } from './latencies.js';
import type { Usage } from './measured-process.js';
import type { Place } from './places.js';
import { startService } from './service.js';

export interface Live {
  /** Candidates to tip.scored at 200 a second, the shadow on, each decision served and most reacted to. */
  readonly decision: Percentiles;
  /** The same while profiles are read at 200 a second. */
  readonly readDecision: Percentiles;
  /** GET /v1/profiles/{user_id}, 200 a second, with nothing else going on, and during the load above. */
  readonly profileIdle: Percentiles;
  readonly profileUnderLoad: Percentiles;
  /** Candidates to tip.scored at 500 a second, while 5,000 servings a second are folded. null: it failed, as by overload. */
  readonly busyDecision: Percentiles | null;
  /** 100 users a request. */
  readonly profiles100: Percentiles;
  /** POST /score without a decision_id. */
  readonly score200: Percentiles;
  readonly score500: Percentiles;
  /** POST /score with a decision_id, answered when tip.scored has it. */
  readonly decide200: Percentiles;
  /** null: as above. */
  readonly decide500: Percentiles | null;
  readonly usage: Usage;
}

export const PER_SECOND = 200;
const BUSY_PER_SECOND = 500;
const FOLDED_PER_SECOND = 5_000;
const BATCHES_PER_SECOND = 20;
/** Times as long as a measurement: the compilers of broker and service go on for a minute, and both are to be as they are all day. */
const WARM_UP_TIMES = 3;
const BUSY_WARM_UP_SECONDS = 2;
const WARM_UP_SECONDS_BESIDE_READS = 2;

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
    const { prefix } = place;
    const decisions: Omit<DecisionLoad, 'perSecond' | 'name'> = {
      writing,
      reading,
      prefix,
      users,
      warmUpSeconds: WARM_UP_TIMES * seconds,
      seconds: seconds + 2,
    };
    const decision = await decisionLoad({ ...decisions, perSecond: PER_SECOND, name: 'decision' });
    const read = { ...decisions, warmUpSeconds: WARM_UP_SECONDS_BESIDE_READS, perSecond: PER_SECOND, name: 'read-decision' };
    const readDecision = await decisionLoad(read, () => {
      underLoad = http('profile-under-load', profileLoad);
      underLoad.catch(() => undefined);
    });
    const profileUnderLoad = await underLoad!;
    const profiles100 = await http('profiles-100', { request: 'profiles', perSecond: BATCHES_PER_SECOND, seconds });
    const score200 = await http('score-200', { request: 'score', perSecond: 200, seconds });
    const score500 = await http('score-500', { request: 'score', perSecond: 500, seconds });
    const decide200 = await http('decide-200', { request: 'decide', perSecond: 200, seconds });
    const decide500 = await unlessFailed(http('decide-500', { request: 'decide', perSecond: BUSY_PER_SECOND, seconds }));
    const busy = { ...decisions, perSecond: BUSY_PER_SECOND, warmUpSeconds: BUSY_WARM_UP_SECONDS, seconds };
    const folded = foldLoad({
      log: writing,
      prefix,
      users,
      perSecond: FOLDED_PER_SECOND,
      seconds: seconds + BUSY_WARM_UP_SECONDS,
      name: 'beside',
    });
    folded.catch(() => undefined);
    const busyDecision = await unlessFailed(decisionLoad({ ...busy, name: 'busy' }));
    await folded;
    await Promise.all([writing.close(), reading.close()]);
    const usage = await service.stop();
    const decisionsBeside = { decision, readDecision, busyDecision };
    return { ...decisionsBeside, profileIdle, profileUnderLoad, profiles100, score200, score500, decide200, decide500, usage };
  } finally {
    await Promise.allSettled([writing.close(), reading.close(), service.stop()]);
  }
}

/** What is asked for faster than it is answered ends in errors sooner or later, which is a result too. */
async function unlessFailed(measured: Promise<Percentiles>): Promise<Percentiles | null> {
  try {
    return await measured;
  } catch (error) {
    say(`it failed: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
