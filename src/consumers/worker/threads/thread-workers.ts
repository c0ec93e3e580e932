/**
 * Workers in threads of their own: partition p always in thread p modulo their number, so that a partition revoked and assigned again is
 * closed before it is opened again. Folding then neither delays HTTP and heartbeats nor waits for them.
 */
import { createInterface } from 'node:readline';
import { type ResourceLimits, Worker as Thread } from 'node:worker_threads';
import { TipstreamError } from '../../../errors.js';
import type { ScoredEvent } from '../../../topics.js';
import type { ScoreCommand } from '../../fold/scorer.js';
import { recordsIn, type Decided, type StartWorker, type Worker, type WorkerEvents } from '../worker-contract.js';
import { Checkpointer } from './checkpointer.js';
import { endedWithin } from './ended-within.js';
import { FOLDING_LIMITS } from './folding-limits.js';
import { unpackMessages } from './message-packing.js';
import { errorFrom, type Command, type Report } from './messages.js';
import { pack, transferable } from './record-packing.js';

const END_WITHIN_MS = 1_000;
/** The threadId of a thread that has ended. */
const ENDED = -1;

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly thread: Thread;
}

interface Started {
  readonly events: WorkerEvents;
  readonly thread: Thread;
  /** Of its state file. */
  readonly path: string;
}

export class ThreadWorkers {
  readonly #entry: URL;
  readonly #onText: ((line: string) => void) | undefined;
  readonly #threads: Thread[];
  readonly #workers = new Map<number, Started>();
  /** Threads that died, with what their partitions are told. */
  readonly #lost = new Map<Thread, TipstreamError>();
  readonly #calls = new Map<number, Call>();
  readonly #checkpoints: Checkpointer;
  /** What is said to threads in this turn. */
  readonly #unsent = new Map<Thread, { readonly commands: Command[]; readonly transfer: ArrayBuffer[] }>();
  #lastWorker = 0;
  #lastCall = 0;
  #closing = false;

  /**
   * @param entry what a thread runs; tests replace it
   * @param onText takes lines for the log: what a thread writes to stderr, such as a warning of Node, and that the one that copies
   * write-ahead logs has died. Without it they go to stderr.
   */
  constructor(threads: number, entry = new URL('./worker-thread.js', import.meta.url), onText?: (line: string) => void) {
    this.#entry = entry;
    this.#onText = onText;
    const warn = onText ?? ((line: string) => void process.stderr.write(`${line}\n`));
    this.#checkpoints = new Checkpointer((checkpoints, limits) => this.#threadOn(checkpoints, limits), warn);
    this.#threads = Array.from({ length: threads }, () => this.#startThread());
  }

  readonly start: StartWorker = (start, events) => {
    const worker = ++this.#lastWorker;
    const thread = this.#threadOf(start.identity.partition);
    this.#workers.set(worker, { events, thread, path: start.path });
    const send = (command: Command, transfer: readonly ArrayBuffer[] = []) => this.#send(thread, command, transfer);
    send({ type: 'start', worker, start });
    /** Nothing is left to wait for in a thread that is lost. */
    const unlessLost = (done: Promise<void>) =>
      done.catch((error: unknown) => (this.#lost.has(thread) ? undefined : Promise.reject(error as Error)));
    const handle: Worker = {
      deliver: (delivery) => {
        const packed = pack(delivery);
        send({ type: 'deliver', worker, delivery: packed }, transferable(packed));
      },
      decide: (request: ScoreCommand) => this.#call<Decided>(thread, (call) => send({ type: 'decide', worker, call, request })),
      preview: (request: ScoreCommand) => this.#call<ScoredEvent>(thread, (call) => send({ type: 'preview', worker, call, request })),
      published: (seq) => send({ type: 'published', worker, seq }),
      idle: () => unlessLost(this.#call<void>(thread, (call) => send({ type: 'idle', worker, call }))),
      hold: () => this.#call<ReadonlyMap<string, number>>(thread, (call) => send({ type: 'hold', worker, call })),
      release: () => send({ type: 'release', worker }),
      forgetTo: (forgottenTo) => send({ type: 'forget-to', worker, forgottenTo }),
      scrub: () => this.#call<boolean>(thread, (call) => send({ type: 'scrub', worker, call })),
      replaceKept: (userId, kept) => this.#call<void>(thread, (call) => send({ type: 'replace-kept', worker, call, userId, kept })),
      drain: () => unlessLost(this.#call<void>(thread, (call) => send({ type: 'drain', worker, call }))),
      close: () => {
        send({ type: 'close', worker });
        this.#workers.delete(worker);
        this.#checkpoints.forget(start.path);
      },
    };
    return handle;
  };

  /** Ends the threads once they have done what they were told. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      this.#threads
        .filter((thread) => !this.#lost.has(thread))
        .map((thread) => endedWithin(thread, END_WITHIN_MS, () => this.#send(thread, { type: 'end' }))),
    );
    await this.#checkpoints.close();
  }

  /** Throws while the thread is dying. One that is dead is replaced, for partitions that are begun anew. */
  #threadOf(partition: number): Thread {
    const index = partition % this.#threads.length;
    const thread = this.#threads[index]!;
    const error = this.#lost.get(thread);
    if (error === undefined) return thread;
    if (thread.threadId !== ENDED) throw error; // its files may still be open
    return (this.#threads[index] = this.#startThread());
  }

  #startThread(): Thread {
    const thread = this.#threadOn(this.#entry, FOLDING_LIMITS);
    thread.on('message', (report: Report) => this.#take(report));
    thread.on('error', (error) => this.#lose(thread, error));
    thread.on('exit', (code) => {
      if (!this.#closing) this.#lose(thread, new Error(`the worker thread ended with code ${code}`));
    });
    return thread;
  }

  #threadOn(entry: URL, resourceLimits: ResourceLimits): Thread {
    const onText = this.#onText;
    const thread = new Thread(entry, { resourceLimits, stderr: onText !== undefined });
    if (onText !== undefined) createInterface({ input: thread.stderr }).on('line', (line) => onText(`a worker thread says: ${line}`));
    return thread;
  }

  /** What is said in one turn of the event loop crosses at once: a fetch has records of many topics and partitions. */
  #send(thread: Thread, command: Command, transfer: readonly ArrayBuffer[] = []): void {
    const unsent = this.#unsent.get(thread);
    if (unsent !== undefined) {
      unsent.commands.push(command);
      unsent.transfer.push(...transfer);
      return;
    }
    const begun = { commands: [command], transfer: [...transfer] };
    this.#unsent.set(thread, begun);
    queueMicrotask(() => {
      this.#unsent.delete(thread);
      thread.postMessage(begun.commands, begun.transfer);
    });
  }

  #call<T>(thread: Thread, send: (call: number) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const error = this.#lost.get(thread);
      if (error !== undefined) return reject(error);
      const call = ++this.#lastCall;
      this.#calls.set(call, { resolve: resolve as (result: unknown) => void, reject, thread });
      send(call);
    });
  }

  #take(report: Report): void {
    if (report.type === 'answer' || report.type === 'failure') {
      const call = this.#calls.get(report.call);
      this.#calls.delete(report.call);
      if (report.type === 'answer') call?.resolve(report.result);
      else call?.reject(errorFrom(report.error));
      return;
    }
    const started = this.#workers.get(report.worker);
    const events = started?.events;
    switch (report.type) {
      case 'committed':
        if (started !== undefined) this.#checkpoints.wrote(started.path, recordsIn(report.committed));
        return events?.committed({ ...report.committed, outbox: unpackMessages(report.outbox) });
      case 'running':
        return events?.running();
      case 'stopped':
        return events?.stopped(errorFrom(report.error));
      case 'rejected':
        return events?.rejected(report.record);
      case 'pruned':
        return events?.pruned(report.pruned);
      case 'shadow-failed':
        return events?.shadowFailed(report.decisionId, report.reason);
    }
  }

  /** A thread that died takes its partitions with it; their files are whole, because nothing was committed half. */
  #lose(thread: Thread, cause: Error): void {
    if (this.#lost.has(thread)) return; // an error is followed by the end
    const error = new TipstreamError('internal', `a worker thread was lost: ${cause.message}`, {
      hint: 'Start again: what was not committed is read from the log once more.',
      cause,
    });
    this.#lost.set(thread, error);
    for (const [call, { reject, thread: of }] of this.#calls) {
      if (of !== thread) continue;
      this.#calls.delete(call);
      reject(error);
    }
    for (const { events, thread: of } of [...this.#workers.values()]) if (of === thread) events.stopped(error);
  }
}
