/** A producer that goes on while the test does things to members and brokers: what it has written is known, event by event. */
import { setTimeout as delay } from 'node:timers/promises';
import { generatedEvents, toRecords, type ProduceLine } from './events.js';
import type { Stream } from './stream.js';

const EVENTS_AT_ONCE = 20;

export class Load {
  /** What the log has acknowledged, in order. */
  readonly written: ProduceLine[] = [];
  readonly #stream: Stream;
  readonly #events: Iterator<ProduceLine>;
  readonly #pauseMs: number;
  #stopping = false;
  #running: Promise<void>;

  /** @param perSecond at most so many events a second */
  constructor(stream: Stream, perSecond: number, seed = 1) {
    this.#stream = stream;
    this.#events = generatedEvents(seed);
    this.#pauseMs = (1000 * EVENTS_AT_ONCE) / perSecond;
    this.#running = this.#start();
  }

  /** Resolves when so many more events have been acknowledged. */
  async more(count: number): Promise<void> {
    const goal = this.written.length + count;
    while (this.written.length < goal) {
      if (this.#stopping) throw new Error('the load was stopped');
      await Promise.race([delay(20), this.#running.then(() => Promise.reject(new Error('the load has ended')))]);
    }
  }

  /** Resolves when everything under way is acknowledged; rejects when an append failed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** Goes on after a stop, where it was. */
  resume(): void {
    this.#stopping = false;
    this.#running = this.#start();
  }

  #start(): Promise<void> {
    const running = this.#run();
    running.catch(() => undefined); // stop() and more() tell
    return running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const lines = Array.from({ length: EVENTS_AT_ONCE }, () => this.#events.next().value as ProduceLine);
      await this.#stream.log.append(toRecords(this.#stream.prefix, lines));
      this.written.push(...lines);
      await delay(this.#pauseMs);
    }
  }
}
