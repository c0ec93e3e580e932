/** Dead letters that are put back when a world has come to its end: each is refused again, and no user comes back by it. */
import { TipstreamError } from '../../src/errors.js';
import type { Random } from '../../src/random.js';
import { Violation } from './life.js';
import type { Question } from './question.js';
import type { Trace } from './trace.js';

/** Of a service to which nothing has been done: what it does not do at this moment. */
const REFUSALS = ['not_ready', 'timeout', 'data_in_use'];
const LOOKS_EVERY_MS = 20;

export class Redriving {
  readonly #question: Question;
  readonly #trace: Trace;
  readonly #random: Random;

  constructor(question: Question, trace: Trace, random: Random) {
    this.#question = question;
    this.#trace = trace;
    this.#random = random;
  }

  /** Some of what there is, when all is applied. */
  async last(): Promise<void> {
    const random = this.#random;
    const request = { dry_run: random.chance(0.2), max: random.pick([1, 3, 20]), again: random.chance(0.2) };
    this.#trace.add(`redrive ${request.max}${request.again ? ', again' : ''}${request.dry_run ? ', dry' : ''}`);
    await this.#question.world.wait('redriving', this.#ask(request));
  }

  async #ask(request: { readonly dry_run: boolean; readonly max: number; readonly again: boolean }): Promise<void> {
    const { world } = this.#question;
    const { service } = world.life!;
    try {
      let job = service.redrive(request, []);
      while (job.state === 'running' || job.state === 'stopping') {
        await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
        job = service.redriveJob(job.job_id);
      }
      if (job.error !== undefined) throw new TipstreamError(job.error.code as TipstreamError['code'], job.error.message);
      this.#trace.add(`  redrove ${job.redriven}`);
    } catch (error) {
      if (world.crashed || !(error instanceof TipstreamError)) throw error;
      this.#trace.add(`  could not redrive: ${error.code}`);
      if (!REFUSALS.includes(error.code) && !world.harmed) throw new Violation(`redrive: ${error.code}: ${error.message}`);
    }
  }
}
