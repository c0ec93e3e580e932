/**
 * One seed: producers, a service that is killed, starved, restarted and lied to, readers in between, and in the end everything that
 * must hold. The seed decides all of it.
 */
import { randomStream, type Random } from '../../src/random.js';
import { TipstreamError } from '../../src/errors.js';
import { CORE_ALONE } from '../../src/events/feature-choice.js';
import { FAULT_POINTS, type FaultPoint } from '../../src/fault-points.js';
import type { ScoredEvent } from '../../src/topics.js';
import type { Answered } from './decision-invariants.js';
import { Forgetting } from './forgetting.js';
import { checkEnd, checkReading } from './invariants.js';
import type { Question } from './question.js';
import { Ledger } from './ledger.js';
import { Redriving } from './redriving.js';
import { APPEND_FAULTS } from './simulated-log.js';
import { Trace } from './trace.js';
import { VirtualTime } from './virtual-time.js';
import { World } from './world.js';
import { Violation, type LifeOptions } from './life.js';
import { DAY_MS, START_MS, workload, type Asked, type Workload } from './workload.js';

export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  readonly trace: readonly string[];
  readonly lives: number;
  readonly records: number;
  /** How often each fault point was passed. */
  readonly passed: ReadonlyMap<FaultPoint, number>;
  /** Absent: all held. */
  readonly failure?: unknown;
}

export async function simulate(seed: number, echo?: (line: string) => void): Promise<Outcome> {
  const time = new VirtualTime(START_MS);
  const trace = new Trace(echo);
  time.install();
  const run = new Run(seed, time, trace);
  let failure: unknown;
  try {
    await run.live();
  } catch (error) {
    failure = error;
  }
  try {
    await run.world.close();
  } catch (error) {
    failure ??= error;
  } finally {
    time.uninstall();
  }
  return {
    seed,
    hash: trace.hash,
    trace: trace.lines,
    lives: run.world.lives,
    records: run.work.produced.length,
    passed: run.world.passed,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Above, it is left in peace. */
const MOST_LIVES = 6;

class Run {
  readonly world: World;
  readonly work: Workload;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #trace: Trace;
  readonly #shadowLearning: boolean;
  readonly #retainMs: number | undefined;
  /** What was answered over HTTP, by user and decision. */
  readonly #answered = new Map<string, Answered>();
  /** undefined: nobody is forgotten. */
  readonly #forgetting: Forgetting | undefined;
  /** undefined: no dead letter is put back. */
  readonly #redriving: Redriving | undefined;
  #produced = 0;
  #asked = 0;
  /** How likely what is done to the service is to hurt it, against how much is produced. */
  readonly #violence: number;

  constructor(seed: number, time: VirtualTime, trace: Trace) {
    const random = randomStream(seed, 'faults');
    // Of its own stream, so that the seeds without sessions stay what they were.
    const activity = randomStream(seed, 'activity');
    const hasActivity = activity.chance(0.3);
    const forgetful = randomStream(seed, 'forgets');
    const forgets = forgetful.chance(0.3);
    // An id that somebody's reset has taken is free again when they are forgotten, and only a rebuild reads who came too late.
    this.work = workload(randomStream(seed, 'workload'), hasActivity ? activity : undefined, forgets);
    this.#random = random;
    this.#trace = trace;
    this.#shadowLearning = random.chance(0.5);
    this.#retainMs = random.chance(0.4) ? random.integer(31, 90) * DAY_MS : undefined;
    this.#violence = random.pick([0.3, 1, 1, 2]);
    const settings = { epsilon: 0.1, salt: '0', shadow: random.chance(0.6) ? 'egreedy-v2' : null, shadowLearning: this.#shadowLearning };
    const livePolicy = random.pick(['egreedy-v1', 'egreedy-v1', 'egreedy-v2']);
    this.world = new World(time, trace, {
      partitions: this.work.partitions,
      scoring: { livePolicy, settings },
      publishProfiles: random.chance(0.7),
      features: hasActivity ? { ...CORE_ALONE, sets: ['core', 'activity'] } : CORE_ALONE,
    });
    this.#ledger = new Ledger(this.work.partitions, this.work.produced, this.world.registry);
    this.#forgetting = forgets ? new Forgetting(this.#question, trace, forgetful, this.#violence) : undefined;
    const redrives = randomStream(seed, 'redrives');
    this.#redriving = redrives.chance(0.4) ? new Redriving(this.#question, trace, redrives) : undefined;
    const { produced, users, partitions, spanMs } = this.work;
    trace.add(
      `seed ${seed}: ${produced.length} records of ${users.length} users over ${spanMs / DAY_MS} days in ${partitions} ` +
        `partitions${hasActivity ? ', sessions and signals too' : ''}; ${forgets ? 'some are forgotten; ' : ''}` +
        `live ${livePolicy}, shadow ${settings.shadow ?? 'off'}${settings.shadowLearning ? ', learning' : ''}` +
        (this.#retainMs === undefined ? '' : `; tips are kept for ${this.#retainMs / DAY_MS} days`),
    );
  }

  get #question(): Question {
    return { world: this.world, ledger: this.#ledger, workload: this.work, random: this.#random };
  }

  async live(): Promise<void> {
    await this.world.open();
    while (this.#produced < this.work.produced.length) await this.#surviving(() => this.#act());
    await this.#surviving(() => this.#finish());
    for (let tries = 0; !(await this.#caughtUp()); tries++) if (tries > 2) throw new Violation('the service does not catch up');
    await this.#forgetting?.completed();
    await this.#redriving?.last();
    await this.#caughtUp();
    await this.world.stop();
    this.#trace.add('checks');
    await checkEnd(this.#question, this.#answered);
  }

  /** What a dead process was doing is over; the next one finds what it left. */
  async #surviving(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!this.world.crashed) throw error;
    }
    if (this.world.crashed) {
      await this.world.bury();
      if (this.#random.chance(0.15)) this.world.tearWriteAheadLogs((bytes) => this.#random.integer(0, bytes));
      if (this.#random.chance(0.1)) this.#loseState();
    }
  }

  async #act(): Promise<void> {
    const random = this.#random;
    const { life, lives } = this.world;
    const violent = lives < MOST_LIVES ? this.#violence : 0;
    const idle = life === undefined;
    const actions: readonly (readonly [weight: number, act: () => Promise<void>])[] = [
      [30, () => this.#produce()],
      [idle ? 25 : 0, () => this.#start()],
      [idle ? 0 : 14, () => this.#turns()],
      [idle ? 0 : 6, () => this.#catchUp()],
      [idle ? 0 : 6, () => this.#ask()],
      [6, () => this.#read()],
      [idle ? 0 : 3, () => this.#profile()],
      [idle || this.#forgetting === undefined ? 0 : 8, () => this.#forgetting!.act(lives < MOST_LIVES)],
      [2, () => this.#jumpClock()],
      [idle || lives > MOST_LIVES ? 0 : 1.5, () => this.#stop()],
      [idle ? 0 : 1.5 * violent, () => this.#killNow()],
      [idle ? 0 : 5 * violent, () => this.#armPoint()],
      [idle ? 0 : 5 * violent, () => this.#armAppend()],
      [idle ? 0 : 1.5 * violent, () => this.#slowAppends()],
      [idle ? 0 : 1.2 * violent, () => this.#rebalance()],
      [idle ? 0 : 1 * violent, () => this.#rival()],
      [this.world.rival === undefined ? (idle ? 2.5 : 1.2) * Math.max(0.3, violent) : 0, () => this.#rebuild()],
      [idle ? 0.7 * violent : 0, async () => this.#loseState()],
    ];
    await random.weighted(actions, ([weight]) => weight)[1]();
  }

  async #produce(): Promise<void> {
    const random = this.#random;
    const part = this.work.produced.slice(this.#produced, this.#produced + random.weighted([1, 3, 8, 20, 60], (size) => 10 / size ** 0.7));
    const nowMs = this.world.time.now();
    const latestMs = part.at(-1)!.atMs;
    if (latestMs > nowMs) this.world.time.jump(latestMs - nowMs);
    this.#trace.add(`produce ${part.length} from ${this.#produced}`);
    // A producer that hears nothing writes again.
    for (let written = false; !written; ) {
      await this.#surviving(async () => {
        await this.world.append(
          part.map(({ record: { topic, key, value, headers, partition }, atMs }) => ({
            topic,
            key,
            value,
            headers,
            timestampMs: Math.max(0, atMs),
            ...(partition === undefined ? {} : { partition }),
          })),
        );
        written = true;
      });
    }
    this.#produced += part.length;
  }

  async #start(): Promise<void> {
    const options = this.#options();
    this.#trace.add(
      `start with batches of ${options.maxBatchRecords}, idle ${options.maxTaskIdleMs} ` +
        `ms${options.shadowLearning ? ', shadow learning' : ''}`,
    );
    // Some die before they have restored anything.
    if (this.world.lives < MOST_LIVES && this.#random.chance(0.08 * this.#violence))
      this.world.arm({ left: this.#random.integer(0, 40), how: 'crash' });
    await this.world.start(options);
  }

  #options(): LifeOptions {
    const random = this.#random;
    return {
      maxBatchRecords: random.pick([1, 3, 8, 20, 20_000]),
      maxTaskIdleMs: random.pick([0, 5, 50]),
      shadowLearning: random.chance(0.8) ? this.#shadowLearning : !this.#shadowLearning,
      retainMs: this.#retainMs,
    };
  }

  async #turns(): Promise<void> {
    const count = this.#random.pick([1, 2, 5, 12, 40, 1_200]);
    this.#trace.add(`${count} turns`);
    await this.world.turns(count);
  }

  async #catchUp(): Promise<void> {
    this.#trace.add('catch up');
    await this.world.dismissGuest();
    await this.#caughtUp();
  }

  /** Answers whether all is applied; a service that something was done to may have stopped, and is then stopped for good. */
  async #caughtUp(): Promise<boolean> {
    if (this.world.life === undefined)
      await this.world.start({ maxBatchRecords: 50, maxTaskIdleMs: 5, shadowLearning: this.#shadowLearning, retainMs: this.#retainMs });
    try {
      await this.world.wait('catching up', this.world.life!.service.caughtUp());
      return true;
    } catch (error) {
      if (this.world.crashed || !(error instanceof TipstreamError)) throw error;
      this.#trace.add(`  ${error.code}`);
      if (!this.world.harmed) throw new Violation(`a partition stopped, and nothing had been done to it: ${error.message}`);
      await this.world.stop();
      return false;
    }
  }

  async #ask(): Promise<void> {
    const asked: Asked | undefined = this.work.asked[this.#asked];
    if (asked === undefined || asked.atMs > this.world.time.now()) return;
    this.#asked++;
    const { request } = asked;
    const name = `${request.user_id} ${request.decision_id}`;
    this.#trace.add(`ask for ${name}`);
    if (this.#random.chance(0.3))
      this.world.arm({
        how: 'refuse',
        left: 0,
        point: this.#random.pick(['batch: tips written', 'batch: users written', 'batch: before commit']),
      });
    const { attempts } = this.#ledger.forgets;
    try {
      const { recorded, ...answer } = await this.world.wait('an answer', this.world.life!.service.score(request));
      const forgetting = this.#forgetting?.isUnderWay === true;
      this.#answered.set(name, { answer: answer as unknown as ScoredEvent, attempts, forgetting });
      this.#trace.add(`  ${recorded ? answer.chosen_tip_id : 'not recorded'}`);
    } catch (error) {
      if (this.world.crashed || !(error instanceof TipstreamError)) throw error;
      this.#trace.add(`  ${error.code}`);
    }
  }

  async #read(): Promise<void> {
    this.#trace.add(`read ${await checkReading(this.#question)}`);
  }

  async #profile(): Promise<void> {
    const userId = this.#random.pick(this.work.users);
    this.#trace.add(`profile of ${userId}`);
    try {
      const { features } = await this.world.wait('a profile', this.world.life!.service.profile(userId));
      this.#trace.add(`  ${features['tip_volume_30d']} tips`);
    } catch (error) {
      if (this.world.crashed || !(error instanceof TipstreamError)) throw error;
      this.#trace.add(`  ${error.code}`);
    }
  }

  async #jumpClock(): Promise<void> {
    const byMs = this.#random.pick([-1, -90_000, -3_600_000, 60_000, DAY_MS, 9 * DAY_MS]);
    this.#trace.add(`the clock jumps by ${byMs} ms`);
    this.world.time.jump(byMs);
  }

  async #stop(): Promise<void> {
    this.#trace.add('stop');
    await this.world.stop();
  }

  async #killNow(): Promise<void> {
    this.#trace.add('kill');
    this.world.crash('here');
  }

  async #armPoint(): Promise<void> {
    const random = this.#random;
    const point = random.chance(0.7)
      ? random.pick(
          FAULT_POINTS.filter(
            (each) => /^(batch|publish|offsets)/.test(each) || (this.#retainMs !== undefined && each.startsWith('prune')),
          ),
        )
      : undefined;
    const left = point === 'batch: record decoded' || point === 'batch: record folded' ? random.integer(0, 20) : random.integer(0, 3);
    const how = random.chance(0.75) ? 'crash' : 'error';
    this.#trace.add(`${how} to come at ${point ?? 'any point'}, after ${left}`);
    this.world.arm({ left, how, ...(point === undefined ? {} : { point }) });
  }

  async #armAppend(): Promise<void> {
    const kind = this.#random.pick(APPEND_FAULTS);
    const after = this.#random.integer(0, 3);
    this.#trace.add(`append to come, after ${after}: ${kind}`);
    this.world.harmed = true;
    this.world.life!.log.arm(kind, after);
  }

  async #slowAppends(): Promise<void> {
    const turns = this.#random.pick([0, 3, 12]);
    this.#trace.add(`appends take ${turns} turns`);
    this.world.life!.log.slow(turns);
  }

  async #rebalance(): Promise<void> {
    this.#trace.add(this.world.hasGuest ? 'the other member leaves' : 'another member joins');
    if (this.world.hasGuest) await this.world.dismissGuest();
    else await this.world.admitGuest();
  }

  async #rival(): Promise<void> {
    this.#trace.add(this.world.rival === undefined ? 'a second owner begins' : 'the second owner dies');
    if (this.world.rival === undefined) await this.world.admitRival(this.#options());
    else await this.world.dismissRival();
  }

  async #rebuild(): Promise<void> {
    const random = this.#random;
    const options = { dryRun: random.chance(0.25), prune: random.chance(0.4), batchRecords: random.pick([3, 20, 1_000]) };
    this.#trace.add(
      `rebuild${options.dryRun ? ', dry' : ''}${options.prune ? ', others removed' : ''}, ${options.batchRecords} records at once`,
    );
    if (this.world.lives < MOST_LIVES && random.chance(0.3 * this.#violence)) {
      const point = random.pick(FAULT_POINTS.filter((each) => /^(rebuild|swap)/.test(each)));
      this.#trace.add(`  crash to come at ${point}`);
      this.world.arm({ point, left: random.integer(0, point === 'rebuild: batch committed' ? 6 : 0), how: 'crash' });
    }
    try {
      const document = await this.world.rebuild(options);
      const { changed_users: changed, compared_elsewhere: elsewhere, swapped, refused, changes, differences } = document;
      this.#trace.add(`  ${swapped ? 'swapped' : 'not swapped'}, ${changed} users differ`);
      if (refused !== null) throw new Violation(`a rebuild was refused, and the log has lost nothing: ${refused.incomplete.join('; ')}`);
      if (changed > 0 && elsewhere.length === 0)
        throw new Violation(`a rebuild would change users of a state that is right: ${JSON.stringify(changes[0])}`);
      if (differences.length > 0)
        throw new Violation(`a rebuild finds what is missing in a state that is right: ${JSON.stringify(differences[0])}`);
    } catch (error) {
      if (this.world.crashed || !(error instanceof TipstreamError)) throw error;
      this.#trace.add(`  ${error.code}`);
      if (!['not_ready', 'timeout', 'data_in_use', 'no_data'].includes(error.code) && !this.world.harmed)
        throw new Violation(`rebuild: ${error.code}: ${error.message}`);
    }
  }

  /** Whole, or one partition's file. */
  #loseState(): void {
    const partition = this.#random.chance(0.6) ? undefined : this.#random.integer(0, this.work.partitions - 1);
    this.#trace.add(partition === undefined ? 'the state is deleted' : `the state of partition ${partition} is deleted`);
    this.world.deleteState(partition);
  }

  async #finish(): Promise<void> {
    this.#trace.add('the end begins');
    if (this.world.life === undefined) return;
    if (this.#random.chance(0.4)) await this.#killNow();
    await this.world.stop();
  }
}
