/**
 * Whether a path still leads to the file that was opened by it. A file that is removed or replaced while it is open can be written
 * without an error, and everything written to it is gone when it is closed.
 */
import { statSync } from 'node:fs';

export class SameFile {
  readonly path: string;
  readonly #device: bigint;
  readonly #inode: bigint;

  /** To be made while the file is known to be the one that was opened. Throws ENOENT and the like. */
  constructor(path: string) {
    this.path = path;
    const { dev, ino } = statSync(path, { bigint: true });
    this.#device = dev;
    this.#inode = ino;
  }

  /** What has become of it; undefined: it is there. A file system that does not answer is no proof that it is gone. */
  get fate(): 'removed' | 'replaced' | undefined {
    try {
      const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
      if (found === undefined) return 'removed';
      return found.dev === this.#device && found.ino === this.#inode ? undefined : 'replaced';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'removed' : undefined;
    }
  }
}
