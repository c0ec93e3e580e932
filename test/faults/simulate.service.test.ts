import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/random.js';
import { REJECTION_CODES } from '../../src/events/rejection.js';
import { simulate } from './simulate.js';
import { replayable } from './seeds.js';
import { VirtualTime } from './virtual-time.js';
import { workload } from './workload.js';

describe('a seed', () => {
  it('decides everything: twice the same trace, another one another', async () => {
    const seeds = [3, 19, 135];
    const hashes: string[] = [];
    for (const seed of seeds) {
      const [once, again] = [await simulate(seed), await simulate(seed)];
      expect(again.trace).toEqual(once.trace);
      expect(again.hash).toBe(once.hash);
      hashes.push(once.hash);
    }
    expect(new Set(hashes).size).toBe(seeds.length);
  }, 300_000);

  it('that fails says how to see it alone, and what happened last', () => {
    const { message } = replayable({
      seed: 4711,
      hash: '',
      trace: ['one', 'two'],
      lives: 1,
      records: 1,
      passed: new Map(),
      failure: new Error('it did not hold'),
    });
    expect(message).toContain('npm run simulate:faults -- --seed 4711');
    expect(message).toContain('it did not hold');
    expect(message).toMatch(/one\ntwo$/);
  });
});

describe('workloads', () => {
  const works = Array.from({ length: 400 }, (_, seed) => workload(randomStream(seed, 'workload')));
  const produced = works.flatMap((work) => work.produced);

  it('hold every way to be refused, every topic and both sides of the window', () => {
    // There is no schema registry.
    const others = REJECTION_CODES.filter((code) => !['unknown_schema', 'unsupported_schema', 'bad_payload'].includes(code));
    expect(new Set(produced.flatMap(({ refused }) => refused ?? []))).toEqual(new Set(others));
    expect(new Set(produced.filter(({ refused }) => refused === undefined).map(({ record }) => record.topic))).toEqual(
      new Set(['tip.served', 'tip.feedback', 'tip.candidates', 'policy.control']),
    );
    expect(works.some(({ spanMs }) => spanMs > 100 * 86_400_000)).toBe(true);
  });

  it('are small, and a few are large', () => {
    const sizes = works.map((work) => work.produced.length).sort((a, b) => a - b);
    expect(sizes[200]).toBeLessThan(120);
    expect(sizes.at(-1)).toBeGreaterThan(300);
  });
});

describe('virtual time', () => {
  it('runs timers when it is told to, in the order in which they are due', async () => {
    const time = new VirtualTime(1_000);
    const ran: string[] = [];
    time.install();
    try {
      setTimeout(() => ran.push(`late ${time.now()}`), 50);
      const every = setInterval(() => ran.push(`every ${time.now()}`), 20);
      setTimeout(() => ran.push(`early ${time.now()}`), 5).unref();
      clearTimeout(setTimeout(() => ran.push('never'), 1));
      await time.turn(45);
      expect(ran).toEqual(['early 1005', 'every 1020', 'every 1040']);
      time.jump(-500);
      await time.turn(10);
      clearInterval(every);
      await time.turn(100);
      expect(ran.slice(3)).toEqual(['late 550']);
      const startedMs = performance.now();
      void delay(3_600_000, 'an hour').then((said) => ran.push(String(said)));
      await expect(delay(5, undefined, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
      await time.turn(3_600_000);
      await time.turn(1);
      expect(ran.at(-1)).toBe('an hour');
      expect(performance.now() - startedMs).toBe(3_600_001);
    } finally {
      time.uninstall();
    }
    expect(setTimeout.name).toBe('setTimeout');
  });
});
