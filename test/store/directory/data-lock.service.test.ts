/** One owner at a time of a data directory, and a note that says who. */
import { rmSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TipstreamError } from '../../../src/errors.js';
import { dataOwner, lockData } from '../../../src/store/directory/data-lock.js';
import { newDirectory } from '../../support/embedded/directory.js';

function directory(): string {
  const path = newDirectory();
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('the lock on a data directory', () => {
  it('is held by one, who is named to the others, and free when given up', () => {
    const path = `${directory()}/not/made/yet`;
    const lock = lockData(path, 7);
    lock.publish('http://127.0.0.1:8080');
    expect(dataOwner(path)).toEqual({ pid: process.pid, started_at_ms: 7, http: 'http://127.0.0.1:8080' });
    let refusal: unknown;
    try {
      lockData(path, 8);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(TipstreamError);
    expect(refusal).toMatchObject({ code: 'data_in_use', retryable: true, details: { path } });
    expect((refusal as Error).message).toContain(`process ${process.pid}, which answers at http://127.0.0.1:8080`);
    lock.release();
    lock.release();
    expect(dataOwner(path)).toBeUndefined();
    lockData(path, 9).release();
  });

  it('has nothing to say of a directory that nobody runs', () => {
    expect(dataOwner(directory())).toBeUndefined();
  });
});
