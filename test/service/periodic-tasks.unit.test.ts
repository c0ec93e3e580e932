import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PeriodicTasks } from '../../src/service/periodic-tasks.js';

const lines: string[] = [];
const tasks = () => new PeriodicTasks(pino({ level: 'warn' }, { write: (line) => void lines.push(line) }));
beforeEach(() => {
  lines.length = 0;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

/** Counts its runs, each of which takes so long. */
function slow(ms: number): { runs: number; readonly work: () => Promise<void> } {
  const counted = { runs: 0, work: () => (counted.runs++, new Promise<void>((resolve) => setTimeout(resolve, ms))) };
  return counted;
}

it('work is done again and again, and never twice at once', async () => {
  const [quick, long] = [slow(10), slow(2_500)];
  const periodic = tasks();
  periodic.every(1_000, quick.work);
  periodic.every(1_000, long.work);
  await vi.advanceTimersByTimeAsync(9_900);
  expect([quick.runs, long.runs]).toEqual([9, 3]);
  periodic.stop();
  await vi.advanceTimersByTimeAsync(9_900);
  expect([quick.runs, long.runs]).toEqual([9, 3]);
});

it('work that is to rest takes no more than its share of the time', async () => {
  const [quick, long] = [slow(10), slow(2_500)];
  const periodic = tasks();
  periodic.every(1_000, quick.work, 20);
  periodic.every(1_000, long.work, 20);
  await vi.advanceTimersByTimeAsync(100_900);
  expect(quick.runs).toBe(100);
  // It begins with the first second, rests for 50 s after its 2.5, and begins again with the first second after that.
  expect(long.runs).toBe(2);
  periodic.stop();
});

it('a failure is said and tried again, but not after the end', async () => {
  let runs = 0;
  const periodic = tasks();
  periodic.every(1_000, () => (runs++, new Promise((_, reject) => setTimeout(() => reject(new Error(`run ${runs}`)), 500))));
  await vi.advanceTimersByTimeAsync(3_100);
  expect(runs).toBe(3);
  expect(lines.map((line) => (JSON.parse(line) as { err: { message: string } }).err.message)).toEqual(['run 1', 'run 2']);
  periodic.stop();
  await vi.advanceTimersByTimeAsync(3_100);
  expect([runs, lines.length]).toEqual([3, 2]);
});
