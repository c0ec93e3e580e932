/**
 * Cuts over to a generation that `tipstream rebuild` has made, while the service runs:
 *
 *     idle --(asked)--> preparing --(near)--> holding --(CURRENT is changed)--> reopening --(all run, or time is up)--> idle
 *                           |                    |
 *                           +-----(an error)-----+--> idle; nothing has happened
 *
 * - idle: requests in the data directory are looked for.
 * - preparing: the new files are brought near to where the live ones stand, while these go on.
 * - holding: every partition is held between two batches. What it has to publish is published; the files are folded to exactly its
 *   positions and take over what is still unacknowledged. An error releases the partitions.
 * - reopening: CURRENT names the new generation, and every partition begins anew on its new file. There is no way back. Profiles are
 *   read from the old files until the new ones are taken up.
 *
 * While holding or reopening it is in the way of requests, which wait.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { TipstreamError } from '../../errors.js';
import type { Log } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import { currentGeneration, flipCurrent, generationPath, generations, partitionFile, partitionsIn } from '../../store/directory/layout.js';
import { positionsOf, type Positions } from '../../store/queries/profiles.js';
import type { StateIdentity } from '../../store/state-file.js';
import { answerSwap, claimSwap, swapRequest, type SwapAnswer, type SwapRequest } from '../../store/directory/swap-request.js';
import type { HeldPartitions } from '../held-partitions.js';
import type { OneAtATime } from '../../one-at-a-time.js';
import type { Partition } from '../partition.js';
import { isStarting } from '../partition-life.js';
import type { ServiceOptions } from '../options.js';
import { SwapFile } from './swap-file.js';
import { allOf, untilAborted, within } from './waiting.js';

export interface SwapDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly partitions: HeldPartitions;
  readonly identity: (partition: number) => StateIdentity;
  /** Nothing else that holds a partition runs at the same time. */
  readonly exclusive: OneAtATime;
  /** The directory is the live generation from now on: begins every partition anew on its file there. Synchronous. */
  readonly cutOver: (directory: string) => void;
}

/** All in ms. */
const RUNNING_WITHIN_MS = 10_000;
const QUIET_WITHIN_MS = 2_000;
const HELD_FOR_MS = 20_000;
const PUBLISHED_WITHIN_MS = 10_000;
const REOPENED_WITHIN_MS = 30_000;
/** How long a request that a swap is in the way of is put off, at most. */
const PUT_OFF_MS = 30_000;
const LOOK_AGAIN_MS = 10;
/** A request of a process that has ended by then was forgotten, not made just now. */
const FORGOTTEN_AFTER_MS = 10_000;
/** Offsets left for the time in which everything is held, and how often it is tried to come so near. */
const NEAR = 2_000;
const ROUNDS = 5;

interface Member {
  readonly number: number;
  /** Absent: its file is here, but another member of the group has it now. */
  readonly held: Partition | undefined;
  readonly file: SwapFile;
}

type SwapPhase = 'idle' | 'preparing' | 'holding' | 'reopening';

export class GenerationSwap {
  readonly #deps: SwapDeps;
  readonly #stopping = new AbortController();
  #underWay: Promise<void> = Promise.resolve();
  #phase: SwapPhase = 'idle';
  /** How many swaps have ended, however they did. */
  #ended = 0;
  /** What has been done, while who asked may not have been told. */
  #answer: SwapAnswer | undefined;

  constructor(deps: SwapDeps) {
    this.#deps = deps;
  }

  /** Carries out what is asked for in the data directory, if anything is, and answers it. */
  look(): Promise<void> {
    const request = swapRequest(this.#deps.options.dataDirectory);
    if (request === undefined || this.#stopping.signal.aborted) return Promise.resolve();
    this.#underWay = this.#serve(request);
    return this.#underWay;
  }

  /** Gives up what is under way, where it still can be. */
  async stop(): Promise<void> {
    this.#stopping.abort(
      new TipstreamError('not_ready', 'the service is stopping', {
        hint: 'Run `tipstream rebuild` again: without a running service it swaps itself.',
      }),
    );
    await this.#underWay.catch(() => undefined);
  }

  /** Does work that needs a running partition; what fails because a swap is in its way is done again after it. */
  async after<T>(work: () => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + PUT_OFF_MS;
    for (;;) {
      const ended = this.#ended;
      try {
        return await work();
      } catch (error) {
        const inTheWay = this.#isInTheWay || ended !== this.#ended;
        if (!inTheWay || performance.now() > deadlineMs || !(error instanceof TipstreamError && error.code === 'not_ready')) throw error;
      }
      while (this.#isInTheWay && performance.now() < deadlineMs) await delay(LOOK_AGAIN_MS);
    }
  }

  get #isInTheWay(): boolean {
    return this.#phase === 'holding' || this.#phase === 'reopening';
  }

  async #serve(request: SwapRequest): Promise<void> {
    const {
      options: { dataDirectory, logger },
      exclusive,
    } = this.#deps;
    const { id, generation } = request;
    if (this.#answer?.id !== id) {
      try {
        const positions = await exclusive.run(() => this.#swap(request));
        this.#answer = { id, ok: true, positions };
      } catch (error) {
        const { code, message, hint } =
          error instanceof TipstreamError ? error : new TipstreamError('internal', error instanceof Error ? error.message : String(error));
        logger.warn({ generation, code, hint, err: error }, `did not switch to ${generation}: ${message}`);
        this.#answer = { id, ok: false, positions: {}, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
      }
    }
    answerSwap(dataDirectory, this.#answer);
  }

  async #swap(request: SwapRequest): Promise<Positions> {
    const directory = this.#check(request);
    await this.#untilRunning();
    const members = this.#open(directory);
    this.#phase = 'preparing';
    try {
      for (let round = 0; round < ROUNDS; round++) if ((await this.#bringNear(members)) <= NEAR) break;
      const positions = await this.#holdAndFlip(request, directory, members);
      await this.#untilReopened();
      this.#deps.options.at?.('swap: reopened');
      return positions;
    } finally {
      for (const { file } of members) file.close();
      this.#phase = 'idle';
      this.#ended++;
    }
  }

  /** The new generation's directory. Throws what makes the request one to refuse at once. */
  #check({ generation, feature_set: featureSet, pid, requested_at_ms: requestedAtMs }: SwapRequest): string {
    const {
      options: { dataDirectory, clock },
      registry,
    } = this.#deps;
    const again = 'Run `tipstream rebuild` again';
    if (!generations(dataDirectory).includes(generation) || generation === currentGeneration(dataDirectory)) {
      throw new TipstreamError('no_data', `${JSON.stringify(generation)} is no generation of ${dataDirectory} that can be switched to`, {
        hint: `${again}.`,
        details: { generation },
      });
    }
    if (!isAlive(pid) && Math.abs(clock() - requestedAtMs) > FORGOTTEN_AFTER_MS) {
      throw new TipstreamError('not_ready', `process ${pid}, which asked for ${generation}, has ended`, {
        hint: `${again}: it continues where that one was.`,
        details: { generation, pid },
      });
    }
    if (featureSet !== registry.featureSet) {
      throw new TipstreamError(
        'state_mismatch',
        `${generation} was made with feature set ${featureSet}; this process runs ${registry.featureSet}`,
        {
          hint: 'Stop this process, run `tipstream rebuild`, and start it with the definitions that rebuild has.',
          details: { generation, rebuilt: featureSet, running: registry.featureSet },
        },
      );
    }
    return generationPath(dataDirectory, generation);
  }

  /** Partitions that are being opened or restored get some time; throws not_ready when they need more, or have stopped. */
  async #untilRunning(): Promise<void> {
    const deadlineMs = performance.now() + RUNNING_WITHIN_MS;
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      const { held, stopped } = this.#deps.partitions;
      const waitingFor = [
        ...[...stopped].map(([partition, { message }]) => `partition ${partition} is stopped: ${message}`),
        ...held.filter(({ life }) => isStarting(life)).map(({ number }) => `partition ${number} is being restored`),
      ];
      if (waitingFor.length === 0) return;
      if (performance.now() > deadlineMs)
        throw new TipstreamError('not_ready', `not every partition is running: ${waitingFor.join('; ')}`, {
          hint: 'Mend what stopped it, or wait until /readyz says ready; then run `tipstream rebuild` again.',
        });
      await delay(LOOK_AGAIN_MS);
    }
  }

  #open(directory: string): Member[] {
    const {
      options: { dataDirectory },
      partitions,
      identity,
      log,
      registry,
      options,
      topics,
    } = this.#deps;
    const live = generationPath(dataDirectory, currentGeneration(dataDirectory)!);
    const made = partitionsIn(directory);
    const left = partitionsIn(live).filter((partition) => partitions.get(partition) === undefined && made.includes(partition));
    const members: Member[] = [];
    try {
      for (const number of [...partitions.held.map((held) => held.number), ...left]) {
        const file = new SwapFile({
          log,
          registry,
          options,
          topics,
          identity: identity(number),
          livePath: partitionFile(live, number),
          newPath: partitionFile(directory, number),
        });
        members.push({ number, held: partitions.get(number), file });
      }
      return members;
    } catch (error) {
      for (const { file } of members) file.close();
      throw error;
    }
  }

  /** Folds up to where the live files stand now, while they go on. Answers how many offsets that was, at most. */
  async #bringNear(members: readonly Member[]): Promise<number> {
    const distances = await allOf(
      members.map(async ({ file }) => {
        const to = file.livePositions();
        const distance = file.behind(to);
        await file.foldTo(to, this.#stopping.signal);
        return distance;
      }),
    );
    return Math.max(0, ...distances);
  }

  async #holdAndFlip(request: SwapRequest, directory: string, members: readonly Member[]): Promise<Positions> {
    const {
      options: { logger, at },
      cutOver,
    } = this.#deps;
    const running = members.flatMap(({ held }) => held ?? []);
    // Profiles that are due are said first: those that are not would make the new worker say them all.
    await within(QUIET_WITHIN_MS, allOf(running.map((partition) => partition.idle())));
    const heldSinceMs = performance.now();
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(HELD_FOR_MS)]);
    this.#phase = 'holding';
    let positions: ReadonlyMap<number, ReadonlyMap<string, number>>;
    try {
      positions = await this.#hold(members, signal);
      at?.('swap: held');
      const published = await this.#publish(members);
      await allOf(members.map(({ number, file }) => file.foldTo(positions.get(number)!, signal)));
      at?.('swap: tail folded');
      for (const { number, file } of members) file.finish(published.get(number)!);
      at?.('swap: carried over');
      signal.throwIfAborted();
      this.#checkUnchanged(members);
      at?.('swap: before flip');
      this.#flip(request);
    } catch (error) {
      for (const partition of running) partition.release();
      throw held(error, signal);
    }
    at?.('swap: after flip');
    this.#phase = 'reopening';
    cutOver(directory);
    const heldMs = Math.round(performance.now() - heldSinceMs);
    logger.info(
      { generation: request.generation, held_ms: heldMs, partitions: running.length },
      `switched to ${request.generation}; partitions were held for ${heldMs} ms`,
    );
    return positionsOf(positions);
  }

  /** Where each stands: number -> topic -> next offset. */
  async #hold(members: readonly Member[], signal: AbortSignal): Promise<ReadonlyMap<number, ReadonlyMap<string, number>>> {
    const holding = allOf(
      members.map(
        async ({ number, held: partition, file }) =>
          [number, partition === undefined ? file.livePositions() : await partition.hold()] as const,
      ),
    );
    return new Map(await untilAborted(holding, signal));
  }

  /** Partition -> the last sequence number of its outbox that the log has. */
  async #publish(members: readonly Member[]): Promise<ReadonlyMap<number, number>> {
    const published = new Map<number, number>();
    await within(PUBLISHED_WITHIN_MS, allOf(members.map(({ held: partition }) => partition?.flushed())));
    for (const { number, held: partition } of members) {
      if (partition !== undefined && partition.backlog > 0)
        throw new TipstreamError(
          'not_ready',
          `partition ${number} has ${partition.backlog} messages that the log has not acknowledged in time`,
          { hint: 'See whether the log answers, then run `tipstream rebuild` again.' },
        );
      published.set(number, partition?.publishedTo ?? 0);
    }
    return published;
  }

  /** Throws not_ready where what is held, or whether it runs, is not what it was. */
  #checkUnchanged(members: readonly Member[]): void {
    const { partitions } = this.#deps;
    const same = members.every(
      ({ number, held }) => partitions.get(number) === held && (held === undefined || held.life.state === 'running'),
    );
    if (
      same &&
      partitions.stopped.size === 0 &&
      partitions.held.length === members.filter(({ held: partition }) => partition !== undefined).length
    )
      return;
    throw new TipstreamError('not_ready', 'partitions came, went or stopped meanwhile', {
      hint: 'Run `tipstream rebuild` again when the group is at rest.',
    });
  }

  #flip({ id, generation }: SwapRequest): void {
    const { dataDirectory } = this.#deps.options;
    if (!claimSwap(dataDirectory, id))
      throw new TipstreamError('not_ready', 'who asked for it has withdrawn the request', { hint: 'Run `tipstream rebuild` again.' });
    try {
      flipCurrent(dataDirectory, generation);
    } catch (error) {
      // Renamed, but perhaps not synced: there is no way back, and none is needed.
      if (currentGeneration(dataDirectory) !== generation) throw error;
      this.#deps.options.logger.error({ generation, err: error }, 'the new generation is live, but it may not survive a power failure');
    }
  }

  async #untilReopened(): Promise<void> {
    const deadlineMs = performance.now() + REOPENED_WITHIN_MS;
    const { partitions } = this.#deps;
    const opening = () => partitions.held.some(({ life }) => isStarting(life));
    while (opening() && performance.now() < deadlineMs && !this.#stopping.signal.aborted) await delay(LOOK_AGAIN_MS);
  }
}

/** The time-out of AbortSignal is not one of ours. */
function held(error: unknown, signal: AbortSignal): unknown {
  if (error !== signal.reason || error instanceof TipstreamError) return error;
  return new TipstreamError('timeout', `the partitions would have been held for more than ${HELD_FOR_MS / 1000} s`, {
    hint: 'Run `tipstream rebuild` again, at a quieter time: it continues where it was.',
    cause: error,
  });
}

/** As far as this machine knows: a process of another container looks as if it had ended. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
