/**
 * When to look whether another process has appended. The write-ahead log's file is watched, and a change of it begins a spell of
 * frequent looks: the file changes before the commit can be seen, by as long as an fsync takes. Between spells a slow poll remains,
 * for file systems that tell nothing; where watching is refused altogether the frequent one never ends.
 */
import { type FSWatcher, watch } from 'node:fs';

const SPELL_MS = 100;
const SLOW_POLL_MS = 50;

export class ChangeSignal {
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFrequent = false;
  #spellEndsAt = 0;

  /** `look` is called whenever something may have changed, and must be cheap. */
  constructor(
    private readonly walPath: string,
    private readonly pollIntervalMs: number,
    private readonly look: () => void,
  ) {}

  start(): void {
    try {
      this.#watcher = watch(this.walPath, () => this.#stirred());
      this.#watcher.on('error', () => this.#stopWatching());
    } catch {
      // No file yet, no watches left, or a file system without them: polling does it alone.
    }
    this.#poll();
  }

  stop(): void {
    this.#stopWatching();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #stirred(): void {
    this.#spellEndsAt = performance.now() + SPELL_MS;
    if (!this.#isFrequent) this.#poll();
    this.look();
  }

  #poll(): void {
    clearTimeout(this.#timer);
    this.#isFrequent = this.#watcher === undefined || performance.now() < this.#spellEndsAt;
    this.#timer = setTimeout(
      () => {
        this.#poll();
        this.look();
      },
      this.#isFrequent ? this.pollIntervalMs : SLOW_POLL_MS,
    );
  }
}
