/**
 * What all log objects of this process that opened the same file share: an append through one wakes readers of every other, and
 * members that joined through different ones are of the same group.
 */
import { Group } from './group.js';
import type { EndWatcher } from './end-watcher.js';
import type { Topic } from './topic-table.js';

const opened = new Map<string, LogFile>();

export class LogFile {
  readonly #watchers = new Set<EndWatcher>();
  readonly #groups = new Map<string, Group>();

  private constructor(readonly path: string) {}

  static share(path: string, watcher: EndWatcher): LogFile {
    const file = opened.get(path) ?? new LogFile(path);
    opened.set(path, file);
    file.#watchers.add(watcher);
    return file;
  }

  release(watcher: EndWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) opened.delete(this.path);
  }

  appended(ends: Parameters<EndWatcher['advance']>[0]): void {
    for (const watcher of this.#watchers) watcher.advance(ends);
  }

  /** @throws invalid_argument when the topics are not those of the members that are in the group already */
  group(name: string, topics: readonly Topic[]): Group {
    const existing = this.#groups.get(name);
    if (existing !== undefined) {
      existing.checkTopics(topics);
      return existing;
    }
    const group = new Group(name, topics, () => this.#groups.delete(name));
    this.#groups.set(name, group);
    return group;
  }
}
