/** Users who are forgotten while a world lives: at any moment, also while other things happen and with faults to come. */
import { TipstreamError } from '../../src/errors.js';
import { FAULT_POINTS } from '../../src/fault-points.js';
import { isCompleted } from '../../src/forgetting/receipt.js';
import type { Random } from '../../src/random.js';
import { Violation } from './life.js';
import type { Question } from './question.js';
import { APPEND_FAULTS } from './simulated-log.js';
import type { Trace } from './trace.js';

/** Of a service to which nothing has been done: what it does not do at this moment. */
const REFUSALS = ['not_ready', 'not_owner', 'not_found', 'timeout', 'data_in_use'];
const TURNS_AT_ONCE = 100;
const COMPLETED_WITHIN = 600;

export class Forgetting {
  readonly #question: Question;
  readonly #trace: Trace;
  readonly #random: Random;
  readonly #violence: number;
  #isUnderWay = false;

  constructor(question: Question, trace: Trace, random: Random, violence: number) {
    this.#question = question;
    this.#trace = trace;
    this.#random = random;
    this.#violence = violence;
  }

  /** Whether a user is being forgotten whom nobody waits for. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Forgets somebody, often the same user again. */
  async act(mayHarm: boolean): Promise<void> {
    const { world, workload, ledger } = this.#question;
    if (world.rival !== undefined) return;
    const random = this.#random;
    const again = ledger.forgets.events.at(-1)?.userId;
    const userId = again !== undefined && random.chance(0.3) ? again : random.pick(workload.users);
    this.#trace.add(`forget ${userId}`);
    if (mayHarm) this.#arm();
    const asked = this.#ask(userId);
    if (random.chance(0.6)) return world.wait('forgetting', asked);
    this.#trace.add('  meanwhile:');
    this.#isUnderWay = true;
    const over = () => void (this.#isUnderWay = false);
    asked.then(over, over);
  }

  /** Whatever was begun is completed soon after a start. */
  async completed(): Promise<void> {
    const { world, ledger } = this.#question;
    await ledger.refresh(world);
    const wanting = () => ledger.forgets.events.filter(({ forgetId }) => !isCompleted(world.directory, forgetId));
    for (let looks = 0; wanting().length > 0; looks++) {
      if (looks > COMPLETED_WITHIN) throw new Violation(`what was begun to be forgotten was not completed: ${JSON.stringify(wanting())}`);
      await world.turns(TURNS_AT_ONCE);
    }
  }

  #arm(): void {
    const { world } = this.#question;
    const random = this.#random;
    if (random.chance(0.3 * this.#violence)) {
      const point = random.pick(FAULT_POINTS.filter((each) => each.startsWith('forget')));
      const how = random.chance(0.7) ? 'crash' : 'error';
      this.#trace.add(`  ${how} to come at ${point}`);
      world.arm({ point, left: 0, how });
    } else if (random.chance(0.2 * this.#violence)) {
      const kind = random.pick(APPEND_FAULTS);
      this.#trace.add(`  append to come: ${kind}`);
      world.harmed = true;
      world.life!.log.arm(kind, random.integer(0, 1));
    }
  }

  async #ask(userId: string): Promise<void> {
    const { world, ledger } = this.#question;
    try {
      const job = await ledger.forgets.ask(world, userId);
      this.#trace.add(`  forgot ${userId}: ${job?.result!.found === true ? 'done' : 'nothing was there'}`);
    } catch (error) {
      if (world.crashed || !(error instanceof TipstreamError)) throw error;
      this.#trace.add(`  could not forget ${userId}: ${error.code}`);
      if (!REFUSALS.includes(error.code) && !world.harmed) throw new Violation(`forget: ${error.code}: ${error.message}`);
    }
  }
}
