/** How far a rebuild is: a line a partition for who watches, one JSON line a second for programs. */
import type { PartitionProgress } from '../../rebuild/partition-job.js';

interface Standing {
  readonly progress: PartitionProgress;
  /** When this phase was first heard of, and what had been done then. */
  readonly sinceMs: number;
  readonly doneThen: number;
}

export interface ProgressRow {
  readonly partition: number;
  readonly phase: PartitionProgress['phase'] | 'waiting';
  readonly done: number;
  readonly total: number;
  /** null: nothing to go by yet. */
  readonly per_second: number | null;
  readonly eta_s: number | null;
}

export interface ProgressDocument {
  readonly done: false;
  readonly elapsed_ms: number;
  readonly partitions: readonly ProgressRow[];
}

const UNITS: Readonly<Record<ProgressRow['phase'], string>> = {
  waiting: '',
  copying: '',
  replaying: 'records',
  comparing: 'users',
  finishing: 'records',
};

export class RebuildProgress {
  readonly #standings = new Map<number, Standing>();
  #partitions: readonly number[] = [];
  readonly #clock: () => number;
  readonly #startedMs: number;

  /** `clock` in ms, from any origin. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#startedMs = clock();
  }

  begin(partitions: readonly number[]): void {
    this.#partitions = partitions;
  }

  report(progress: PartitionProgress): void {
    const before = this.#standings.get(progress.partition);
    const goesOn = before?.progress.phase === progress.phase;
    this.#standings.set(progress.partition, {
      progress,
      sinceMs: goesOn ? before.sinceMs : this.#clock(),
      doneThen: goesOn ? before.doneThen : progress.done,
    });
  }

  document(): ProgressDocument {
    return {
      done: false,
      elapsed_ms: Math.round(this.#clock() - this.#startedMs),
      partitions: this.#partitions.map((partition) => this.#row(partition)),
    };
  }

  /** At most `limit`, those that are under way first. */
  lines(limit: number): string[] {
    const rows = this.document().partitions;
    const room = rows.length > limit ? limit - 1 : limit;
    const shown = [...rows]
      .sort((a, b) => Number(isIdle(a)) - Number(isIdle(b)) || a.partition - b.partition)
      .slice(0, room)
      .sort((a, b) => a.partition - b.partition);
    return [...shown.map(lineOf), ...(rows.length > room ? [`and ${rows.length - room} more`] : [])];
  }

  #row(partition: number): ProgressRow {
    const standing = this.#standings.get(partition);
    if (standing === undefined) return { partition, phase: 'waiting', done: 0, total: 0, per_second: null, eta_s: null };
    const {
      progress: { phase, done, total },
      sinceMs,
      doneThen,
    } = standing;
    const seconds = (this.#clock() - sinceMs) / 1000;
    const rate = done > doneThen && seconds > 0 ? (done - doneThen) / seconds : null;
    return {
      partition,
      phase,
      done,
      total,
      per_second: rate === null ? null : Math.round(rate),
      eta_s: rate === null ? null : Math.ceil((total - done) / rate),
    };
  }
}

function isIdle({ phase, done, total }: ProgressRow): boolean {
  return phase === 'waiting' || done >= total;
}

/** `partition 2: replaying 61 %, 210,000 records/s, 12 s left` */
function lineOf({ partition, phase, done, total, per_second: rate, eta_s: left }: ProgressRow): string {
  const share = phase === 'waiting' ? '' : ` ${total === 0 ? 100 : Math.floor((100 * done) / total)} %`;
  const speed =
    rate === null || done >= total
      ? ''
      : `, ${UNITS[phase] === '' ? '' : `${rate.toLocaleString('en')} ${UNITS[phase]}/s, `}${left!} s left`;
  return `partition ${partition}: ${phase}${share}${speed}`;
}
