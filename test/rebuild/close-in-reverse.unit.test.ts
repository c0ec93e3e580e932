import { describe, expect, it } from 'vitest';
import { closingInReverse, type KeepOpen } from '../../src/rebuild/close-in-reverse.js';

describe('what is kept open for a work', () => {
  const closed: string[] = [];
  const named = (name: string, error?: Error) => ({
    close: () => {
      closed.push(name);
      if (error !== undefined) throw error;
    },
  });
  const run = (work: (keepOpen: KeepOpen) => Promise<unknown>) => {
    closed.length = 0;
    return closingInReverse(work);
  };

  it('is closed after it, the last one first', async () => {
    const result = await run(async (keepOpen) => {
      const first = keepOpen(named('first'));
      await Promise.resolve();
      keepOpen(named('second'));
      expect(closed).toEqual([]);
      return first;
    });
    expect(closed).toEqual(['second', 'first']);
    expect(result).toHaveProperty('close');
  });

  it('is closed when the work fails, as far as it came', async () => {
    const failing = run((keepOpen) => {
      keepOpen(named('first'));
      throw new Error('no second');
    });
    await expect(failing).rejects.toThrow('no second');
    expect(closed).toEqual(['first']);
  });

  it('is closed whatever closing another throws, which is thrown in the end', async () => {
    const failing = run((keepOpen) => {
      keepOpen(named('first', new Error('first does not close')));
      keepOpen(named('second', new Error('second does not close')));
      keepOpen(named('third'));
      return Promise.resolve();
    });
    await expect(failing).rejects.toThrow('second does not close');
    expect(closed).toEqual(['third', 'second', 'first']);
  });

  it('does not hide why the work failed', async () => {
    const failing = run((keepOpen) => {
      keepOpen(named('first', new Error('first does not close')));
      return Promise.reject(new Error('the work failed'));
    });
    await expect(failing).rejects.toThrow('the work failed');
    expect(closed).toEqual(['first']);
  });
});
