import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeenIdentities } from '../../src/evaluation/seen-identities.js';

it('says where each was first, as a map would', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 200 }), (identities) => {
      const [seen, map] = [new SeenIdentities(), new Map<string, number>()];
      for (const [i, identity] of identities.entries()) {
        expect(seen.seen(identity, i + 1)).toBe(map.get(identity));
        if (!map.has(identity)) map.set(identity, i + 1);
      }
    }),
  );
});

it('goes on doing so while it grows', () => {
  const seen = new SeenIdentities();
  for (let i = 1; i <= 50_000; i++) expect(seen.seen(`decision ${i}`, i)).toBeUndefined();
  for (let i = 1; i <= 50_000; i += 7) expect(seen.seen(`decision ${i}`, 60_000)).toBe(i);
});
