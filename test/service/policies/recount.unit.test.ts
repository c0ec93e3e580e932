import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { inSlices } from '../../../src/service/policies/in-slices.js';
import { Recount } from '../../../src/service/policies/recount.js';

const PATIENT_MS = 60_000;
interface Begun {
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
  readonly end: (value: number) => void;
  readonly fail: (error: Error) => void;
}

/** Counts that end when the test says; the clock of `performance` is the test's, that of the wall stands still. */
function counting() {
  const begun: Begun[] = [];
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const recount = new Recount<number>(
    (paths, signal) =>
      new Promise((end, fail) => {
        begun.push({ paths, signal, end, fail });
        signal.addEventListener('abort', () => fail(signal.reason as Error));
      }),
    () => 1_000 + nowMs,
  );
  return { begun, recount, pass: (ms: number) => void (nowMs += ms) };
}
afterEach(() => void vi.restoreAllMocks());

describe('a count that takes long', () => {
  it('runs once for all who ask meanwhile, and for a while for all who ask later', async () => {
    const { begun, recount, pass } = counting();
    const asked = [recount.get(['a'], PATIENT_MS), recount.get(['a'], PATIENT_MS)];
    pass(10);
    begun[0]!.end(7);
    for (const one of asked) expect(await one).toMatchObject({ value: 7, countedAtMs: 1_000 });
    pass(999);
    expect(await recount.get(['a'], PATIENT_MS)).toMatchObject({ value: 7, countedAtMs: 1_000 });
    expect(begun).toHaveLength(1);
    pass(1);
    const again = recount.get(['a'], PATIENT_MS);
    begun[1]!.end(8);
    expect(await again).toMatchObject({ value: 8, countedAtMs: 2_010 });
  });

  it('is used the longer the longer it took', async () => {
    const { begun, recount, pass } = counting();
    const first = recount.get(['a'], PATIENT_MS);
    pass(3_000);
    begun[0]!.end(7);
    await first;
    pass(59_999);
    expect((await recount.get(['a'], PATIENT_MS)).value).toBe(7);
    pass(1);
    void recount.get(['a'], PATIENT_MS);
    expect(begun).toHaveLength(2);
  });

  it('keeps nobody waiting for longer than they like: they get the one before it, or are told to come again', async () => {
    const { begun, recount, pass } = counting();
    await expect(recount.get(['a'], 1)).rejects.toMatchObject({ code: 'not_ready', message: 'the decisions are still being counted' });
    begun[0]!.end(7);
    expect((await recount.get(['a'], PATIENT_MS)).value).toBe(7);
    pass(5_000);
    expect(await recount.get(['a'], 1)).toMatchObject({ value: 7, countedAtMs: 1_000 });
    expect(begun).toHaveLength(2);
    begun[1]!.end(8);
    await turn();
    expect((await recount.get(['a'], 1)).value).toBe(8);
  });

  it('of other files is another', async () => {
    const { begun, recount } = counting();
    const before = recount.get(['a'], PATIENT_MS);
    const after = recount.get(['a', 'b'], PATIENT_MS);
    expect(begun.map(({ paths }) => paths)).toEqual([['a'], ['a', 'b']]);
    begun[1]!.end(2);
    begun[0]!.end(1);
    expect([(await before).value, (await after).value]).toEqual([1, 2]);
    expect((await recount.get(['a', 'b'], PATIENT_MS)).value).toBe(2);
    expect(begun).toHaveLength(2);
  });

  it('that fails is tried again by the next who asks', async () => {
    const { begun, recount } = counting();
    const failed = recount.get(['a'], PATIENT_MS);
    begun[0]!.fail(new Error('no disk'));
    await expect(failed).rejects.toThrow('no disk');
    await turn();
    const next = recount.get(['a'], PATIENT_MS);
    begun[1]!.end(3);
    expect((await next).value).toBe(3);
  });

  it('ends when the service stops', async () => {
    const { begun, recount } = counting();
    const asked = recount.get(['a'], PATIENT_MS);
    recount.stop();
    expect(begun[0]!.signal.aborted).toBe(true);
    await expect(asked).rejects.toMatchObject({ code: 'not_ready', message: 'the service is stopping' });
  });
});

describe('work in slices', () => {
  it('lets others have their turn, and ends its source when it is called off', async () => {
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    let ended = false;
    function* items() {
      try {
        for (let i = 0; i < 1_000; i++) yield i;
      } finally {
        ended = true;
      }
    }
    const taken: number[] = [];
    let turns = 0;
    const caller = new AbortController();
    const look = (): void => {
      turns++;
      if (taken.length > 500) caller.abort(new Error('enough'));
      else setImmediate(look);
    };
    setImmediate(look);
    await expect(
      inSlices(items(), caller.signal, (item) => {
        taken.push(item);
        nowMs += 1;
      }),
    ).rejects.toThrow('enough');
    expect(turns).toBeGreaterThan(50);
    expect(taken.length).toBeLessThan(520);
    expect(ended).toBe(true);
  });
});
