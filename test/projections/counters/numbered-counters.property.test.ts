/** Numbered counters do what a map of the same names does, whichever names have numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterMap, decodeCounters } from '../../../src/projections/counters/counters.js';
import { CounterNumbers, NumberedCounters } from '../../../src/projections/counters/numbered-counters.js';
import { coreRegistry } from '../../../src/projections/registry.js';

const KNOWN_NAMES = coreRegistry.counterNames;
/** More than have numbers, so that some users count names without one. */
const name = fc.oneof(
  fc.constantFrom(...KNOWN_NAMES),
  fc.integer({ min: 0, max: 300 }).map((number) => `done_category:${number}`),
  fc.string({ unit: 'binary' }).map((category) => `done_category:${category}`),
);
const by = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger().filter(Number.isSafeInteger));
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), name, by }),
  fc.record({ do: fc.constant('set' as const), name, by: by.filter((count) => count !== 0) }),
  fc.record({ do: fc.constant('delete' as const), name, by }),
);

function apply(
  counters: CounterMap | NumberedCounters,
  steps: readonly { do: 'add' | 'set' | 'delete'; name: string; by: number }[],
): void {
  for (const { do: what, name, by } of steps)
    if (what === 'delete') counters.delete(name);
    else counters[what](name, by);
}

const sorted = (counters: Iterable<[string, number]>) => [...counters].sort(([a], [b]) => (a < b ? -1 : 1));

describe('NumberedCounters', () => {
  it('hold, copy, write and read what a map does', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 60 }), { minLength: 1, maxLength: 6 }), (users) => {
        const numbers = new CounterNumbers(KNOWN_NAMES);
        const held = users.map((steps) => {
          const [map, numbered] = [new CounterMap(), NumberedCounters.empty(numbers)];
          apply(map, steps);
          apply(numbered, steps);
          return { map, numbered, copy: numbered.copy() };
        });
        for (const { map, numbered, copy } of held) {
          expect(sorted(numbered)).toEqual(sorted(map));
          expect(numbered.size).toBe(map.size);
          for (const [name, count] of map) expect([numbered.get(name), numbered.has(name)]).toEqual([count, true]);
          expect(numbered.get('done_category:none of them')).toBeUndefined();
          const text = numbered.encode();
          expect(sorted(decodeCounters(text))).toEqual(sorted(map));
          // By the process that wrote it, by one that has met other names before, and as it was written by a map.
          for (const [of, written] of [
            [numbers, text],
            [new CounterNumbers([...KNOWN_NAMES].reverse()), text],
            [numbers, map.encode()],
          ] as const)
            expect(sorted(NumberedCounters.decode(of, written))).toEqual(sorted(map));
          apply(numbered, [{ do: 'add', name: 'served', by: 1 }]);
          expect(sorted(copy)).toEqual(sorted(map));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('refuse what is no list of names and counts, as a map does', () => {
    const numbers = new CounterNumbers(KNOWN_NAMES);
    for (const text of [
      '',
      '[',
      'null',
      '{}',
      '["known"]',
      '["known",1',
      '["known","1"]',
      '["known",1,]',
      '["known",1] ',
      ' []',
      '["known",-]',
      '["known",1]x',
      '[1,2]',
      '"known",1]',
      'x"known",1]',
      '["known",1e3]',
      '["known",01]',
      '["known",-01]',
      '["known",0]',
      '["known",1,]',
      '["known",1,"served"]',
      '["known",0123456789012345678]',
      '["served",1,"known",2]',
      '["known",1,"known",2]',
    ]) {
      const outcome = (read: () => Iterable<[string, number]>) => {
        try {
          return sorted(read());
        } catch (error) {
          return (error as Error).name;
        }
      };
      expect([text, outcome(() => NumberedCounters.decode(numbers, text))]).toEqual([text, outcome(() => decodeCounters(text))]);
    }
  });

  it('have numbers for all names that families say they add', () => {
    expect(KNOWN_NAMES).toContain('known');
    expect(KNOWN_NAMES).toContain('done_hour:23');
    expect(new Set(KNOWN_NAMES).size).toBe(KNOWN_NAMES.length);
  });
});

describe('the stored form of counters', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.integer({ min: 1 })), { maxLength: 8 }), (entries) => {
        const counters = new CounterMap(entries.map(([key, count]) => [`done_category:${key}`, count] as const));
        expect(decodeCounters(counters.encode())).toEqual(counters);
      }),
      { numRuns: 200 },
    );
  });
});
