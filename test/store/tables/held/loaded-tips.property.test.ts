import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_TIP } from '../../../../src/projections/tip.js';
import type { TipEntry } from '../../../../src/store/tables/held/entries.js';
import { LoadedTips } from '../../../../src/store/tables/held/loaded-tips.js';

const tipId = fc.integer({ min: 0, max: 40 }).map((number) => `tip-${number}`);

function entryOf(tipId: string): TipEntry {
  return { tipId, tip: NO_TIP, savedTip: undefined, linked: false, unsaved: false, olderUnsaved: undefined, olderLoaded: undefined };
}

describe('LoadedTips', () => {
  it('finds what a map finds, few or many', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), tipId), { maxLength: 120 }), (steps) => {
        const [loaded, map] = [new LoadedTips(), new Map<string, TipEntry>()];
        for (const [isAdded, id] of steps) {
          expect(loaded.get(id)).toBe(map.get(id));
          if (!isAdded) expect(loaded.delete(id)).toBe(map.delete(id));
          else if (!map.has(id)) {
            const entry = entryOf(id);
            loaded.add(entry);
            map.set(id, entry);
          }
          expect(loaded.size).toBe(map.size);
        }
        for (const [id, entry] of map) expect(loaded.get(id)).toBe(entry);
        loaded.clear();
        expect([loaded.size, loaded.get('tip-0')]).toEqual([0, undefined]);
      }),
      { numRuns: 200 },
    );
  });
});
