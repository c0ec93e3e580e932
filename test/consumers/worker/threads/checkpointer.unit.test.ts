import { EventEmitter } from 'node:events';
import type { Worker as Thread } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../../../src/consumers/worker/threads/checkpointer.js';

class FakeThread extends EventEmitter {
  readonly asked: unknown[] = [];
  postMessage(message: { readonly type: string }): void {
    this.asked.push(message);
    if (message.type === 'end') this.emit('exit', 0);
  }
  unref(): void {}
}

function checkpointer() {
  const threads: FakeThread[] = [];
  const said: string[] = [];
  const threadOn = () => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread as unknown as Thread;
  };
  return { threads, said, checkpoints: new Checkpointer(threadOn, (what) => said.push(what)) };
}

describe('Checkpointer', () => {
  it('says once that its thread died and what that means, and starts no other', () => {
    const { threads, said, checkpoints } = checkpointer();
    checkpoints.wrote('/none', 20_000);
    expect(threads[0]!.asked).toEqual([{ type: 'checkpoint', path: '/none' }]);
    threads[0]!.emit('error', new Error('out of memory'));
    threads[0]!.emit('exit', 1);
    checkpoints.wrote('/none', 200_000);
    expect(threads).toHaveLength(1);
    expect(said).toEqual([
      'the thread that copies write-ahead logs ended: out of memory; until the next start, a commit copies a log of 128 MiB or more, ' +
        'and its partition answers nothing while it does',
    ]);
  });

  it('says nothing of an end that it was told', async () => {
    const { said, checkpoints } = checkpointer();
    checkpoints.wrote('/none', 20_000);
    await checkpoints.close();
    expect(said).toEqual([]);
  });
});
